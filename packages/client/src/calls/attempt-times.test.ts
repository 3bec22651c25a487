import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptTimes, hasTimeForAnother } from './attempt-times.js';

test('a server ends before the attempt, and the attempt before the call', () => {
  const rows: [leftMs: number, attemptTimeoutMs: number | undefined, waits: number, margin: number][] = [
    [10_000, 3_000, 3_000, 150],
    [10_000, undefined, 9_750, 250],
    [1_000, 3_000, 950, 47],
    [200, 3_000, 175, 25],
    [20, 3_000, 15, 3],
    [1, 3_000, 1, 0],
    [-5, 3_000, 1, 0],
    [0.4, undefined, 1, 0],
  ];
  for (const [leftMs, attemptTimeoutMs, timeoutMs, answerMarginMs] of rows) {
    assert.deepEqual(attemptTimes(leftMs, attemptTimeoutMs), { timeoutMs, answerMarginMs }, `${leftMs}`);
  }
});

test('a write is not begun again shortly before its end, however short its time is', () => {
  assert.deepEqual([hasTimeForAnother(500, 10_000), hasTimeForAnother(499, 10_000)], [true, false]);
  assert.deepEqual([hasTimeForAnother(25, 50), hasTimeForAnother(24, 50)], [true, false]);
});
