/** One client's connection: finds the method of each request and lets a call answer it. */
import type { ByteConnection } from '../base/byte-connection.js';
import type { HeaderList } from '../base/header-list.js';
import { type Expiring, WheelTimer } from '../base/timer-wheel.js';
import { Keepalive } from '../grpc/keepalive.js';
import { GrpcError } from '../grpc/status.js';
import { ErrorCode } from '../http2/error-code.js';
import { Http2Connection } from '../http2/http2-connection.js';
import type { Http2Handler } from '../http2/http2-handler.js';
import type { Http2Stream, StreamHandler } from '../http2/http2-stream.js';
import { ActiveCall, type ClientEnd } from './active-call.js';
import type { CallDeps } from './call-deps.js';
import { type ForeignRequest, isForeign, readRequestHead, type RequestHead } from './request-head.js';
import { refusalHeaders } from './response-headers.js';
import type { ServiceTable } from './service.js';

export interface ServerConnectionDeps extends CallDeps {
  readonly services: ServiceTable;
  /** Once: the connection is gone. */
  onClosed(connection: ServerConnection, error: Error | undefined): void;
}

export interface ServerConnectionOptions {
  /** When to drain it by itself; 0: never. */
  readonly ageMsMax: number;
}

export class ServerConnection implements Http2Handler, Expiring, ClientEnd {
  readonly peer: string;
  readonly #deps: ServerConnectionDeps;
  readonly #http2: Http2Connection;
  readonly #keepalive: Keepalive;
  readonly #ageTimer: WheelTimer | undefined;
  /** The last header list and what it says: the decoder gives the same list for the same block. */
  #lastHeaders: HeaderList | undefined;
  #lastHead: RequestHead | ForeignRequest | GrpcError | undefined;

  constructor(deps: ServerConnectionDeps, connection: ByteConnection, { ageMsMax }: ServerConnectionOptions) {
    const { runtime, options } = deps;
    this.#deps = deps;
    this.peer = connection.remote;
    this.#http2 = new Http2Connection(
      { connection, runtime, handler: this },
      { role: 'server', limits: options.http2 },
    );
    const onDead = () => this.#http2.abort(ErrorCode.noError, 'keepalive: no answer in time');
    this.#keepalive = new Keepalive({ runtime, connection: this.#http2, onDead }, { intervalMs: options.keepaliveMs });
    this.#keepalive.start();
    if (ageMsMax === 0) return;
    this.#ageTimer = new WheelTimer(this);
    runtime.timers.start(this.#ageTimer, ageMsMax);
  }

  /** Calls under way. */
  get calls(): number {
    return this.#http2.openStreams;
  }

  /** No new calls; closes when those under way have ended or the time for that is up. */
  drain(): void {
    this.#http2.drain();
  }

  /** Ends the connection with all calls. */
  destroy(): void {
    this.#http2.abort(ErrorCode.noError, 'the server stops');
  }

  onStream(stream: Http2Stream, headers: HeaderList, isEnd: boolean): StreamHandler {
    const head = this.#read(headers);
    if (head instanceof GrpcError || isForeign(head)) {
      stream.sendHeaders(refusalHeaders(head), true);
      return new RefusedRequest(stream);
    }
    const call = new ActiveCall(this.#deps, stream, head, this);
    call.begin(isEnd);
    return call;
  }

  onGoAway(): void {}

  onClose(error: Error | undefined): void {
    this.#keepalive.stop();
    if (this.#ageTimer !== undefined) this.#deps.runtime.timers.cancel(this.#ageTimer);
    this.#deps.onClosed(this, error);
  }

  /** The connection is as old as it may get. */
  onExpired(): void {
    this.#http2.drain();
  }

  #read(headers: HeaderList): RequestHead | ForeignRequest | GrpcError {
    if (headers !== this.#lastHeaders || this.#lastHead === undefined) {
      this.#lastHead = readRequestHead(headers, this.#deps.services);
      this.#lastHeaders = headers;
    }
    return this.#lastHead;
  }
}

/** What may still come of a request that has its answer: clients that are no gRPC clients may miss the answer if they are reset at once. */
const REFUSED_BYTES_MAX = 64 * 1024;

/** Takes and drops the rest of a request that has its answer. */
class RefusedRequest implements StreamHandler {
  readonly #stream: Http2Stream;
  #bytes = 0;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
  }

  onHeaders(): void {}

  onData(bytes: Uint8Array): void {
    this.#stream.consumed(bytes.length);
    this.#bytes += bytes.length;
    if (this.#bytes > REFUSED_BYTES_MAX) this.#stream.reset(ErrorCode.noError);
  }

  onWritable(): void {}

  onClose(): void {}
}
