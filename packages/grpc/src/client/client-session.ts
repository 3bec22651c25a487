/** One connection of a client, from its first byte to its end: opens streams, knows the header lists of calls, keeps itself alive. */
import type { ByteConnection } from '../base/byte-connection.js';
import type { HeaderList } from '../base/header-list.js';
import type { Runtime } from '../base/runtime.js';
import { acceptedEncodings } from '../grpc/encoding.js';
import { Keepalive } from '../grpc/keepalive.js';
import { encodeTimeout } from '../grpc/timeout.js';
import { ErrorCode } from '../http2/error-code.js';
import { Http2Connection } from '../http2/http2-connection.js';
import type { Http2Handler } from '../http2/http2-handler.js';
import type { Http2Stream, StreamHandler } from '../http2/http2-stream.js';
import type { CallOptions, CompleteClientOptions, Connector } from './options.js';
import { readResponseHead, type ResponseHead } from './response-head.js';

export interface SessionDeps {
  readonly runtime: Runtime;
  readonly connector: Connector;
  readonly options: CompleteClientOptions;
  /** Once, and first. */
  onOpened(session: ClientSession): void;
  /** The server has spoken HTTP/2, or a stream became free. */
  onStreamsAvailable(session: ClientSession): void;
  /** No new calls on this one, the old ones go on. */
  onDraining(session: ClientSession): void;
  /** Once, and last. */
  onClosed(session: ClientSession, error: Error | undefined): void;
}

/** The list last made for a path. */
interface KnownHeaders {
  readonly timeoutMs: number | undefined;
  readonly headers: HeaderList;
}

export class ClientSession implements Http2Handler {
  readonly #deps: SessionDeps;
  readonly #http2: Http2Connection;
  readonly #keepalive: Keepalive;
  readonly #known = new Map<string, KnownHeaders>();
  #lastHead: ResponseHead | undefined;
  #lastHeaders: HeaderList | undefined;
  #lastTrailerHead: ResponseHead | undefined;
  #lastTrailers: HeaderList | undefined;

  constructor(deps: SessionDeps, connection: ByteConnection) {
    const { runtime, options } = deps;
    this.#deps = deps;
    this.#http2 = new Http2Connection(
      { connection, runtime, handler: this },
      { role: 'client', limits: options.http2 },
    );
    const kept = { ping: () => (this.#http2.openStreams > 0 ? this.#http2.ping() : Promise.resolve(0)) };
    const onDead = () => this.destroy('keepalive: no answer in time');
    this.#keepalive = new Keepalive({ runtime, connection: kept, onDead }, { intervalMs: options.keepaliveMs });
    this.#keepalive.start();
    deps.onOpened(this);
  }

  get canOpen(): boolean {
    return this.#http2.canOpenStream();
  }

  /** Opens a stream for a call. Throws StreamClosed where {@link ClientSession.canOpen} is false. */
  open(path: string, timeoutMs: number | undefined, options: CallOptions, handler: StreamHandler): Http2Stream {
    return this.#http2.openStream(this.#headersOf(path, timeoutMs, options), false, handler);
  }

  /** What response headers say. */
  readHead(headers: HeaderList): ResponseHead {
    if (headers !== this.#lastHeaders || this.#lastHead === undefined) {
      this.#lastHead = readResponseHead(headers, false);
      this.#lastHeaders = headers;
    }
    return this.#lastHead;
  }

  /** What trailers say. */
  readTrailers(headers: HeaderList): ResponseHead {
    if (headers !== this.#lastTrailers || this.#lastTrailerHead === undefined) {
      this.#lastTrailerHead = readResponseHead(headers, true);
      this.#lastTrailers = headers;
    }
    return this.#lastTrailerHead;
  }

  /** Closes when the calls under way have ended. */
  drain(): void {
    this.#http2.drain();
  }

  /** Ends the connection with its calls at once. */
  destroy(reason: string): void {
    this.#http2.abort(ErrorCode.noError, reason);
  }

  onStream(): StreamHandler {
    throw new Error('a client got a request');
  }

  onGoAway(): void {
    this.#deps.onDraining(this);
  }

  onStreamsAvailable(): void {
    this.#deps.onStreamsAvailable(this);
  }

  onClose(error: Error | undefined): void {
    this.#keepalive.stop();
    this.#deps.onClosed(this, error);
  }

  #headersOf(path: string, timeoutMs: number | undefined, options: CallOptions): HeaderList {
    if (options.metadata !== undefined || options.compression !== undefined) {
      return this.#makeHeaders(path, timeoutMs, options);
    }
    const known = this.#known.get(path);
    if (known !== undefined && known.timeoutMs === timeoutMs) return known.headers;
    const headers = this.#makeHeaders(path, timeoutMs, options);
    this.#known.set(path, { timeoutMs, headers });
    return headers;
  }

  #makeHeaders(path: string, timeoutMs: number | undefined, { metadata, compression }: CallOptions): HeaderList {
    const { connector, options } = this.#deps;
    const headers = [':method', 'POST', ':scheme', connector.scheme, ':path', path, ':authority', connector.authority];
    headers.push('te', 'trailers', 'content-type', 'application/grpc', 'user-agent', options.userAgent);
    if (timeoutMs !== undefined) headers.push('grpc-timeout', encodeTimeout(timeoutMs));
    if (compression !== undefined) headers.push('grpc-encoding', compression.name);
    if (options.compressions.length > 0) headers.push('grpc-accept-encoding', acceptedEncodings(options.compressions));
    metadata?.appendTo(headers);
    return headers;
  }
}
