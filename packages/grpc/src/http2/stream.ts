/** State of one stream (RFC 9113 section 5.1). Plain data for the parts of a connection; the layer above sees it as an {@link Http2Stream}. */
import type { HeaderList } from '../base/header-list.js';
import type { ErrorCode, StreamClosed } from './error-code.js';
import type { Http2Stream, StreamHandler } from './http2-stream.js';
import type { ReceiveWindow } from './receive-window.js';

/** The connection, as its streams call it. */
export interface StreamOwner {
  sendHeaders(stream: Stream, headers: HeaderList, end: boolean): void;
  sendData(stream: Stream, bytes: Uint8Array, end: boolean): boolean;
  consumed(stream: Stream, byteCount: number): void;
  reset(stream: Stream, code: ErrorCode): void;
}

/** One stream; made when its HEADERS come or go, so `idle` has no object. */
export class Stream implements Http2Stream {
  readonly id: number;
  readonly #owner: StreamOwner;
  handler: StreamHandler | undefined;

  /** The peer has sent its END_STREAM. */
  isRemoteEnded = false;
  /** Our END_STREAM has been written. */
  isLocalEnded = false;
  /** Our END_STREAM has been asked for; it may wait behind queued data. */
  isEnding = false;
  isClosed = false;
  /** What `onClose` is told. */
  closeError: StreamClosed | undefined = undefined;

  /** Headers other than 1xx and trailers have come. */
  hasHeaders = false;
  /** Client: the request was HEAD, so that its response has no body. */
  isHead = false;
  /** Of what comes in; -1 without one. */
  contentLength = -1;
  receivedBytes = 0;
  /** Bytes that the layer above has and is not done with. */
  unconsumedBytes = 0;
  /** Made with the first DATA frame that is not the last. */
  receiveWindow: ReceiveWindow | undefined = undefined;

  /** What the peer lets us send; negative after it has lowered its setting. */
  sendWindowBytes: number;
  /** What waits for window, from `queueHead` on; of the first one `queueOffset` bytes are sent. */
  queue: Uint8Array[] | undefined = undefined;
  queueHead = 0;
  queueOffset = 0;
  queuedBytes = 0;
  /** Trailers that wait behind the queue. */
  trailers: HeaderList | undefined = undefined;
  /** RST_STREAM(NO_ERROR) was asked for while our end still waits. */
  isResetAfterEnd = false;
  /** `sendData` has answered false. */
  wantsWritable = false;
  /** Looks of the stall timer since the last progress. */
  stalledLooks = 0;
  /** Neighbours in the ring of streams that can send. */
  nextReady: Stream | undefined = undefined;
  previousReady: Stream | undefined = undefined;

  constructor(id: number, owner: StreamOwner, sendWindowBytes: number, handler: StreamHandler | undefined) {
    this.id = id;
    this.#owner = owner;
    this.sendWindowBytes = sendWindowBytes;
    this.handler = handler;
  }

  sendHeaders(headers: HeaderList, end: boolean): void {
    this.#owner.sendHeaders(this, headers, end);
  }

  sendData(bytes: Uint8Array, end: boolean): boolean {
    return this.#owner.sendData(this, bytes, end);
  }

  consumed(byteCount: number): void {
    this.#owner.consumed(this, byteCount);
  }

  reset(code: ErrorCode): void {
    this.#owner.reset(this, code);
  }
}
