import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delaysOf, sampleLoopDelay } from './loop-delay.mjs';

test('N11: a stop counts for every timer that should have come meanwhile', () => {
  assert.deepEqual(delaysOf(0.5), [0.5]);
  assert.deepEqual(delaysOf(-1), [0]);
  assert.deepEqual(delaysOf(7), [7, 5, 3, 1]);
});

test('N11: a loop that is held up is seen', async () => {
  const end = sampleLoopDelay();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const untilMs = performance.now() + 60;
  while (performance.now() < untilMs);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(end().longestWithWaitMs >= 50);
});
