import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StateHashes } from '@kvorum/core/kv/meta.js';
import { comparisonsKept, type ComparisonOutput, StateComparer } from './comparer.js';

function hashesAt(appliedIndex: number, content = 1): StateHashes {
  return {
    appliedIndex,
    appliedTerm: 2,
    currentRevision: 10,
    compactRevision: 0,
    isCompacting: false,
    chainHash: { low: 1, high: 0 },
    contentHash: { low: content, high: 0 },
  };
}

function setup(nodeId: number, leader: number | undefined) {
  const at = { leader };
  const comparer = new StateComparer(() => ({
    nodeId,
    leader: at.leader,
    isLeader: at.leader === nodeId,
    voters: { incoming: [1, 2, 3], outgoing: [] },
  }));
  return { comparer, at };
}

const report = (hashes: StateHashes) => ({ hashes, accusation: undefined });
const minority = { cause: 'minority', differsIn: 'content' } as const;
const sendTo = (to: number, hashes: StateHashes): ComparisonOutput => ({ kind: 'send', to, message: report(hashes) });

test('R14: a follower reports what it applied to the leader, and again to the next one', () => {
  const { comparer, at } = setup(2, 1);
  assert.deepEqual(comparer.applied(hashesAt(5)), [sendTo(1, hashesAt(5))]);
  at.leader = undefined;
  assert.deepEqual(comparer.leaderChanged(), []);
  assert.deepEqual(comparer.applied(hashesAt(9)), []);
  at.leader = 3;
  assert.deepEqual(comparer.leaderChanged(), [sendTo(3, hashesAt(5)), sendTo(3, hashesAt(9))]);
});

test('R14: reports are sent again when the connection to the leader is back', () => {
  const { comparer } = setup(2, 1);
  comparer.applied(hashesAt(5));
  assert.deepEqual(comparer.connected(3), []);
  assert.deepEqual(comparer.connected(1), [sendTo(1, hashesAt(5))]);
});

test('R14: a leader tells the minority, at each report anew, and says once that a quorum is equal', () => {
  const { comparer } = setup(1, 1);
  const verdict: ComparisonOutput = {
    kind: 'send',
    to: 3,
    message: { hashes: hashesAt(5, 7), accusation: minority },
  };
  assert.deepEqual(comparer.received(3, report(hashesAt(5, 7))), []);
  assert.deepEqual(comparer.applied(hashesAt(5)), [{ kind: 'differs', index: 5 }]);
  assert.deepEqual(comparer.received(2, report(hashesAt(5))), [{ kind: 'equal', index: 5 }, verdict]);
  assert.deepEqual(comparer.received(3, report(hashesAt(5, 7))), [verdict]);
});

test('R14: a leader that is wrong stops itself, and knows who else is', () => {
  const { comparer } = setup(1, 1);
  comparer.applied(hashesAt(5, 7));
  comparer.received(2, report(hashesAt(5)));
  const outputs = comparer.received(3, report(hashesAt(5)));
  assert.deepEqual(outputs.at(-1), { kind: 'stop', index: 5, accusation: minority, suspects: [1] });
});

test('R14: when all differ the others are told before the leader stops', () => {
  const { comparer } = setup(1, 1);
  comparer.applied(hashesAt(5, 7));
  comparer.received(2, report(hashesAt(5, 8)));
  const outputs = comparer.received(3, report(hashesAt(5, 9)));
  assert.deepEqual(
    outputs.map((output) => (output.kind === 'send' ? `to ${output.to}` : output.kind)),
    ['to 2', 'to 3', 'stop'],
  );
});

test('R14: a verdict counts only for exactly what this replica reported', () => {
  const { comparer } = setup(3, 1);
  comparer.applied(hashesAt(5, 7));
  for (const other of [hashesAt(6, 7), hashesAt(5, 8), { ...hashesAt(5, 7), appliedTerm: 3 }]) {
    assert.deepEqual(comparer.received(1, { hashes: other, accusation: minority }), []);
  }
  assert.deepEqual(comparer.received(1, { hashes: hashesAt(5, 7), accusation: minority }), [
    { kind: 'stop', index: 5, accusation: minority, suspects: [3] },
  ]);
});

test('R14: a verdict on a state that a snapshot has replaced is void', () => {
  const { comparer } = setup(3, 1);
  comparer.applied(hashesAt(5, 7));
  comparer.forgetOwn();
  assert.deepEqual(comparer.received(1, { hashes: hashesAt(5, 7), accusation: minority }), []);
});

test('R14: a replica that lags is judged by an older index, as long as that is remembered', () => {
  const { comparer } = setup(1, 1);
  for (let index = 1; index <= comparisonsKept; index += 1) {
    comparer.applied(hashesAt(index));
    comparer.received(2, report(hashesAt(index)));
  }
  const wrong = comparer.received(3, report(hashesAt(1, 7)));
  assert.deepEqual(wrong, [{ kind: 'send', to: 3, message: { hashes: hashesAt(1, 7), accusation: minority } }]);
  comparer.applied(hashesAt(comparisonsKept + 1));
  assert.deepEqual(comparer.received(3, report(hashesAt(1, 7))), []);
});

test('R14: who does not lead collects nothing', () => {
  const { comparer, at } = setup(2, 1);
  comparer.applied(hashesAt(5));
  assert.deepEqual(comparer.received(3, report(hashesAt(5, 7))), []);
  at.leader = 2;
  assert.deepEqual(comparer.leaderChanged(), []);
  assert.deepEqual(comparer.received(3, report(hashesAt(5, 7))), [{ kind: 'differs', index: 5 }]);
});
