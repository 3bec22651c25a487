import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommittedEntries } from './committed-entries.js';
import { ConfStateAgreement } from './conf-state-agreement.js';
import { ElectionSafety } from './election-safety.js';
import { LogMatching } from './log-matching.js';
import { StateMachineSafety } from './state-machine-safety.js';
import type { ReplicaView } from './replica-view.js';
import { reportsOf } from './testing/script.js';

/** A replica whose synced log holds entries of these terms, from index 1 on. */
function viewOf(terms: readonly number[], view: Partial<ReplicaView> = {}, text = 'x'): ReplicaView {
  const entries = terms.map((term, i) => ({
    index: i + 1,
    term,
    type: 'normal' as const,
    data: new TextEncoder().encode(`${text}${i}`),
  }));
  return {
    node: 1,
    process: 1,
    shard: 1,
    role: 'follower',
    term: terms.at(-1) ?? 0,
    commit: 0,
    log: {
      firstIndex: () => 1,
      term: (index) => (index === 0 ? 0 : (terms[index - 1] ?? 'unavailable')),
      entries: (from, to) => entries.slice(from - 1, to - 1),
    },
    stableIndex: terms.length,
    lastIndex: terms.length,
    state: undefined,
    coreConfState: undefined,
    ...view,
  };
}

test('R8 election safety: two leaders of one term are found', () => {
  const lead = (terms: readonly number[]) =>
    reportsOf((report) => {
      const checker = new ElectionSafety(report);
      terms.forEach((term, i) => checker.leads(i + 1, 1, term));
      checker.leads(1, 0, terms[0] ?? 0);
    });
  assert.deepEqual(lead([3, 4]), []);
  assert.deepEqual(lead([3, 3]), ['shard 1 has two leaders in term 3: nodes 1 and 2']);
});

test('R8 log matching: one index and term, two contents, is found', () => {
  const look = (...views: ReplicaView[]) =>
    reportsOf((report) => {
      const checker = new LogMatching(report);
      for (const view of views) checker.look(view);
    });
  assert.deepEqual(look(viewOf([1, 1, 2]), viewOf([1, 1, 2, 2], { node: 2 })), []);
  assert.deepEqual(look(viewOf([1]), viewOf([1], { node: 2 }, 'y')), [
    'entry 1 of term 1 in shard 1 differs on node 2',
  ]);
  assert.deepEqual(look(viewOf([1, 3]), viewOf([2, 3], { node: 2 })), [
    'entry 2 of term 3 in shard 1 follows term 2 on node 2 and term 1 elsewhere',
  ]);
});

test('R8 committed entries: two terms committed at one index are found', () => {
  const reports = reportsOf((report) => {
    const checker = new CommittedEntries(report, assert.fail);
    checker.look(viewOf([1, 1], { commit: 2 }));
    checker.look(viewOf([1, 2], { node: 2, commit: 1 }));
    checker.look(viewOf([1, 2], { node: 2, commit: 2 }));
  });
  assert.deepEqual(reports, ['shard 1, index 2: node 2 has committed term 2, another one term 1']);
});

test('R8 leader completeness: a leader without what was committed before is found', () => {
  const elect = (leader: ReplicaView) =>
    reportsOf((report) => {
      const checker = new CommittedEntries(assert.fail, report);
      checker.look(viewOf([1, 1], { commit: 2, term: 1 }));
      checker.leads(2, 1, 1, 2);
      checker.look(leader);
    });
  const leads = { node: 2, role: 'leader', term: 2 };
  assert.deepEqual(elect(viewOf([1, 1, 2], leads)), []);
  assert.match(elect(viewOf([1], leads))[0] ?? '', /leader of shard 1 in term 2, ends at 1, 2 was committed before/);
  assert.match(elect(viewOf([1, 2], leads))[0] ?? '', /holds term 2 at 2, committed is term 1/);
});

test('R8 R14 state machine safety: two states at one index are found', () => {
  const look = (second: string) =>
    reportsOf((report) => {
      const checker = new StateMachineSafety(report);
      checker.look(viewOf([1], { state: { appliedIndex: 1, chainHash: 'aa', confState: '1' } }));
      checker.look(viewOf([1], { node: 2, state: { appliedIndex: 1, chainHash: second, confState: '1' } }));
    });
  assert.deepEqual(look('aa'), []);
  assert.deepEqual(look('bb'), ['shard 1 at index 1: node 2 and node 1 differ']);
});

test('R8 R9 agreement on the membership: two of them at one index, and a core that counts in another one, are found', () => {
  const look = (confState: string, coreConfState: string) =>
    reportsOf((report) => {
      const checker = new ConfStateAgreement(report);
      const state = { appliedIndex: 1, chainHash: 'aa' };
      checker.look(viewOf([1], { state: { ...state, confState: '1 2 3' }, coreConfState: '1 2 3' }));
      checker.look(viewOf([1], { node: 2, state: { ...state, confState }, coreConfState }));
    });
  assert.deepEqual(look('1 2 3', '1 2 3'), []);
  assert.deepEqual(look('1 2', '1 2'), ['shard 1 at index 1: 1 2 on node 2, 1 2 3 on node 1']);
  assert.deepEqual(look('1 2 3', '1 2'), ['shard 1: the core of node 2 counts in 1 2, its state holds 1 2 3']);
});
