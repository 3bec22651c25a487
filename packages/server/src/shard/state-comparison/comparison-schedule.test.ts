import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { ComparisonSchedule } from './comparison-schedule.js';

function setup() {
  const clock = new ManualClock();
  const at = { calls: 0 };
  const schedule = new ComparisonSchedule(clock, { entries: 10, ms: 1000 }, 100, () => {
    at.calls += 1;
  });
  return { clock, at, schedule };
}

test('R14: so many entries after the last comparison the next is due', () => {
  const { schedule } = setup();
  for (let index = 101; index < 110; index += 1) schedule.applied(index);
  assert.equal(schedule.isDue, false);
  schedule.applied(110);
  assert.equal(schedule.take(), true);
  assert.equal(schedule.take(), false);
  schedule.applied(111);
  assert.equal(schedule.isDue, false);
});

test('R14: an entry waits no longer than the cadence for the comparison that covers it', () => {
  const { clock, at, schedule } = setup();
  schedule.applied(101);
  clock.advance(999);
  assert.equal(schedule.isDue, false);
  clock.advance(1);
  assert.deepEqual([schedule.isDue, at.calls], [true, 1]);
});

test('P9: a shard without new entries asks for no comparison and keeps no timer', () => {
  const { clock, at, schedule } = setup();
  schedule.applied(101);
  schedule.restart(102);
  clock.advance(100_000);
  assert.deepEqual([schedule.isDue, at.calls], [false, 0]);
});

test('R14: a comparison that could not be proposed is asked for again with later entries', () => {
  const { clock, schedule } = setup();
  schedule.applied(101);
  clock.advance(1000);
  assert.equal(schedule.take(), true);
  schedule.applied(102);
  clock.advance(1000);
  assert.equal(schedule.take(), true);
});
