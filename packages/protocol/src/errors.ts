/**
 * The one table of errors that a user of kvorum can meet, with what each means on HTTP and gRPC. Every face translates through it;
 * nothing else maps a code to a status.
 */

/** How a code shows on each face, and whether the same request may succeed when sent again. */
export interface ErrorRow {
  readonly http: number;
  /** The gRPC status number. */
  readonly grpc: number;
  /** True when the same request may succeed later without being changed. */
  readonly retryable: boolean;
}

/** All public error codes. */
export const errorTable = {
  /** An argument is malformed or outside its range; `field` and `allowed` say which and what is allowed. */
  INVALID_ARGUMENT: { http: 400, grpc: 3, retryable: false },
  KEY_NOT_FOUND: { http: 404, grpc: 5, retryable: false },
  ROUTE_NOT_FOUND: { http: 404, grpc: 12, retryable: false },
  KEYSPACE_NOT_FOUND: { http: 404, grpc: 5, retryable: false },
  METHOD_NOT_ALLOWED: { http: 405, grpc: 12, retryable: false },
  /** If-Match or If-None-Match did not hold; nothing was written. */
  CONDITION_FAILED: { http: 412, grpc: 9, retryable: false },
  /** The asked revision is older than the compaction; `compactRevision` tells the oldest that can be read. */
  COMPACTED: { http: 410, grpc: 11, retryable: false },
  FUTURE_REVISION: { http: 400, grpc: 11, retryable: false },
  KEY_TOO_LARGE: { http: 414, grpc: 3, retryable: false },
  REQUEST_TOO_LARGE: { http: 413, grpc: 3, retryable: false },
  /** Request line and headers of an HTTP request together are too long. */
  HEADERS_TOO_LARGE: { http: 431, grpc: 3, retryable: false },
  /** The request did not arrive whole in time; nothing was done. */
  REQUEST_TOO_SLOW: { http: 408, grpc: 4, retryable: true },
  /** The session of a write has expired, was closed or never was. This request did nothing; whether an earlier copy of it did nobody can tell. */
  SESSION_EXPIRED: { http: 410, grpc: 9, retryable: false },
  /** As many sessions as may be are open; nothing was done. */
  TOO_MANY_SESSIONS: { http: 429, grpc: 8, retryable: true },
  /** The sequence of a write in a session was acknowledged before, or used for another kind of write; this request did nothing. */
  SEQUENCE_REFUSED: { http: 409, grpc: 9, retryable: false },
  /** The node's queues are full; nothing was done. */
  TOO_MANY_REQUESTS: { http: 429, grpc: 8, retryable: true },
  /** No leader is known or it did not answer in time. `mayHaveHappened` tells of a write. */
  UNAVAILABLE: { http: 503, grpc: 14, retryable: true },
  /** The request's time ran out. `mayHaveHappened` tells of a write. */
  TIMEOUT: { http: 503, grpc: 4, retryable: true },
  /** The node is stopping or has stopped. */
  STOPPED: { http: 503, grpc: 14, retryable: true },
  /** The disk is below its reserve; deletes and compaction still work. Nothing was written. */
  NO_SPACE: { http: 507, grpc: 8, retryable: true },
  /** This node's copy of the data is corrupt, or may be, and it does not serve it; another node may. */
  CORRUPT: { http: 500, grpc: 15, retryable: false },
  INTERNAL: { http: 500, grpc: 13, retryable: false },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** What an error tells beyond its code; every part is safe to show to a client. */
export interface ErrorDetails {
  /** The argument, option, header or field that is wrong. */
  readonly field?: string | undefined;
  /** What is allowed there, in words or as a range. */
  readonly allowed?: string | undefined;
  /** For writes: true when it may have been, or may still be, carried out; false when it definitely was not. */
  readonly mayHaveHappened?: boolean | undefined;
  /** The key's current modRevision, 0 when absent (CONDITION_FAILED); or the shard's (FUTURE_REVISION, KEY_NOT_FOUND). */
  readonly currentRevision?: number | undefined;
  readonly compactRevision?: number | undefined;
  /** The client address of the node that leads, if it is known; a hint. */
  readonly leader?: string | undefined;
}

/** The one error class that crosses the public border. */
export class KvorumError extends Error {
  override readonly name = 'KvorumError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }
}

/** The JSON form of an error on the HTTP face: `{error: {code, message, field?, allowed?, mayHaveHappened?, …}}`. */
export interface ErrorBody {
  readonly error: { readonly code: ErrorCode; readonly message: string } & ErrorDetails;
}

/** Turns an error into its public JSON form. */
export function errorBody(error: KvorumError): ErrorBody {
  return { error: { code: error.code, message: error.message, ...error.details } };
}
