import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSIONS_MAX } from '@kvorum/core/kv/session-codec.js';
import { applyLagEntriesMax, CommandQueue, upkeepCommandsMax } from './command-queue.js';

const item = (bytes: number, isUpkeep = false) => ({ bytes, isUpkeep });
const none = { commands: 0, unappliedEntries: 0 };

test('S12: bytes that wait are taken up to the limit', () => {
  const queue = new CommandQueue({ queueBytesMax: 100, queueCommandsMax: 10 });
  queue.push(item(60));
  assert.ok(queue.hasRoomFor(item(40), none));
  assert.equal(queue.hasRoomFor(item(41), none), false);
  queue.takeAll();
  assert.ok(queue.hasRoomFor(item(41), none), 'what left counts no more');
});

test('S12: commands that wait in the queue, and those without an outcome, are taken up to the limit together', () => {
  const queue = new CommandQueue({ queueBytesMax: 100, queueCommandsMax: 10 });
  for (let n = 0; n < 4; n += 1) queue.push(item(1));
  assert.ok(queue.hasRoomFor(item(1), { ...none, commands: 5 }));
  assert.equal(queue.hasRoomFor(item(1), { ...none, commands: 6 }), false);
});

test('S12: a replica that is behind with applying takes nothing from callers', () => {
  const queue = new CommandQueue({ queueBytesMax: 100, queueCommandsMax: 10 });
  assert.ok(queue.hasRoomFor(item(1), { ...none, unappliedEntries: applyLagEntriesMax }));
  assert.equal(queue.hasRoomFor(item(1), { ...none, unappliedEntries: applyLagEntriesMax + 1 }), false);
});

test('S12: upkeep has a share of its own, whatever else waits, and goes first', () => {
  const queue = new CommandQueue({ queueBytesMax: 100, queueCommandsMax: 1 });
  assert.equal(upkeepCommandsMax, SESSIONS_MAX);
  const overload = { commands: 1_000, unappliedEntries: 2 * applyLagEntriesMax };
  queue.push(item(100));
  assert.equal(queue.hasRoomFor(item(1), overload), false);
  for (let n = 0; n < upkeepCommandsMax; n += 1) {
    assert.ok(queue.hasRoomFor(item(20, true), overload));
    queue.push(item(20, true));
  }
  assert.equal(queue.hasRoomFor(item(20, true), overload), false);
  assert.equal(queue.length, upkeepCommandsMax + 1);
  const items = queue.takeAll();
  assert.equal(
    items.findIndex(({ isUpkeep }) => !isUpkeep),
    upkeepCommandsMax,
  );
});
