/** Options of a server, filled and checked once. */
import type { Compression } from '../grpc/encoding.js';
import type { Http2Limits } from '../http2/http2-options.js';

/** All times in milliseconds. */
export interface GrpcServerOptions {
  /** Largest request message, after decompression; a larger one ends its call with RESOURCE_EXHAUSTED. Default 4 MiB. */
  readonly messageBytesMax?: number;
  /** Compressions that requests may use and responses may get; default none: identity alone. */
  readonly compressions?: readonly Compression[];
  /**
   * Responses of at least this size are compressed by the first of `compressions` that the client accepts. Default never: on a fast network
   * it costs more than it saves.
   */
  readonly compressBytesMin?: number;
  /** A PING goes out this often; a connection that does not answer in `http2.pingTimeoutMs` is closed. 0: never. Default 120,000. */
  readonly keepaliveMs?: number;
  /** A connection older than this is drained, give or take a tenth, so that clients spread anew. 0: never, the default. */
  readonly connectionAgeMsMax?: number;
  /** Limits of each HTTP/2 connection. */
  readonly http2?: Partial<Http2Limits>;
}

export type CompleteServerOptions = Required<Omit<GrpcServerOptions, 'http2'>> & {
  readonly http2: Partial<Http2Limits>;
};

const MESSAGE_BYTES_CEILING = 2 ** 32 - 1;

/** Fills the defaults in; throws RangeError that names the option. */
export function completeServerOptions(options: GrpcServerOptions): CompleteServerOptions {
  const complete = {
    messageBytesMax: 4 * 1024 * 1024,
    compressions: [],
    compressBytesMin: Number.POSITIVE_INFINITY,
    keepaliveMs: 120_000,
    connectionAgeMsMax: 0,
    http2: {},
    ...options,
  };
  checkRange('messageBytesMax', complete.messageBytesMax, MESSAGE_BYTES_CEILING);
  checkRange('compressBytesMin', complete.compressBytesMin, Number.POSITIVE_INFINITY);
  checkRange('keepaliveMs', complete.keepaliveMs, Number.MAX_SAFE_INTEGER);
  checkRange('connectionAgeMsMax', complete.connectionAgeMsMax, Number.MAX_SAFE_INTEGER);
  return complete;
}

function checkRange(name: string, value: number, most: number): void {
  if (!(value >= 0 && value <= most)) throw new RangeError(`${name} must be from 0 to ${most}, not ${value}`);
}
