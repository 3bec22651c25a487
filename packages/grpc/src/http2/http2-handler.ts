/** What a connection tells the layer above. Types only. */
import type { HeaderList } from '../base/header-list.js';
import type { ErrorCode } from './error-code.js';
import type { Http2Stream, StreamHandler } from './http2-stream.js';

/** Told of what happens on a connection. */
export interface Http2Handler {
  /** Server only: a request whose headers keep the rules of RFC 9113 section 8. The handler that it returns gets the rest. */
  onStream(stream: Http2Stream, headers: HeaderList, end: boolean): StreamHandler;
  /** The peer opens no more streams, or (client) takes none after `lastStreamId`; streams above it end as unprocessed. */
  onGoAway(lastStreamId: number, code: ErrorCode, debug: string): void;
  /** Client only: `canOpenStream` has become true again, or the peer's first SETTINGS came. */
  onStreamsAvailable?(): void;
  /** Once, and last, after every stream's `onClose`. Undefined: ended in order. An Http2Error where a rule or limit was broken. */
  onClose(error: Error | undefined): void;
}
