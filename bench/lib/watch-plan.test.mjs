import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOf, planOf, putAt } from './watch-plan.mjs';

test('S11: one watch in a hundred never reads, and what it wants is large', () => {
  const plans = Array.from({ length: 10_000 }, (_, n) => planOf(n));
  assert.equal(plans.filter(({ isLazy }) => isLazy).length, 100);
  const wanted = new Set(plans.filter(({ isLazy }) => isLazy).map(({ prefix }) => prefix));
  assert.deepEqual([...wanted], ['w/0/']);
  assert.equal(putAt(300, 200, 5).value.length, 65_536);
});

test('S11: events are those of the puts of which somebody reads', () => {
  // Watches 0 and 1: group 0 and what half want. Put 0 is for half of them, put 100 for group 0.
  assert.equal(eventsOf(2, 1, 200), 1);
  assert.equal(eventsOf(2, 101, 200), 2);
  assert.equal(eventsOf(10_000, 1, 200), 5_000);
});
