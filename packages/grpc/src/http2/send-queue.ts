/**
 * Data that is to be sent, under both windows (RFC 9113 section 5.2): a ring of the streams that have data and window, each of which gets one frame per
 * round, so that a large answer never holds up small ones. Headers and control frames don't come here.
 */
import { WINDOW_BYTES_DEFAULT, WINDOW_BYTES_LIMIT } from './frame.js';
import type { Http2Limits } from './http2-options.js';
import type { Output } from './output.js';
import type { Stream } from './stream.js';

/** Largest DATA frame that is sent, whatever the peer takes: more would make other streams wait. */
const DATA_FRAME_BYTES_MAX = 64 * 1024;
/** Data goes past the queue while less than this waits in the output. */
const DIRECT_BYTES_MAX = 256 * 1024;

const NOTHING = new Uint8Array(0);
const NONE: readonly Stream[] = [];

/** Told when the queue has given out a stream's last byte. */
export interface SendQueueOwner {
  /** Data of the stream is all written, and its END_STREAM with it unless trailers wait. */
  onQueueEmpty(stream: Stream): void;
  /** A frame of data has been written. */
  onDataSent(): void;
}

/** One connection's queue. */
export class SendQueue {
  readonly #output: Output;
  readonly #limits: Http2Limits;
  readonly #owner: SendQueueOwner;
  #windowBytes = WINDOW_BYTES_DEFAULT;
  #frameBytesMax: number;
  #queuedBytes = 0;
  /** A ring; the head sends next. */
  #head: Stream | undefined;
  #waiting: Stream[] = [];

  constructor(output: Output, limits: Http2Limits, frameBytesMax: number, owner: SendQueueOwner) {
    this.#output = output;
    this.#limits = limits;
    this.#frameBytesMax = frameBytesMax;
    this.#owner = owner;
  }

  /** Bytes that wait, of all streams. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get canSend(): boolean {
    return this.#head !== undefined && this.#windowBytes > 0;
  }

  setFrameBytesMax(frameBytesMax: number): void {
    this.#frameBytesMax = Math.min(frameBytesMax, DATA_FRAME_BYTES_MAX);
  }

  /** WINDOW_UPDATE of the connection; false when the window gets too large. */
  growConnection(increment: number): boolean {
    this.#windowBytes += increment;
    return this.#windowBytes <= WINDOW_BYTES_LIMIT;
  }

  /** WINDOW_UPDATE of a stream, or a new initial window (may be negative); false when the window gets too large. */
  growStream(stream: Stream, increment: number): boolean {
    stream.sendWindowBytes += increment;
    if (stream.sendWindowBytes > WINDOW_BYTES_LIMIT) return false;
    if (stream.queuedBytes === 0) return true;
    if (stream.sendWindowBytes > 0) this.#enter(stream);
    else this.#leave(stream);
    return true;
  }

  /** Whether the stream may queue `byteCount` more without going above the limit of the connection. */
  mayQueue(stream: Stream, byteCount: number): boolean {
    const others = this.#queuedBytes - stream.queuedBytes;
    return others === 0 || this.#queuedBytes + byteCount <= this.#limits.connectionSendBytesMax;
  }

  /** Writes at once what is allowed to go past the queue: nothing waits and all windows have room. */
  sendDirectly(stream: Stream, bytes: Uint8Array, end: boolean): boolean {
    const { length } = bytes;
    if (stream.queuedBytes > 0) return false;
    if (length === 0 && !end) return true;
    if (length > 0) {
      if (this.#head !== undefined || length > this.#frameBytesMax) return false;
      if (length > stream.sendWindowBytes || length > this.#windowBytes) return false;
      if (this.#output.isBlocked || this.#output.pendingBytes > DIRECT_BYTES_MAX) return false;
      stream.sendWindowBytes -= length;
      this.#windowBytes -= length;
    }
    this.#output.data(stream.id, bytes, 0, length, end);
    this.#owner.onDataSent();
    return true;
  }

  /** Queues data. False: above a mark; the stream is then found by {@link SendQueue.takeWritable} later. */
  add(stream: Stream, bytes: Uint8Array): boolean {
    if (stream.queue === undefined) {
      stream.queue = [];
      stream.queueHead = 0;
    }
    stream.queue.push(bytes);
    stream.queuedBytes += bytes.length;
    this.#queuedBytes += bytes.length;
    if (stream.sendWindowBytes > 0) this.#enter(stream);
    if (this.#isBelow(stream, 1)) return true;
    if (!stream.wantsWritable) {
      stream.wantsWritable = true;
      this.#waiting.push(stream);
    }
    return false;
  }

  /** Drops what a stream has queued. */
  drop(stream: Stream): void {
    this.#leave(stream);
    this.#queuedBytes -= stream.queuedBytes;
    stream.queuedBytes = 0;
    stream.queue = undefined;
    stream.trailers = undefined;
    if (stream.wantsWritable) {
      stream.wantsWritable = false;
      this.#waiting = this.#waiting.filter((each) => each !== stream);
    }
  }

  /** Writes frames, one stream after the other, until `byteCount` is reached or nothing may be sent. */
  pump(byteCount: number): void {
    let sent = 0;
    while (sent < byteCount && this.#windowBytes > 0 && this.#head !== undefined) sent += this.#sendFrame(this.#head);
  }

  /**
   * Streams that were answered false and may go on. Others may keep the connection above its mark for ever: a stream that has sent all of its own goes
   * on all the same, or it would starve beside them; one at a time where not much is left to the limit.
   */
  takeWritable(): readonly Stream[] {
    if (this.#waiting.length === 0) return NONE;
    let turns = this.#queuedBytes * 2 <= this.#limits.connectionSendBytesMax ? this.#waiting.length : 1;
    const writable = this.#waiting.filter((stream) => {
      if (this.#isBelow(stream, 2)) return true;
      if (stream.queuedBytes > 0 || turns === 0) return false;
      turns -= 1;
      return true;
    });
    if (writable.length === 0) return NONE;
    this.#waiting = this.#waiting.filter((stream) => !writable.includes(stream));
    for (const stream of writable) stream.wantsWritable = false;
    return writable;
  }

  /** Below the marks, or below half of them. */
  #isBelow(stream: Stream, part: number): boolean {
    const { streamSendBytesHigh, connectionSendBytesHigh } = this.#limits;
    return (
      stream.queuedBytes * part <= streamSendBytesHigh &&
      (this.#queuedBytes * part <= connectionSendBytesHigh || this.#queuedBytes === stream.queuedBytes)
    );
  }

  #sendFrame(stream: Stream): number {
    const bytes = stream.queue?.[stream.queueHead] ?? NOTHING;
    const start = stream.queueOffset;
    const length = Math.min(bytes.length - start, stream.sendWindowBytes, this.#windowBytes, this.#frameBytesMax);
    stream.sendWindowBytes -= length;
    this.#windowBytes -= length;
    this.#queuedBytes -= length;
    stream.queuedBytes -= length;
    stream.stalledLooks = 0;
    const isEmpty = stream.queuedBytes === 0;
    const isEnd = isEmpty && stream.isEnding && stream.trailers === undefined;
    this.#output.data(stream.id, bytes, start, start + length, isEnd);
    if (start + length === bytes.length) this.#dropFirst(stream);
    else stream.queueOffset += length;
    this.#head = stream.nextReady;
    if (isEmpty || stream.sendWindowBytes <= 0) this.#leave(stream);
    this.#owner.onDataSent();
    if (isEmpty) this.#owner.onQueueEmpty(stream);
    return length;
  }

  #dropFirst(stream: Stream): void {
    stream.queueOffset = 0;
    stream.queueHead += 1;
    const { queue, queueHead } = stream;
    if (queue === undefined) return;
    if (queueHead === queue.length) {
      stream.queue = undefined;
      stream.queueHead = 0;
    } else if (queueHead >= 64 && queueHead * 2 >= queue.length) {
      queue.splice(0, queueHead);
      stream.queueHead = 0;
    } else {
      queue[queueHead - 1] = NOTHING;
    }
  }

  /** Puts a stream at the end of the ring. */
  #enter(stream: Stream): void {
    if (stream.nextReady !== undefined) return;
    const head = this.#head;
    if (head === undefined) {
      stream.nextReady = stream;
      stream.previousReady = stream;
      this.#head = stream;
      return;
    }
    const last = head.previousReady ?? head;
    last.nextReady = stream;
    stream.previousReady = last;
    stream.nextReady = head;
    head.previousReady = stream;
  }

  #leave(stream: Stream): void {
    const { nextReady: next, previousReady: previous } = stream;
    if (next === undefined || previous === undefined) return;
    previous.nextReady = next;
    next.previousReady = previous;
    if (this.#head === stream) this.#head = next === stream ? undefined : next;
    stream.nextReady = undefined;
    stream.previousReady = undefined;
  }
}
