/** One HTTP/2 connection (RFC 9113), both roles. */
import type { ByteConnection } from '../base/byte-connection.js';
import type { HeaderList } from '../base/header-list.js';
import type { Runtime } from '../base/runtime.js';
import type { ErrorCode } from './error-code.js';
import type { Http2Handler } from './http2-handler.js';
import type { Http2Options } from './http2-options.js';
import type { Http2Stream, StreamHandler } from './http2-stream.js';

export interface Http2Deps {
  readonly connection: ByteConnection;
  readonly runtime: Runtime;
  readonly handler: Http2Handler;
}

/** One connection. It becomes the handler of `deps.connection` when it is made. */
export class Http2Connection {
  readonly #deps: Http2Deps;
  readonly #options: Http2Options;

  constructor(deps: Http2Deps, options: Http2Options) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Streams that are open, in either direction. */
  get openStreams(): number {
    return 0;
  }

  /** Client: false while the peer's limit of streams is reached, after GOAWAY from either side, and when the stream numbers are used up. */
  canOpenStream(): boolean {
    return this.#options.role === 'client';
  }

  /** Client: opens a stream. Throws {@link StreamClosed} (`isUnprocessed`) where {@link Http2Connection.canOpenStream} is false. */
  openStream(_headers: HeaderList, _end: boolean, _handler: StreamHandler): Http2Stream {
    throw new Error(`not built: ${this.#deps.connection.remote}`);
  }

  /** Sends a PING; resolves with the round trip in milliseconds, rejects with {@link Http2Error} when the connection ends or time is up. */
  ping(): Promise<number> {
    throw new Error('not built');
  }

  /**
   * Graceful end. Server: GOAWAY that names no last stream, after a round trip a second one that does; both roles: the connection closes once its
   * streams have ended, or after `drainTimeoutMs`. Idempotent.
   */
  drain(): void {
    throw new Error('not built');
  }

  /** {@link Http2Connection.drain}, then waits until the connection is closed. */
  close(): Promise<void> {
    throw new Error('not built');
  }

  /** GOAWAY with `code`, then closes at once with all streams. */
  abort(_code: ErrorCode, _message: string): void {
    throw new Error('not built');
  }
}
