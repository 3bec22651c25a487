import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeDelete, encodeKeepSession, encodePut } from '@kvorum/core/kv/command.js';
import type { CommandResult } from '../outcome.js';
import { applyLagEntriesMax } from './command-queue.js';
import { PendingCommand } from './pending-command.js';
import { proposeBytesMax, Proposer, type ProposalTarget } from './proposer.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const put = (key: string) => encodePut(bytes(key), bytes('v'));

function setup(options = { queueBytesMax: 10_000, queueCommandsMax: 100 }) {
  const results: (readonly [string, CommandResult])[] = [];
  const log: unknown[] = [];
  const world = {
    leads: false,
    leaderId: undefined as number | undefined,
    isFull: false,
    leader: () => world.leaderId,
    isLeader: () => world.leads,
    isOutOfSpace: () => world.isFull,
    unapplied: 0,
    unappliedEntries: () => world.unapplied,
    proposal: { index: 10, term: 2 } as ReturnType<ProposalTarget['propose']>,
    canForward: true,
    takes: (_mayUseReserve: boolean): ReturnType<ProposalTarget['propose']> => world.proposal,
    propose(batches: readonly (readonly Uint8Array[])[], mayUseReserve = false) {
      log.push(['propose', batches.map((batch) => batch.length)]);
      return world.takes(mayUseReserve);
    },
    forward(to: number, requestId: number, commands: readonly Uint8Array[]) {
      log.push(['forward', to, requestId, commands.length]);
      return world.canForward;
    },
    answer(to: number, requestId: number, verdict: object) {
      log.push(['answer', to, requestId, verdict]);
    },
  };
  const proposer = new Proposer(world, options);
  const add = (name: string, command = put(name)) => {
    const pending = new PendingCommand(command, 1000, (result) => results.push([name, result]));
    proposer.add(pending);
    return pending;
  };
  return { world, proposer, add, results, log };
}

const outcome = { kind: 'put', revision: 5, createRevision: 5, version: 1 } as const;

test('P1: the leader proposes everything of a turn as one batch', () => {
  const { world, proposer, add, results, log } = setup();
  world.leads = true;
  add('a');
  proposer.addForwarded(3, 77, [put('b'), put('c')]);
  add('d');
  proposer.flush();
  assert.deepEqual(log, [
    ['propose', [4]],
    ['answer', 3, 77, { kind: 'accepted', index: 10, term: 2, offset: 1 }],
  ]);
  proposer.placed.applied(10, 2, [outcome, outcome, outcome, outcome]);
  assert.deepEqual(
    results.map(([name]) => name),
    ['a', 'd'],
  );
});

test('a follower forwards, and the command resolves where the leader placed it', () => {
  const { world, proposer, add, results, log } = setup();
  world.leaderId = 2;
  add('a');
  add('b');
  proposer.flush();
  assert.deepEqual(log, [['forward', 2, 1, 2]]);
  proposer.answered(2, 1, { kind: 'accepted', index: 12, term: 4, offset: 3 }, 11);
  proposer.placed.applied(12, 4, [outcome, outcome, outcome, outcome, { ...outcome, revision: 6 }]);
  assert.deepEqual(results, [
    ['a', { kind: 'outcome', outcome }],
    ['b', { kind: 'outcome', outcome: { ...outcome, revision: 6 } }],
  ]);
});

test('without a leader a command waits; what timed out is dropped and definitely did not happen', () => {
  const { world, proposer, add, results, log } = setup();
  const gone = add('gone');
  add('kept');
  proposer.flush();
  gone.expire(1000);
  proposer.expire(0);
  assert.equal(proposer.queuedCommands, 1);
  world.leaderId = 2;
  proposer.flush();
  assert.deepEqual(log, [['forward', 2, 1, 1]]);
  assert.deepEqual(results, [['gone', { kind: 'failure', reason: 'noLeader', mayHaveHappened: false }]]);
});

test('a node that refused to lead is asked again after a tick, not at once', () => {
  const { world, proposer, add, results, log } = setup();
  world.leaderId = 2;
  add('a');
  proposer.flush();
  proposer.answered(2, 1, { kind: 'refused', reason: 'notLeader' }, 0);
  add('b');
  proposer.flush();
  assert.deepEqual(log, [['forward', 2, 1, 1]]);
  proposer.expire(0);
  proposer.flush();
  assert.deepEqual(log, [
    ['forward', 2, 1, 1],
    ['forward', 2, 2, 2],
  ]);
  assert.deepEqual(results, []);
});

test('R20: a refused forward is definite and goes to the new leader; a lost one is unknown and is never sent again', () => {
  const { world, proposer, add, results, log } = setup();
  world.leaderId = 2;
  add('a');
  proposer.flush();
  proposer.answered(2, 1, { kind: 'refused', reason: 'notLeader' }, 0);
  world.leaderId = 3;
  proposer.flush();
  proposer.disconnected(3);
  proposer.flush();
  proposer.answered(3, 2, { kind: 'accepted', index: 1, term: 1, offset: 0 }, 0);
  assert.deepEqual(log, [
    ['forward', 2, 1, 1],
    ['forward', 3, 2, 1],
  ]);
  assert.deepEqual(results, [['a', { kind: 'failure', reason: 'disconnected', mayHaveHappened: true }]]);
});

test('an answer for an index that is applied already leaves the outcome unknown', () => {
  const { world, proposer, add, results } = setup();
  world.leaderId = 2;
  add('a');
  proposer.flush();
  proposer.answered(2, 1, { kind: 'accepted', index: 12, term: 4, offset: 0 }, 12);
  assert.deepEqual(results, [['a', { kind: 'failure', reason: 'disconnected', mayHaveHappened: true }]]);
});

test('a follower refuses forwarded commands, also those it got while it led', () => {
  const { world, proposer, log } = setup();
  proposer.addForwarded(3, 1, [put('a')]);
  world.leads = true;
  proposer.addForwarded(3, 2, [put('b')]);
  world.leads = false;
  proposer.flush();
  assert.deepEqual(log, [
    ['answer', 3, 1, { kind: 'refused', reason: 'notLeader' }],
    ['answer', 3, 2, { kind: 'refused', reason: 'notLeader' }],
  ]);
});

test('S9: the queue takes up to its limits and refuses the next command, definitely', () => {
  const size = put('a').length;
  const { add, results } = setup({ queueBytesMax: 2 * size, queueCommandsMax: 100 });
  add('a');
  add('b');
  assert.deepEqual(results, []);
  add('c');
  assert.deepEqual(results, [['c', { kind: 'failure', reason: 'overloaded', mayHaveHappened: false }]]);
});

test('R24: below the reserve puts are refused before anything fails, deletes go on', () => {
  const { world, proposer, add, results, log } = setup();
  world.leads = true;
  world.isFull = true;
  add('put');
  add('delete', encodeDelete(bytes('k')));
  proposer.addForwarded(3, 9, [put('x')]);
  proposer.flush();
  assert.deepEqual(results, [['put', { kind: 'failure', reason: 'noSpace', mayHaveHappened: false }]]);
  assert.deepEqual(log, [
    ['answer', 3, 9, { kind: 'refused', reason: 'noSpace' }],
    ['propose', [1]],
  ]);
});

test('a turn proposes a bounded number of bytes; the rest keeps its order for the next', () => {
  const { world, proposer, add, results, log } = setup({ queueBytesMax: 100_000_000, queueCommandsMax: 100 });
  world.leads = true;
  const big = encodePut(bytes('k'), new Uint8Array(1_000_000));
  for (let i = 0; i < 20; i += 1) add(`c${i}`, big);
  proposer.flush();
  assert.equal(proposer.queuedCommands, 20 - Math.floor(proposeBytesMax / big.length));
  world.proposal = { index: 50, term: 2 };
  proposer.flush();
  assert.deepEqual(
    log.map((call) => Array.isArray(call) && call[1]).map((sizes) => Array.isArray(sizes) && sizes.length),
    [16, 4],
  );
  for (let index = 10; index < 54; index += 1) proposer.placed.applied(index, 2, [outcome]);
  assert.deepEqual(
    results.map(([name]) => name),
    Array.from({ length: 20 }, (_, i) => `c${i}`),
  );
});

test('a full log keeps commands in the queue', () => {
  const { world, proposer, add } = setup();
  world.leads = true;
  world.proposal = 'full';
  add('a');
  proposer.flush();
  assert.equal(proposer.queuedCommands, 1);
});

test('at the end unsent commands are definite, sent ones unknown, later ones refused', () => {
  const { world, proposer, add, results } = setup();
  world.leaderId = 2;
  add('sent');
  proposer.flush();
  add('queued');
  proposer.end('stopping');
  add('later');
  assert.deepEqual(
    results.map(([name, result]) => [name, result.kind === 'failure' && result.mayHaveHappened]),
    [
      ['queued', false],
      ['sent', true],
      ['later', false],
    ],
  );
});

test('R20: what a peer forwarded is forgotten with its connection: restarted, it uses the same request ids again', () => {
  const { world, proposer, log } = setup();
  world.leads = true;
  proposer.addForwarded(3, 1, [put('of the first run')]);
  proposer.addForwarded(2, 1, [put('of another node')]);
  proposer.disconnected(3);
  proposer.addForwarded(3, 1, [put('of the second run'), put('of the second run too')]);
  proposer.flush();
  assert.deepEqual(log, [
    ['propose', [3]],
    ['answer', 2, 1, { kind: 'accepted', index: 10, term: 2, offset: 0 }],
    ['answer', 3, 1, { kind: 'accepted', index: 10, term: 2, offset: 1 }],
  ]);
});

const upkeep = encodeKeepSession(7);

test('S12: with a full queue callers are refused as not sent, and the upkeep of sessions is taken, first of all', () => {
  const { world, proposer, add, results, log } = setup({ queueBytesMax: 10_000, queueCommandsMax: 2 });
  add('a');
  add('b');
  add('c');
  add('keep', upkeep);
  assert.deepEqual(results, [['c', { kind: 'failure', reason: 'overloaded', mayHaveHappened: false }]]);
  world.leads = true;
  world.proposal = { index: 10, term: 2 };
  proposer.flush();
  assert.deepEqual(log, [['propose', [3]]]);
  proposer.placed.applied(10, 2, [{ kind: 'sessionKept', revision: 5 }, outcome, outcome]);
  assert.deepEqual(
    results.slice(1).map(([name]) => name),
    ['keep', 'a', 'b'],
  );
});

test('S12: commands without an outcome count, whether they were proposed here or sent to the leader', () => {
  const { world, proposer, add, results } = setup({ queueBytesMax: 10_000, queueCommandsMax: 3 });
  world.leads = true;
  add('a');
  proposer.flush();
  world.leads = false;
  world.leaderId = 2;
  add('b');
  proposer.flush();
  add('c');
  proposer.flush();
  add('refused');
  assert.deepEqual(results, [['refused', { kind: 'failure', reason: 'overloaded', mayHaveHappened: false }]]);
  proposer.placed.applied(10, 2, [outcome]);
  add('d');
  assert.equal(proposer.queuedCommands, 1);
  proposer.flush();
  proposer.disconnected(2);
  for (const name of ['e', 'f']) add(name);
  assert.equal(proposer.queuedCommands, 2, 'what is lost counts no more');
  proposer.expire(2_000);
  add('g');
  assert.equal(proposer.queuedCommands, 1, 'nor does what ran out of time');
});

test('S12: when applying lags behind, nothing is taken from callers here or elsewhere', () => {
  const { world, proposer, add, results, log } = setup();
  world.leads = true;
  world.unapplied = applyLagEntriesMax + 1;
  add('a');
  proposer.addForwarded(3, 1, [put('b')]);
  proposer.addForwarded(3, 2, [upkeep, upkeep]);
  proposer.addForwarded(3, 3, [upkeep, put('c')]);
  proposer.flush();
  assert.deepEqual(results, [['a', { kind: 'failure', reason: 'overloaded', mayHaveHappened: false }]]);
  assert.deepEqual(log, [
    ['answer', 3, 1, { kind: 'refused', reason: 'overloaded' }],
    ['answer', 3, 3, { kind: 'refused', reason: 'overloaded' }],
    ['propose', [2]],
    ['answer', 3, 2, { kind: 'accepted', index: 10, term: 2, offset: 0 }],
  ]);
});

test('S12: what a full log does not take of callers waits; upkeep goes into the reserve', () => {
  const { world, proposer, add, log } = setup();
  world.leads = true;
  world.takes = (mayUseReserve) => (mayUseReserve ? { index: 10, term: 2 } : 'full');
  add('a');
  add('keep', upkeep);
  proposer.flush();
  assert.deepEqual(log, [
    ['propose', [2]],
    ['propose', [1]],
  ]);
  assert.equal(proposer.queuedCommands, 1);
  assert.equal(proposer.placed.commands, 1);
});

test('S12: upkeep is forwarded before callers and apart from them, so that a leader can take it alone', () => {
  const { world, proposer, add, log } = setup();
  world.leaderId = 2;
  add('a');
  add('keep', upkeep);
  add('b');
  add('keep too', upkeep);
  proposer.flush();
  assert.deepEqual(log, [
    ['forward', 2, 1, 2],
    ['forward', 2, 2, 2],
  ]);
});
