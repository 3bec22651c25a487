import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../outcome.js';
import { PendingCommand } from './pending-command.js';
import { PlacedCommands } from './placed-commands.js';

const put = (revision: number) => ({ kind: 'put', revision, createRevision: revision, version: 1 }) as const;

function command(results: CommandResult[]): PendingCommand {
  const pending = new PendingCommand(new Uint8Array(1), 1000, (result) => results.push(result));
  pending.phase = 'sent';
  return pending;
}

test('each command gets the outcome at its offset', () => {
  const results: CommandResult[] = [];
  const placed = new PlacedCommands();
  placed.add(7, 2, 1, command(results));
  placed.add(7, 2, 0, command(results));
  placed.applied(7, 2, [put(10), put(11)]);
  assert.deepEqual(results, [
    { kind: 'outcome', outcome: put(11) },
    { kind: 'outcome', outcome: put(10) },
  ]);
  assert.equal(placed.size, 0);
});

test('another term at the place is a definite failure', () => {
  const results: CommandResult[] = [];
  const placed = new PlacedCommands();
  placed.add(7, 2, 0, command(results));
  placed.applied(7, 3, [put(10)]);
  assert.deepEqual(results, [{ kind: 'failure', reason: 'superseded', mayHaveHappened: false }]);
});

test('a snapshot over the place leaves the outcome unknown; later places stay', () => {
  const results: CommandResult[] = [];
  const placed = new PlacedCommands();
  placed.add(7, 2, 0, command(results));
  placed.add(9, 2, 0, command(results));
  placed.forgetUpTo(8);
  assert.deepEqual(results, [{ kind: 'failure', reason: 'snapshotInstalled', mayHaveHappened: true }]);
  assert.equal(placed.size, 1);
});

test('a time-out is definite before the command was sent and unknown after', () => {
  const results: CommandResult[] = [];
  const queued = new PendingCommand(new Uint8Array(1), 1000, (result) => results.push(result));
  queued.expire(1000);
  command(results).expire(1000);
  assert.deepEqual(results, [
    { kind: 'failure', reason: 'noLeader', mayHaveHappened: false },
    { kind: 'failure', reason: 'timeout', mayHaveHappened: true },
  ]);
});

test('a settled command is not settled again', () => {
  const results: CommandResult[] = [];
  const placed = new PlacedCommands();
  const pending = command(results);
  placed.add(7, 2, 0, pending);
  pending.expire(1000);
  placed.applied(7, 2, [put(10)]);
  assert.equal(results.length, 1);
});
