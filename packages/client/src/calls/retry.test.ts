import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, KvorumError } from '@kvorum/protocol';
import type { Failure } from '../servers/failure.js';
import { decideRetry, mayHaveHappened, type RetryCase } from './retry.js';

const read: RetryCase = { isWrite: false, isInSession: false, isMaybeDone: false };
const bare: RetryCase = { isWrite: true, isInSession: false, isMaybeDone: false };
const inSession: RetryCase = { isWrite: true, isInSession: true, isMaybeDone: false };

/** A server's answer, about a write that may have happened or did not; or the connection's word. */
function failed(code: ErrorCode, from: 'answer' | 'connection', isNotDone: boolean): Failure {
  return { error: new KvorumError(code, code), isAnswer: from === 'answer', isNotDone };
}

test('R20: what is made again: reads, writes in a session, and other writes that certainly did not happen', () => {
  const rows: [Failure, string, string, string][] = [
    // failure, a read, a write without session, a write in one
    [failed('UNAVAILABLE', 'answer', true), 'elsewhere', 'elsewhere', 'elsewhere'],
    [failed('UNAVAILABLE', 'answer', false), 'again', 'fail', 'again'],
    [failed('UNAVAILABLE', 'connection', true), 'elsewhere', 'elsewhere', 'elsewhere'],
    [failed('UNAVAILABLE', 'connection', false), 'again', 'fail', 'again'],
    [failed('TIMEOUT', 'connection', false), 'again', 'fail', 'again'],
    [failed('TIMEOUT', 'answer', true), 'elsewhere', 'elsewhere', 'elsewhere'],
    [failed('STOPPED', 'answer', true), 'elsewhere', 'elsewhere', 'elsewhere'],
    [failed('CORRUPT', 'answer', true), 'elsewhere', 'elsewhere', 'elsewhere'],
    [failed('CORRUPT', 'answer', false), 'again', 'fail', 'again'],
    [failed('TOO_MANY_REQUESTS', 'answer', true), 'again', 'again', 'again'],
    [failed('INTERNAL', 'connection', false), 'again', 'fail', 'again'],
    [failed('INTERNAL', 'answer', false), 'fail', 'fail', 'fail'],
    [failed('INVALID_ARGUMENT', 'answer', true), 'fail', 'fail', 'fail'],
    [failed('INVALID_ARGUMENT', 'connection', false), 'fail', 'fail', 'fail'],
    [failed('ROUTE_NOT_FOUND', 'connection', false), 'fail', 'fail', 'fail'],
    [failed('CONDITION_FAILED', 'answer', true), 'fail', 'fail', 'fail'],
    [failed('COMPACTED', 'answer', true), 'fail', 'fail', 'fail'],
    [failed('NO_SPACE', 'answer', true), 'fail', 'fail', 'fail'],
    [failed('SEQUENCE_REFUSED', 'answer', true), 'fail', 'fail', 'fail'],
    [failed('SESSION_EXPIRED', 'answer', true), 'fail', 'fail', 'newSession'],
  ];
  for (const [failure, ...expected] of rows) {
    const found = [read, bare, inSession].map((call) => decideRetry(call, failure));
    assert.deepEqual(found, expected, `${failure.error.code} ${failure.isAnswer} ${failure.isNotDone}`);
  }
});

test('R20: a write whose first attempt may have happened never moves to another session', () => {
  const expired = failed('SESSION_EXPIRED', 'answer', true);
  assert.equal(decideRetry({ ...inSession, isMaybeDone: true }, expired), 'fail');
  assert.equal(mayHaveHappened({ ...inSession, isMaybeDone: true }, expired), true);
  assert.equal(mayHaveHappened(inSession, expired), false);
});

test('what may have happened: never a read, any write with an unknown attempt, not one whose condition failed', () => {
  const rows: [RetryCase, Failure, boolean][] = [
    [read, failed('UNAVAILABLE', 'connection', false), false],
    [bare, failed('UNAVAILABLE', 'connection', false), true],
    [bare, failed('INVALID_ARGUMENT', 'answer', true), false],
    [inSession, failed('NO_SPACE', 'answer', true), false],
    [{ ...inSession, isMaybeDone: true }, failed('NO_SPACE', 'answer', true), true],
    [{ ...inSession, isMaybeDone: true }, failed('CONDITION_FAILED', 'answer', true), false],
  ];
  for (const [call, failure, expected] of rows) assert.equal(mayHaveHappened(call, failure), expected);
});
