/** What a client and its calls can be told. */
import type { ByteConnection } from '../base/byte-connection.js';
import type { Runtime } from '../base/runtime.js';
import type { Codec } from '../grpc/codec.js';
import type { Compression } from '../grpc/encoding.js';
import type { Metadata } from '../grpc/metadata.js';
import type { Http2Limits } from '../http2/http2-options.js';

/** A method of a service as its caller knows it. */
export interface RemoteMethod<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}

/** Opens connections to one endpoint. */
export interface Connector {
  /** `host:port`, as `:authority` of the calls. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** Rejects when there is no connection to be had. An aborted attempt must leave nothing open. */
  connect(signal: AbortSignal): Promise<ByteConnection>;
}

/**
 * `idle`: no connection, the next call opens one; `connecting`; `ready`; `closed`: by its owner, for good. After `ready` or `connecting` an `idle` with
 * a cause tells of a loss or a failed attempt, one without of the server's GOAWAY.
 */
export type ClientState = 'idle' | 'connecting' | 'ready' | 'closed';

export interface GrpcClientDeps {
  readonly runtime: Runtime;
  readonly connector: Connector;
  /** Called for each change of state, never inside a call of the client's methods other than `close` and `destroy`. */
  onState?(state: ClientState, cause: Error | undefined): void;
}

/** All times in milliseconds. */
export interface GrpcClientOptions {
  /** From the start of an attempt to the server's HTTP/2 SETTINGS. Default 1,000. */
  readonly connectTimeoutMs?: number;
  /** Largest response message, after decompression. Default 4 MiB. */
  readonly messageBytesMax?: number;
  /** Calls that wait for a connection or a free stream; more fail with RESOURCE_EXHAUSTED, not sent. Default 10,000. */
  readonly waitingCallsMax?: number;
  /** Compressions that responses may use. Default none. */
  readonly compressions?: readonly Compression[];
  /** While calls are open a PING goes out this often; without an answer in `http2.pingTimeoutMs` the connection is given up. Default 0: never. */
  readonly keepaliveMs?: number;
  /** Sent as `user-agent`. Default `kvorum-grpc`. */
  readonly userAgent?: string;
  /** Limits of the HTTP/2 connection. */
  readonly http2?: Partial<Http2Limits>;
}

export type CompleteClientOptions = Required<Omit<GrpcClientOptions, 'http2'>> & {
  readonly http2: Partial<Http2Limits>;
};

export interface CallOptions {
  readonly metadata?: Metadata | undefined;
  /** Time for the whole call, waiting for a connection included; the server is told. */
  readonly timeoutMs?: number | undefined;
  /** What the server is told less of that, so that what it says when its time is over still arrives. Default 0. */
  readonly answerMarginMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Requests are sent compressed. */
  readonly compression?: Compression | undefined;
  /** The response's metadata, before any message. */
  readonly onMetadata?: ((metadata: Metadata) => void) | undefined;
  /** What came with the status. */
  readonly onTrailer?: ((metadata: Metadata) => void) | undefined;
}

/** Fills the defaults in; throws RangeError that names the option. */
export function completeClientOptions(options: GrpcClientOptions): CompleteClientOptions {
  const complete = {
    connectTimeoutMs: 1_000,
    messageBytesMax: 4 * 1024 * 1024,
    waitingCallsMax: 10_000,
    compressions: [],
    keepaliveMs: 0,
    userAgent: 'kvorum-grpc',
    http2: {},
    ...options,
  };
  for (const name of ['connectTimeoutMs', 'messageBytesMax', 'waitingCallsMax', 'keepaliveMs'] as const) {
    if (!(complete[name] >= 0)) throw new RangeError(`${name} must not be negative: ${complete[name]}`);
  }
  return complete;
}
