/** Status codes of gRPC, the error that carries one, and how statuses of the layers below translate. */
import type { Metadata } from './metadata.js';

/** The status codes, as the gRPC documentation numbers them. */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** A status code. */
export type StatusCode = (typeof Status)[keyof typeof Status];

const nameOf = new Map<number, string>(Object.entries(Status).map(([name, code]) => [code, name]));
const codeOfText = new Map<string, StatusCode>(Object.values(Status).map((code) => [String(code), code]));

/** What a {@link GrpcError} may carry besides code and message. */
export interface GrpcErrorOptions {
  /** Bytes of a `google.rpc.Status`, sent as `grpc-status-details-bin`. */
  readonly details?: Uint8Array | undefined;
  /** Trailers beside the status. */
  readonly metadata?: Metadata | undefined;
  readonly cause?: unknown;
}

/** A call that ended with another status than OK. A handler throws it, a client's call rejects with it. */
export class GrpcError extends Error {
  readonly code: StatusCode;
  readonly details: Uint8Array | undefined;
  readonly metadata: Metadata | undefined;

  constructor(code: StatusCode, message: string, options: GrpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GrpcError';
    this.code = code;
    this.details = options.details;
    this.metadata = options.metadata;
  }

  /** The code in words: `NOT_FOUND`. */
  get status(): string {
    return statusName(this.code);
  }
}

/** The code in words: `NOT_FOUND`. */
export function statusName(code: StatusCode): string {
  return nameOf.get(code) ?? `STATUS_${code}`;
}

/** The code of a `grpc-status` header. Unknown and malformed ones are UNKNOWN, as the gRPC documentation asks. */
export function parseStatusCode(text: string): StatusCode {
  return codeOfText.get(text) ?? Status.UNKNOWN;
}

/** What a response without gRPC status means, by its HTTP status (gRPC's "HTTP to gRPC Status Code Mapping"). */
export function statusOfHttp(httpStatus: number): StatusCode {
  switch (httpStatus) {
    case 400:
      return Status.INTERNAL;
    case 401:
      return Status.UNAUTHENTICATED;
    case 403:
      return Status.PERMISSION_DENIED;
    case 404:
      return Status.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return Status.UNAVAILABLE;
    default:
      return Status.UNKNOWN;
  }
}

/** What a reset stream means, by its HTTP/2 error code (gRPC over HTTP/2, "Errors"). */
export function statusOfHttp2Error(code: number): StatusCode {
  switch (code) {
    case 0x5: // STREAM_CLOSED
      return Status.UNKNOWN;
    case 0x7: // REFUSED_STREAM: the request was not processed
      return Status.UNAVAILABLE;
    case 0x8: // CANCEL
      return Status.CANCELLED;
    case 0xb: // ENHANCE_YOUR_CALM
      return Status.RESOURCE_EXHAUSTED;
    case 0xc: // INADEQUATE_SECURITY
      return Status.PERMISSION_DENIED;
    case 0xd: // HTTP_1_1_REQUIRED
      return Status.UNKNOWN;
    default:
      return code <= 0xd ? Status.INTERNAL : Status.UNKNOWN;
  }
}
