/**
 * What a connection is about to send. Frames are written one after the other into lent buffers, large payloads go by reference, and everything of a
 * loop turn leaves as one write (N8, P12). While the peer reads too slowly nothing is handed down; what then piles up is bounded by the owner.
 */
import type { BufferPool } from '../base/buffer-pool.js';
import type { ByteConnection } from '../base/byte-connection.js';
import { ByteSink } from '../base/byte-sink.js';
import type { HpackEncoder } from '../hpack/hpack-encoder.js';
import { Flag, FRAME_BYTES_DEFAULT, FRAME_HEADER_BYTES, FrameType, writeFrameHeader, writeU32 } from './frame.js';

const EMPTY = new Uint8Array(0);
/** Payloads up to this size are copied between the frame headers: cheaper than another chunk for the system call (measured on Node 20). */
const COPY_BYTES_MAX = 4096;
/** Room that is wanted in a buffer before a header block, so that the common ones need no copy. */
const HEADER_BLOCK_ROOM = 1024;

/** The outgoing bytes of one connection. */
export class Output {
  readonly #connection: ByteConnection;
  readonly #pool: BufferPool;
  readonly #sink = new ByteSink(EMPTY);
  /** Start in the sink of what is not in `chunks` yet. */
  #start = 0;
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  /** Buffers that `chunks` are views of. */
  #used: Uint8Array[] = [];
  /** The connection kept the last write for longer than the call: small ones are copied then, so that the lent buffer is free at once. */
  #isLingering = false;
  #isBlocked = false;

  constructor(connection: ByteConnection, pool: BufferPool) {
    this.#connection = connection;
    this.#pool = pool;
  }

  /** Bytes that wait for `flush`. */
  get pendingBytes(): number {
    return this.#chunkBytes + this.#sink.length - this.#start;
  }

  /** True from a write that went above the connection's mark until it has drained. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  onDrain(): void {
    this.#isBlocked = false;
  }

  /** Hands all that waits to the connection, unless it is blocked. */
  flush(): void {
    if (this.#isBlocked || this.pendingBytes === 0) return;
    const connection = this.#connection;
    const { bytes, length } = this.#sink;
    if (this.#chunks.length > 0) {
      this.#cut();
      this.#isBlocked = !connection.writeAll(this.#chunks);
      this.#chunks = [];
      this.#chunkBytes = 0;
      this.#release(connection.queuedBytes === 0);
      return;
    }
    const isCopied = this.#isLingering && length - this.#start <= COPY_BYTES_MAX;
    const last = isCopied ? bytes.slice(this.#start, length) : bytes.subarray(this.#start, length);
    this.#isBlocked = !connection.write(last);
    this.#isLingering = connection.queuedBytes > 0;
    this.#release(isCopied || !this.#isLingering);
  }

  /** Drops everything. */
  clear(): void {
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#used = [];
    this.#sink.bytes = EMPTY;
    this.#sink.length = 0;
    this.#start = 0;
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#sink.append(bytes);
  }

  /** A DATA frame of `bytes[start, end)`, which must stay untouched until sent. */
  data(streamId: number, bytes: Uint8Array, start: number, end: number, isEnd: boolean): void {
    const length = end - start;
    const isCopied = length <= COPY_BYTES_MAX;
    this.#frame(FrameType.data, isEnd ? Flag.endStream : 0, streamId, length, isCopied ? length : 0);
    if (length === 0) return;
    const payload = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    if (isCopied) {
      this.#sink.bytes.set(payload, this.#sink.length);
      this.#sink.length += length;
      return;
    }
    this.#cut();
    this.#chunks.push(payload);
    this.#chunkBytes += length;
  }

  /** HEADERS, with CONTINUATION frames where the block is longer than every peer takes in one. */
  headers(streamId: number, list: readonly string[], isEnd: boolean, encoder: HpackEncoder): void {
    const sink = this.#sink;
    this.#room(HEADER_BLOCK_ROOM);
    const at = sink.length;
    sink.length += FRAME_HEADER_BYTES;
    encoder.encode(list, sink);
    const blockBytes = sink.length - at - FRAME_HEADER_BYTES;
    const endStream = isEnd ? Flag.endStream : 0;
    if (blockBytes <= FRAME_BYTES_DEFAULT) {
      writeFrameHeader(sink.bytes, at, blockBytes, FrameType.headers, endStream | Flag.endHeaders, streamId);
      return;
    }
    const block = sink.bytes.slice(at + FRAME_HEADER_BYTES, sink.length);
    sink.length = at;
    for (let start = 0; start < blockBytes; start += FRAME_BYTES_DEFAULT) {
      const end = Math.min(blockBytes, start + FRAME_BYTES_DEFAULT);
      const type = start === 0 ? FrameType.headers : FrameType.continuation;
      const flags = (start === 0 ? endStream : 0) | (end === blockBytes ? Flag.endHeaders : 0);
      this.#frame(type, flags, streamId, end - start, end - start);
      sink.append(block.subarray(start, end));
    }
  }

  resetStream(streamId: number, code: number): void {
    this.#wordFrame(FrameType.rstStream, streamId, code);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.#wordFrame(FrameType.windowUpdate, streamId, increment);
  }

  /** `payload` holds id and value of each setting (6 bytes each). */
  settings(payload: Uint8Array, isAck: boolean): void {
    this.#frame(FrameType.settings, isAck ? Flag.ack : 0, 0, payload.length, payload.length);
    this.#sink.append(payload);
  }

  ping(opaque: Uint8Array, isAck: boolean): void {
    this.#frame(FrameType.ping, isAck ? Flag.ack : 0, 0, opaque.length, opaque.length);
    this.#sink.append(opaque);
  }

  goAway(lastStreamId: number, code: number, debug: Uint8Array): void {
    this.#frame(FrameType.goAway, 0, 0, 8 + debug.length, 8 + debug.length);
    const { bytes, length } = this.#sink;
    writeU32(bytes, length, lastStreamId);
    writeU32(bytes, length + 4, code);
    this.#sink.length = length + 8;
    this.#sink.append(debug);
  }

  #wordFrame(type: number, streamId: number, word: number): void {
    this.#frame(type, 0, streamId, 4, 4);
    writeU32(this.#sink.bytes, this.#sink.length, word);
    this.#sink.length += 4;
  }

  /** Writes a frame's header with room for `payloadRoom` bytes behind it. */
  #frame(type: number, flags: number, streamId: number, payloadBytes: number, payloadRoom: number): void {
    this.#room(FRAME_HEADER_BYTES + payloadRoom);
    writeFrameHeader(this.#sink.bytes, this.#sink.length, payloadBytes, type, flags, streamId);
    this.#sink.length += FRAME_HEADER_BYTES;
  }

  /** Sees to it that `byteCount` more bytes fit into the sink; takes another buffer instead of moving what is written. */
  #room(byteCount: number): void {
    const sink = this.#sink;
    if (sink.bytes.length - sink.length >= byteCount) return;
    this.#cut();
    if (sink.bytes.length > 0) this.#used.push(sink.bytes);
    sink.bytes = this.#pool.take();
    sink.length = 0;
    this.#start = 0;
    sink.reserve(byteCount);
  }

  /** Moves what is in the sink to the chunks. */
  #cut(): void {
    const { bytes, length } = this.#sink;
    if (length === this.#start) return;
    this.#chunks.push(bytes.subarray(this.#start, length));
    this.#chunkBytes += length - this.#start;
    this.#start = length;
  }

  /** After a write: lent buffers go back to the pool if the connection has none of their bytes, else they are the garbage collector's. */
  #release(isFree: boolean): void {
    const sink = this.#sink;
    if (isFree) {
      this.#pool.give(sink.bytes);
      for (const bytes of this.#used) this.#pool.give(bytes);
    }
    if (this.#used.length > 0) this.#used = [];
    sink.bytes = EMPTY;
    sink.length = 0;
    this.#start = 0;
  }
}
