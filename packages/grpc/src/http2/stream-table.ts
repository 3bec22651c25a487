/** The streams of a connection: what the layer above asks of them, how they end, and who has to be told of it. */
import type { HeaderList } from '../base/header-list.js';
import type { HpackEncoder } from '../hpack/hpack-encoder.js';
import { ClosedStreams, Closing } from './closed-streams.js';
import { ErrorCode, StreamClosed } from './error-code.js';
import type { StreamHandler } from './http2-stream.js';
import type { Http2Limits } from './http2-options.js';
import type { Output } from './output.js';
import { ReceiveWindow } from './receive-window.js';
import { SendQueue } from './send-queue.js';
import type { PeerSettings } from './settings.js';
import { Stream } from './stream.js';

/** What the table needs of its connection. */
export interface StreamTableOwner {
  readonly encoder: HpackEncoder;
  readonly roundTripMs: number;
  nowMs(): number;
  /** Something is to be sent or told at the end of this turn. */
  schedule(): void;
  /** A frame of data went out. */
  onDataSent(): void;
}

/** Streams and windows of one connection. */
export class StreamTable {
  readonly queue: SendQueue;
  readonly closed = new ClosedStreams();
  readonly #owner: StreamTableOwner;
  readonly #output: Output;
  readonly #limits: Http2Limits;
  readonly #peer: PeerSettings;
  readonly #streams = new Map<number, Stream>();
  readonly #window: ReceiveWindow;
  /** Streams that are closed and whose handlers were not told. */
  #ended: Stream[] = [];

  constructor(owner: StreamTableOwner, output: Output, limits: Http2Limits, peer: PeerSettings) {
    this.#owner = owner;
    this.#output = output;
    this.#limits = limits;
    this.#peer = peer;
    this.#window = new ReceiveWindow(limits.connectionWindowBytes, owner.nowMs());
    this.queue = new SendQueue(output, limits, peer.frameBytesMax, {
      onQueueEmpty: (stream) => this.#onQueueEmpty(stream),
      onDataSent: () => owner.onDataSent(),
    });
  }

  get size(): number {
    return this.#streams.size;
  }

  get(streamId: number): Stream | undefined {
    return this.#streams.get(streamId);
  }

  all(): Stream[] {
    return [...this.#streams.values()];
  }

  open(streamId: number, handler: StreamHandler | undefined): Stream {
    const stream = new Stream(streamId, this, this.#peer.initialWindowBytes, handler);
    this.#streams.set(streamId, stream);
    return stream;
  }

  // What the layer above asks for.

  sendHeaders(stream: Stream, headers: HeaderList, end: boolean): void {
    if (stream.isClosed || stream.isEnding) return;
    this.#owner.schedule();
    stream.isEnding = end;
    if (stream.queuedBytes > 0) {
      stream.trailers = headers;
      return;
    }
    this.#output.headers(stream.id, headers, end, this.#owner.encoder);
    if (end) this.#onLocalEnd(stream);
  }

  sendData(stream: Stream, bytes: Uint8Array, end: boolean): boolean {
    if (stream.isClosed || stream.isEnding) return false;
    this.#owner.schedule();
    if (this.queue.sendDirectly(stream, bytes, end)) {
      stream.isEnding = end;
      if (end) this.#onLocalEnd(stream);
      return true;
    }
    stream.isEnding = end;
    if (bytes.length === 0) return !stream.wantsWritable;
    if (this.queue.mayQueue(stream, bytes.length)) return this.queue.add(stream, bytes);
    const message = 'too much waits to be sent on this connection';
    this.resetStream(stream, new StreamClosed(ErrorCode.enhanceYourCalm, message, { limit: 'connectionSendBytesMax' }));
    return false;
  }

  consumed(stream: Stream, byteCount: number): void {
    if (stream.isClosed) return;
    const bytes = Math.min(byteCount, stream.unconsumedBytes);
    stream.unconsumedBytes -= bytes;
    this.giveBack(bytes);
    const window = stream.receiveWindow;
    if (window === undefined || stream.isRemoteEnded || !window.consume(bytes)) return;
    const { nowMs, bytesMax } = { nowMs: this.#owner.nowMs(), bytesMax: this.#limits.streamWindowBytesMax };
    this.#output.windowUpdate(stream.id, window.takeIncrement(nowMs, this.#owner.roundTripMs, bytesMax));
    this.#owner.schedule();
  }

  reset(stream: Stream, code: ErrorCode): void {
    if (stream.isClosed) return;
    if (code === ErrorCode.noError && stream.isEnding && !stream.isLocalEnded) {
      stream.isResetAfterEnd = true;
      return;
    }
    const isDone = code === ErrorCode.noError && stream.isLocalEnded;
    this.resetStream(stream, isDone ? undefined : new StreamClosed(code, 'reset by this side'), code);
  }

  // What the connection does.

  /** DATA of `byteCount` bytes has come, for whatever stream; false when the connection's window is exceeded. */
  receive(byteCount: number): boolean {
    return this.#window.receive(byteCount);
  }

  /** The same for its stream. */
  receiveOnStream(stream: Stream, byteCount: number, isLast: boolean): boolean {
    if (stream.receiveWindow === undefined) {
      if (isLast) return byteCount <= this.#limits.streamWindowBytes;
      stream.receiveWindow = new ReceiveWindow(this.#limits.streamWindowBytes, this.#owner.nowMs());
    }
    return stream.receiveWindow.receive(byteCount);
  }

  /** Gives window of the connection back. */
  giveBack(byteCount: number): void {
    if (byteCount === 0 || !this.#window.consume(byteCount)) return;
    const { nowMs, bytesMax } = { nowMs: this.#owner.nowMs(), bytesMax: this.#limits.connectionWindowBytesMax };
    this.#output.windowUpdate(0, this.#window.takeIncrement(nowMs, this.#owner.roundTripMs, bytesMax));
    this.#owner.schedule();
  }

  /** After the peer's END_STREAM has been told: closes the stream if ours is out, too. */
  onRemoteEnd(stream: Stream): void {
    if (stream.isLocalEnded && !stream.isClosed) this.close(stream, undefined, Closing.ended);
  }

  /** RST_STREAM, and the end of the stream. */
  resetStream(
    stream: Stream,
    error: StreamClosed | undefined,
    code: ErrorCode = error?.code ?? ErrorCode.noError,
  ): void {
    this.#output.resetStream(stream.id, code);
    this.close(stream, error, Closing.resetByUs);
  }

  close(stream: Stream, error: StreamClosed | undefined, closing: number): void {
    if (stream.isClosed) return;
    stream.isClosed = true;
    this.#streams.delete(stream.id);
    this.closed.add(stream.id, closing);
    this.queue.drop(stream);
    this.giveBack(stream.unconsumedBytes);
    stream.closeError = error;
    this.#ended.push(stream);
    this.#owner.schedule();
  }

  closeAll(error: (stream: Stream) => StreamClosed): void {
    for (const stream of this.all()) this.close(stream, error(stream), Closing.resetByUs);
  }

  get hasNews(): boolean {
    return this.#ended.length > 0;
  }

  /** Tells handlers what happened to their streams. They may call anything. */
  tell(): void {
    while (this.#ended.length > 0) {
      const ended = this.#ended;
      this.#ended = [];
      for (const stream of ended) stream.handler?.onClose(stream.closeError);
    }
    for (const stream of this.queue.takeWritable()) {
      if (!stream.isClosed) stream.handler?.onWritable();
    }
  }

  /** Resets streams whose data has not moved since the look before the last one. */
  resetStalled(): void {
    for (const stream of this.all()) {
      if (stream.queuedBytes === 0) continue;
      stream.stalledLooks += 1;
      if (stream.stalledLooks <= 2) continue;
      const message = 'the peer gave no window for too long';
      this.resetStream(stream, new StreamClosed(ErrorCode.cancel, message, { limit: 'stallTimeoutMs' }));
    }
  }

  #onQueueEmpty(stream: Stream): void {
    if (!stream.isEnding) return;
    const { trailers } = stream;
    stream.trailers = undefined;
    if (trailers !== undefined) this.#output.headers(stream.id, trailers, true, this.#owner.encoder);
    this.#onLocalEnd(stream);
  }

  #onLocalEnd(stream: Stream): void {
    stream.isLocalEnded = true;
    if (stream.isRemoteEnded) this.close(stream, undefined, Closing.ended);
    else if (stream.isResetAfterEnd) this.resetStream(stream, undefined);
  }
}
