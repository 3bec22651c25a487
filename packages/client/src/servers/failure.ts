/** What became of a call that failed: the status of a server, or of the connection, as one of our errors. */
import { errorFromDetail, errorFromGrpc, KvorumError } from '@kvorum/protocol';
import type { ErrorDetail } from '@kvorum/protocol/kvorum/v1/error.js';
import type { ChannelError } from '../base/deps.js';

/** One failed attempt. */
export interface Failure {
  readonly error: KvorumError;
  /** The server itself said so, with our detail. Otherwise the connection, or a server that isn't ours, did. */
  readonly isAnswer: boolean;
  /** A write was, as far as this attempt goes, certainly not carried out, and won't be. */
  readonly isNotDone: boolean;
}

const grpcResourceExhausted = 8;

/** Of a rejected call. What isn't a {@link ChannelError} is a bug of ours: INTERNAL. */
export function failureOf(cause: unknown): Failure {
  if (!isChannelError(cause)) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { error: new KvorumError('INTERNAL', message, {}, cause), isAnswer: false, isNotDone: false };
  }
  const isNotSent = cause.delivery === 'not_sent';
  if (cause.details === undefined || cause.details.length === 0) {
    const { code, details } = errorFromGrpc(cause.code, cause.message);
    const error = new KvorumError(code, cause.message, { ...details, mayHaveHappened: !isNotSent }, cause);
    return { error, isAnswer: false, isNotDone: isNotSent };
  }
  return answered(errorFromGrpc(cause.code, cause.message, cause.details));
}

/** Of one operation in a batch that was answered. */
export function failureOfResult(code: number, message: string, detail: ErrorDetail | undefined): Failure {
  if (detail === undefined) return { error: errorFromGrpc(code, message), isAnswer: false, isNotDone: false };
  return answered(errorFromDetail(detail, message));
}

/** Of two failures in a row, the one to tell: the later, but a server's own answer rather than that a connection failed. */
export function moreTelling(before: Failure | undefined, later: Failure): Failure {
  return before?.isAnswer === true && !later.isAnswer ? before : later;
}

/** The server is well, but its state older than the read allows: another one may serve it, the leader best. */
export function isTooStale({ error, isAnswer }: Failure): boolean {
  return isAnswer && error.code === 'UNAVAILABLE' && error.details.field === 'max_staleness_ms';
}

/** The response, or what the client holds for calls, is over a limit of the connection: the same in smaller pieces may go through. */
export function isTooLarge(cause: unknown): boolean {
  return isChannelError(cause) && cause.code === grpcResourceExhausted && cause.delivery === 'unknown';
}

function answered(error: KvorumError): Failure {
  return { error, isAnswer: true, isNotDone: error.details.mayHaveHappened !== true };
}

function isChannelError(cause: unknown): cause is ChannelError {
  return (
    cause instanceof Error &&
    'code' in cause &&
    typeof cause.code === 'number' &&
    'delivery' in cause &&
    typeof cause.delivery === 'string'
  );
}
