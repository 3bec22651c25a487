import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EventQueue } from './event-queue.js';

test('R1: events run in the order of their times, ties in the order of their making, cancelled ones never', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 60 }), (plan) => {
      const queue = new EventQueue();
      const ran: number[] = [];
      plan.forEach(([dueMs, isCancelled], i) => {
        const event = queue.at(dueMs, () => ran.push(i));
        if (isCancelled) event.cancel();
      });
      while (queue.step());
      const expected = plan
        .map(([dueMs, isCancelled], i) => ({ dueMs, isCancelled, i }))
        .filter(({ isCancelled }) => !isCancelled)
        .sort((a, b) => a.dueMs - b.dueMs || a.i - b.i)
        .map(({ i }) => i);
      assert.deepEqual(ran, expected);
    }),
  );
});

test('an event in the past runs now, and time never goes back', () => {
  const queue = new EventQueue();
  const times: number[] = [];
  queue.at(10, () => {
    queue.at(3, () => times.push(queue.nowMs));
    queue.after(5, () => times.push(queue.nowMs));
  });
  while (queue.step());
  assert.deepEqual(times, [10, 15]);
  assert.equal(queue.nextMs, undefined);
});
