/** A stream as the layer above sees it, in both roles. Types only. */
import type { HeaderList } from '../base/header-list.js';
import type { ErrorCode, StreamClosed } from './error-code.js';

/** One stream. Calls on a closed one do nothing. None of them calls the handler before it returns. */
export interface Http2Stream {
  readonly id: number;
  /**
   * The response's headers (server) or trailers. After `end` nothing more may be sent. Trailers wait behind data that is still queued.
   */
  sendHeaders(headers: HeaderList, end: boolean): void;
  /** `bytes` must stay untouched until sent. False: above the send high-water mark, `onWritable` follows. */
  sendData(bytes: Uint8Array, end: boolean): boolean;
  /** Gives back window for bytes that came by `onData` and are done with. Not calling it is the back-pressure. */
  consumed(byteCount: number): void;
  /** RST_STREAM; what is queued is dropped. `onClose` follows at the end of the turn. */
  reset(code: ErrorCode): void;
}

/** Told of what the peer does on one stream. It may call the stream from each callback. */
export interface StreamHandler {
  /** A client gets the response's headers and then, if there are any, the trailers; a server the trailers only. 1xx responses are left out. */
  onHeaders(headers: HeaderList, end: boolean): void;
  /** The view is valid during the call only. Empty only with `end`. */
  onData(bytes: Uint8Array, end: boolean): void;
  /** After a `sendData` that returned false: there is room again. */
  onWritable(): void;
  /** Once, and last. Undefined: both sides have sent all. */
  onClose(error: StreamClosed | undefined): void;
}
