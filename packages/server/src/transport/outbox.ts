/**
 * What waits to be sent to one peer. Records are encoded in place, into frames of the batch type, so a message is copied once; a turn's records fill one
 * frame unless they are many (P12). Bytes are counted against a cap (N8): above it, records are refused, never waited for.
 */
import { writeU32 } from '@kvorum/core/base/bytes.js';
import { FRAME_BYTES_MAX, FRAME_HEADER_BYTES, FrameType, sealFrame } from './frame.js';
import { allocateBytes } from './wire.js';

/** A batch frame is closed at this size, so that the peer can start on it. A record that is larger gets a frame of its own. */
export const BATCH_FRAME_BYTES = 64 * 1024;

/** Before each record: u32 length of the body, u8 kind. */
export const RECORD_HEADER_BYTES = 5;

/** Room above the cap for what is small and keeps the cluster together: heartbeats, votes, acknowledgements, answers. */
export const CONTROL_RESERVE_BYTES = 1024 * 1024;

/** Where full frames go. Bytes must stay untouched until `queuedBytes` is 0 again or the sink is gone. */
export interface OutboxSink {
  /** False: wait for the drain. */
  write(bytes: Uint8Array): boolean;
  readonly queuedBytes: number;
}

/** One outbox per connection. */
export class Outbox {
  /** The frame being filled; {@link reserve} says where. */
  frame: Uint8Array = allocateBytes(BATCH_FRAME_BYTES);
  readonly #sink: OutboxSink;
  readonly #queueBytesMax: number;
  #end = FRAME_HEADER_BYTES;
  #sealed: Uint8Array[] = [];
  #sealedBytes = 0;
  /** The last frame given to the sink; it may be filled again once the sink has sent everything. */
  #sent: Uint8Array | undefined;
  #isBlocked = false;

  constructor(sink: OutboxSink, queueBytesMax: number) {
    this.#sink = sink;
    this.#queueBytesMax = queueBytesMax;
  }

  /** Bytes not yet taken by the system. */
  get queuedBytes(): number {
    return this.#sealedBytes + this.#end - FRAME_HEADER_BYTES + this.#sink.queuedBytes;
  }

  /**
   * Makes room for a record: its body goes to `frame[at, at + bodyBytes)`, where `at` is the result, before anything else is called. -1: refused, the queue is
   * full or the record above the frame limit.
   */
  reserve(kind: number, bodyBytes: number, isControl: boolean): number {
    const size = RECORD_HEADER_BYTES + bodyBytes;
    if (size > FRAME_BYTES_MAX - FRAME_HEADER_BYTES) return -1;
    const limit = isControl ? this.#queueBytesMax + CONTROL_RESERVE_BYTES : this.#queueBytesMax;
    if (this.queuedBytes + size > limit) return -1;
    if (this.#end + size > this.frame.length) this.#startFrame(FRAME_HEADER_BYTES + size);
    const at = this.#end;
    writeU32(this.frame, at, bodyBytes);
    this.frame[at + 4] = kind;
    this.#end = at + size;
    return at + RECORD_HEADER_BYTES;
  }

  /** Gives everything to the sink, as far as it takes it. Returns the number of frames given. */
  flush(): number {
    if (this.#isBlocked) return 0;
    this.#seal();
    let given = 0;
    for (const frame of this.#sealed) {
      given += 1;
      this.#sealedBytes -= frame.length;
      this.#sent = frame;
      this.#isBlocked = !this.#sink.write(frame);
      if (this.#isBlocked) break;
    }
    this.#sealed = given === this.#sealed.length ? [] : this.#sealed.slice(given);
    return given;
  }

  /** The sink takes bytes again. */
  onDrain(): void {
    this.#isBlocked = false;
  }

  #startFrame(bytes: number): void {
    this.#seal();
    if (this.frame.length < bytes) this.frame = allocateBytes(bytes);
  }

  /** Closes the frame being filled, if it holds anything, and puts an empty one in its place. */
  #seal(): void {
    if (this.#end === FRAME_HEADER_BYTES) return;
    sealFrame(this.frame, FrameType.batch, this.#end);
    this.#sealed.push(this.frame.subarray(0, this.#end));
    this.#sealedBytes += this.#end;
    this.#end = FRAME_HEADER_BYTES;
    this.frame = this.#takeSent() ?? allocateBytes(BATCH_FRAME_BYTES);
  }

  #takeSent(): Uint8Array | undefined {
    const sent = this.#sent;
    if (sent === undefined || this.#sink.queuedBytes > 0) return undefined;
    this.#sent = undefined;
    return sent.buffer.byteLength === BATCH_FRAME_BYTES ? new Uint8Array(sent.buffer) : undefined;
  }
}
