/** What callers are told. */
import type { KvorumError } from '@kvorum/protocol';
import { ClientError } from '../base/errors.js';
import type { Failure } from '../servers/failure.js';
import type { Operation } from './operation.js';
import { mayHaveHappened, type RetryCase } from './retry.js';

/** The call failed for good. */
export function errorOf(call: RetryCase, failure: Failure, server: string | undefined): ClientError {
  const { code, message, details } = failure.error;
  const { currentRevision: revision, compactRevision, field } = details;
  const told = { mayHaveHappened: mayHaveHappened(call, failure), revision, compactRevision, field, server };
  return new ClientError(code, message, told, failure.error.cause ?? failure.error);
}

/** Its time ran out. */
export function timeoutError(operation: Operation, last: KvorumError | undefined): ClientError {
  const reason = last === undefined ? '' : `; the last attempt: ${last.message}`;
  const message = `not answered within ${operation.timeoutMs} ms${reason}`;
  return new ClientError('TIMEOUT', message, { mayHaveHappened: isInDoubt(operation) }, last);
}

/** The caller's signal, or without one the end of the client. */
export function cancelledError(operation: Operation, signal: AbortSignal | undefined): ClientError {
  const details = { mayHaveHappened: isInDoubt(operation) };
  if (signal?.aborted !== true) return new ClientError('CANCELLED', 'the client is closed', details);
  const cause: unknown = signal.reason;
  return new ClientError('CANCELLED', 'the call was cancelled', details, cause);
}

function isInDoubt({ kind, isInFlight, isMaybeDone }: Operation): boolean {
  return kind !== 'get' && (isInFlight || isMaybeDone);
}
