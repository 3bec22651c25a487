/**
 * Public errors as gRPC statuses, both ways. The code comes from the table of errors; everything else travels in
 * `grpc-status-details-bin`, as a `google.rpc.Status` with one `kvorum.v1.ErrorDetail`.
 */
import type { Init } from './wire/message.js';
import { type ErrorCode, errorTable, KvorumError } from './errors.js';
import { decodeStatus, encodeStatus } from './google/rpc/status.js';
import { decodeErrorDetail, type ErrorDetail, encodeErrorDetail } from './kvorum/v1/error.js';
import { ProtoError } from './wire/proto-error.js';

/** How an error looks on gRPC. */
export interface GrpcStatus {
  /** The gRPC status number; never 0. */
  readonly code: (typeof errorTable)[ErrorCode]['grpc'];
  readonly message: string;
  /** The value of `grpc-status-details-bin`. */
  readonly details: Uint8Array;
}

const detailType = 'type.googleapis.com/kvorum.v1.ErrorDetail';
const grpcUnavailable = 14;
const grpcDeadlineExceeded = 4;
/** What a status without our detail means. A write that it answers may have happened: nobody says that it did not. */
const foreignCodes: Readonly<Record<number, ErrorCode>> = {
  3: 'INVALID_ARGUMENT',
  4: 'TIMEOUT',
  5: 'KEY_NOT_FOUND',
  8: 'TOO_MANY_REQUESTS',
  9: 'CONDITION_FAILED',
  12: 'ROUTE_NOT_FOUND',
  14: 'UNAVAILABLE',
  15: 'CORRUPT',
};

/** The status of an error. Where a write's outcome matters, the message ends with `(not_sent)` or `(unknown)`. */
export function grpcStatus(error: KvorumError): GrpcStatus {
  const { grpc: code } = errorTable[error.code];
  const message = `${error.message}${outcomeSuffix(code, error)}`;
  const value = encodeErrorDetail(errorDetail(error));
  return { code, message, details: encodeStatus({ code, message, details: [{ typeUrl: detailType, value }] }) };
}

/** The detail of an error, which a result inside a batch carries by itself. */
export function errorDetail(error: KvorumError): Init<ErrorDetail> {
  const { field, allowed, mayHaveHappened, currentRevision, compactRevision, leader } = error.details;
  return {
    code: error.code,
    retryable: error.retryable,
    mayHaveHappened,
    field,
    allowed,
    revision: currentRevision,
    compactRevision,
    leader,
  };
}

/** The error that a status tells of. Works for any server's status; ours has a detail. */
export function errorFromGrpc(code: number, message: string, details?: Uint8Array): KvorumError {
  const detail = details === undefined ? undefined : detailIn(details);
  if (detail !== undefined) return errorFromDetail(detail, message);
  return new KvorumError(foreignCodes[code] ?? 'INTERNAL', message, { mayHaveHappened: true });
}

/** The error that a detail tells of; `message` is that of its status. */
export function errorFromDetail(detail: ErrorDetail, message: string): KvorumError {
  const { code, field, allowed, mayHaveHappened, revision, compactRevision, leader } = detail;
  const known = isErrorCode(code) ? code : 'INTERNAL';
  const hasRevision = revision > 0 || known === 'CONDITION_FAILED';
  return new KvorumError(known, message.replace(/ \((?:not_sent|unknown)\)$/, ''), {
    mayHaveHappened,
    ...(field === '' ? {} : { field }),
    ...(allowed === '' ? {} : { allowed }),
    ...(hasRevision ? { currentRevision: revision } : {}),
    ...(compactRevision === 0 ? {} : { compactRevision }),
    ...(leader === '' ? {} : { leader }),
  });
}

function outcomeSuffix(code: number, { details }: KvorumError): string {
  if (code !== grpcUnavailable && code !== grpcDeadlineExceeded) return '';
  return details.mayHaveHappened === true ? ' (unknown)' : ' (not_sent)';
}

function detailIn(details: Uint8Array): ErrorDetail | undefined {
  try {
    const any = decodeStatus(details).details.find(({ typeUrl }) => typeUrl === detailType);
    return any === undefined ? undefined : decodeErrorDetail(any.value);
  } catch (error) {
    if (error instanceof ProtoError) return undefined;
    throw error;
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}
