/** Whether a call that failed is made again (R20). Pure. */
import type { Failure } from '../servers/failure.js';

/** What counts of the call. */
export interface RetryCase {
  readonly isWrite: boolean;
  /** The attempt carried a session's sequence number. */
  readonly isInSession: boolean;
  /** An earlier attempt may have been carried out. */
  readonly isMaybeDone: boolean;
}

/**
 * `again`: after a pause, on whatever server is best then; `elsewhere`: the same without a pause the first time; `newSession`: again, in another session;
 * `fail`: tell the caller.
 */
export type RetryDecision = 'again' | 'elsewhere' | 'newSession' | 'fail';

/** Answers after which the same request may do better, maybe on another server, whose copy of the data is good. */
const passing: ReadonlySet<string> = new Set(['UNAVAILABLE', 'STOPPED', 'TIMEOUT', 'TOO_MANY_REQUESTS', 'CORRUPT']);
/** Statuses without our detail, from the connection or from something in between, that say that the request itself is wrong. */
const foreignAndFinal: ReadonlySet<string> = new Set([
  'INVALID_ARGUMENT',
  'ROUTE_NOT_FOUND',
  'KEY_NOT_FOUND',
  'CONDITION_FAILED',
]);

/**
 * Reads are made again after whatever isn't the request's fault. Writes are, too, in a session, where the state machine knows what it has done already;
 * outside of one, only those that certainly were not carried out.
 */
export function decideRetry(call: RetryCase, { error, isAnswer, isNotDone }: Failure): RetryDecision {
  if (error.code === 'SESSION_EXPIRED' && call.isInSession) {
    // What an earlier attempt did nobody can tell any more; this one did nothing.
    return call.isMaybeDone ? 'fail' : 'newSession';
  }
  if (!isPassing(error.code, isAnswer)) return 'fail';
  if (call.isWrite && !call.isInSession && !isNotDone) return 'fail';
  return isNotDone && error.code !== 'TOO_MANY_REQUESTS' ? 'elsewhere' : 'again';
}

/** Of a write that failed for good: whether it may have been carried out. */
export function mayHaveHappened(call: RetryCase, { error, isNotDone }: Failure): boolean {
  if (!call.isWrite) return false;
  // The state machine's own answer: in a session it is the outcome of the first attempt that reached it.
  if (error.code === 'CONDITION_FAILED') return false;
  return call.isMaybeDone || !isNotDone;
}

function isPassing(code: string, isAnswer: boolean): boolean {
  return isAnswer ? passing.has(code) : !foreignAndFinal.has(code);
}
