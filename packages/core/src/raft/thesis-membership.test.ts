/**
 * The Raft thesis, chapter 4: cluster membership changes, one test per rule. Differing from the thesis, a configuration takes effect
 * when its entry is applied, not when it is appended.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '../base/utf8.js';
import type { ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2 } from './confchange/conf-change.js';
import { encodeConfChange } from './confchange/codec.js';
import { LEAVE_JOINT } from './confchange/conf-change.js';
import type { RaftConfig } from './config.js';
import type { Message } from './message.js';
import { elect, entriesOf, type Harness, messageFrom, type Stored, startHarness } from './testing/node-harness.js';

const NO_CONTEXT = new Uint8Array(0);

const one = (type: ConfChangeType, nodeId: number): ConfChangeV2 => change('auto', [{ type, nodeId }]);

function change(transition: ConfChangeTransition, changes: readonly ConfChangeSingle[]): ConfChangeV2 {
  return { version: 2, transition, changes, context: NO_CONTEXT };
}

/** Node 1 leads term 1 among `voters`; its first entry is on all of them and applied. */
function startLeader(voters: readonly number[], options: Partial<RaftConfig> = {}, stored: Stored = {}): Harness {
  const harness = startHarness(voters, options, stored);
  const others = voters.filter((id) => id !== 1);
  elect(harness, ...others);
  harness.settle();
  acknowledge(harness, 1, others);
  harness.settle();
  assert.deepEqual([harness.node.role, harness.node.basicStatus().applied], ['leader', 1]);
  return harness;
}

function acknowledge(harness: Harness, index: number, ids: readonly number[]): void {
  for (const id of ids) harness.node.step(messageFrom(id, 'MsgAppResp', { term: 1, index }));
}

function commitOf(harness: Harness): number {
  return harness.node.basicStatus().commit;
}

function proposeText(harness: Harness): void {
  harness.node.propose([encodeUtf8('x')]);
  harness.settle();
}

test('thesis 4.1: one voter comes or goes in one step; more than one goes through a joint configuration', () => {
  const added = startLeader([1, 2, 3]).node.applyConfChange(one('addVoter', 4));
  assert.deepEqual([added.voters, added.votersOutgoing], [[1, 2, 3, 4], []]);
  const removed = startLeader([1, 2, 3]).node.applyConfChange(one('remove', 3));
  assert.deepEqual([removed.voters, removed.votersOutgoing], [[1, 2], []]);
  const replaced = startLeader([1, 2, 3]).node.applyConfChange(
    change('auto', [
      { type: 'remove', nodeId: 3 },
      { type: 'addVoter', nodeId: 4 },
    ]),
  );
  assert.deepEqual([replaced.voters, replaced.votersOutgoing, replaced.autoLeave], [[1, 2, 4], [1, 2, 3], true]);
});

test('thesis 4.1: a change under way keeps further ones out: they become entries without effect', () => {
  const harness = startLeader([1, 2, 3]);
  assert.deepEqual(harness.node.proposeConfChange(one('addVoter', 4)), { isAccepted: true, index: 2, term: 1 });
  assert.deepEqual(harness.node.proposeConfChange(one('addVoter', 5)), { isAccepted: true, index: 3, term: 1 });
  harness.settle();
  assert.deepEqual(entriesFrom(harness, 2), ['confChangeV2', 'normal']);
});

test('thesis 4.1: a change that was refused for want of room is not under way: the next one takes effect', () => {
  const harness = startLeader([1, 2, 3], { uncommittedBytesMax: 4 });
  harness.node.propose([encodeUtf8('full')]);
  const refused = { isAccepted: false, reason: 'uncommittedLimit' };
  assert.deepEqual(harness.node.proposeConfChange(one('addVoter', 4)), refused);
  harness.settle();
  acknowledge(harness, 2, [2]);
  harness.settle();
  harness.node.proposeConfChange(one('addVoter', 4));
  harness.settle();
  assert.deepEqual(entriesFrom(harness, 3), ['confChangeV2']);
});

test('thesis 4.1: a new leader changes nothing before an entry of its own term is committed and applied', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1] });
  harness.node.campaign();
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgVoteResp', { term: 2 }));
  harness.node.proposeConfChange(one('addVoter', 4));
  harness.settle();
  assert.deepEqual(entriesFrom(harness, 3), ['normal'], 'entry 1 may be a change that is not applied');
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 2, index: 3 }));
  harness.settle();
  harness.node.proposeConfChange(one('addVoter', 4));
  harness.settle();
  assert.deepEqual(entriesFrom(harness, 4), ['confChangeV2']);
});

test('thesis 4.1: quorums are those of the applied configuration, here from the apply on', () => {
  const harness = startLeader([1, 2, 3]);
  harness.node.proposeConfChange(one('addVoter', 4));
  harness.settle();
  acknowledge(harness, 2, [2]);
  assert.equal(commitOf(harness), 2, 'two of three commit the change');
  harness.settle();
  harness.node.applyConfChange(one('addVoter', 4));
  proposeText(harness);
  acknowledge(harness, 3, [2]);
  assert.equal(commitOf(harness), 2, 'two of four commit nothing');
  acknowledge(harness, 3, [3]);
  assert.equal(commitOf(harness), 3);
});

test('thesis 4.1: nobody asks for votes with a committed change that it has not applied', () => {
  const harness = startHarness([1, 2, 3]);
  const [entry] = entriesOf(1, [1]);
  assert.ok(entry !== undefined);
  const entries = [{ ...entry, type: 'confChangeV2' as const, data: NO_CONTEXT }];
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries, commit: 1 }));
  harness.node.campaign();
  assert.equal(harness.node.role, 'follower');
  harness.settle();
  harness.node.campaign();
  assert.equal(harness.node.role, 'candidate');
});

test('thesis 4.2.1: a learner gets the log, but neither its acknowledgement nor its vote counts', () => {
  const harness = startLeader([1, 2, 3], {}, { learners: [4] });
  harness.node.step(messageFrom(4, 'MsgAppResp', { term: 1, index: 1 }));
  harness.settle();
  harness.node.propose([encodeUtf8('x')]);
  const sent = harness.settle();
  assert.ok(sent.includes('1->4 MsgApp Term:1 Log:1/1 Commit:1 Entries:[1/2 EntryNormal "x"]'));
  acknowledge(harness, 2, [4]);
  assert.equal(commitOf(harness), 1);
  acknowledge(harness, 2, [2]);
  assert.equal(commitOf(harness), 2);

  const candidate = startHarness([1, 2, 3], {}, { learners: [4] });
  candidate.node.campaign();
  assert.ok(!candidate.settle().some((text) => text.startsWith('1->4')), 'a learner is not asked');
  candidate.node.step(messageFrom(4, 'MsgVoteResp', { term: 1 }));
  assert.equal(candidate.node.role, 'candidate');
});

test('thesis 4.2.1: a learner holds no elections', () => {
  const harness = startHarness([2, 3], {}, { learners: [1] });
  for (let ticks = 0; ticks < 100; ticks += 1) harness.node.tick();
  harness.node.campaign();
  assert.deepEqual([harness.node.role, harness.node.term], ['follower', 0]);
});

test('thesis 4.2.1: a new server is probed from the leader’s end of the log on, and promoted once it is to count', () => {
  const harness = startLeader([1, 2, 3]);
  harness.node.applyConfChange(one('addLearner', 4));
  const learner = harness.node.status().progress.get(4);
  assert.deepEqual([learner?.isLearner, learner?.match, learner?.next], [true, 0, 1]);
  const promoted = harness.node.applyConfChange(one('addVoter', 4));
  assert.deepEqual([promoted.voters, promoted.learners], [[1, 2, 3, 4], []]);
});

test('thesis 4.2.2: a leader that is removed goes on until its successor is elected, without counting itself', () => {
  const harness = startLeader([1, 2, 3]);
  harness.node.proposeConfChange(one('remove', 1));
  // On its way behind the change, so it is of the leader's log too.
  proposeText(harness);
  acknowledge(harness, 2, [2]);
  harness.settle();
  harness.node.applyConfChange(one('remove', 1));
  assert.equal(harness.node.role, 'leader');
  acknowledge(harness, 3, [2]);
  assert.equal(commitOf(harness), 2, 'one of the two that are left');
  acknowledge(harness, 3, [3]);
  assert.equal(commitOf(harness), 3);
  assert.deepEqual(harness.node.propose([encodeUtf8('x')]), { isAccepted: false, reason: 'notLeader' });
});

test('thesis 4.2.2: with stepDownOnRemoval a leader that is removed or demoted steps down at once', () => {
  for (const type of ['remove', 'addLearner'] as const) {
    const { node } = startLeader([1, 2, 3], { stepDownOnRemoval: true });
    node.applyConfChange(one(type, 1));
    assert.deepEqual([node.role, node.term], ['follower', 1], type);
  }
});

test('thesis 4.2.2: a server that was removed holds no elections', () => {
  const { node } = startHarness([1, 2, 3]);
  node.applyConfChange(one('remove', 1));
  for (let ticks = 0; ticks < 100; ticks += 1) node.tick();
  assert.deepEqual([node.role, node.term], ['follower', 0]);
});

test('thesis 4.2.3: within an election timeout after the leader was heard of no vote moves a follower; later one does', () => {
  const harness = startHarness([1, 2, 3]);
  harness.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1 }));
  harness.settle();
  const ask = (): string[] => {
    harness.node.step(messageFrom(3, 'MsgVote', { term: 2 }));
    return harness.settle();
  };
  for (let ticks = 0; ticks < 9; ticks += 1) harness.node.tick();
  assert.deepEqual(ask(), []);
  harness.node.tick();
  assert.deepEqual(ask(), ['1->3 MsgVoteResp Term:2 Log:0/0']);
});

test('thesis 4.2.3, 3.10: an election that the leader asked for is let through', () => {
  const harness = startHarness([1, 2, 3]);
  harness.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1 }));
  harness.settle();
  harness.node.step(messageFrom(3, 'MsgVote', { term: 2, isTransfer: true }));
  assert.deepEqual(harness.settle(), ['1->3 MsgVoteResp Term:2 Log:0/0']);
});

test('thesis 4.2.2: a leader that went with its change tells in its refusal that it is committed, and who stays can lead', () => {
  // Node 2 led {1, 2} and removed itself: committed and applied on node 2 alone, whose log goes on to entry 4.
  const [first, entry, next] = entriesOf(1, [1, 1, 1]);
  assert.ok(first !== undefined && entry !== undefined && next !== undefined);
  const leaving = { ...entry, type: 'confChangeV2' as const, data: encodeConfChange(one('remove', 2)) };
  const refusal = { term: 2, reject: true, commit: 2, logTerm: 1 };
  const candidate = (answer: Partial<Message>): Harness => {
    const harness = startHarness([1, 2]);
    harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: [first, leaving, next], commit: 1 }));
    harness.settle();
    harness.node.campaign();
    harness.settle();
    harness.node.step(messageFrom(2, 'MsgVoteResp', answer));
    return harness;
  };
  assert.equal(
    commitOf(candidate({ ...refusal, commit: 0, logTerm: 0 })),
    1,
    'untold it needs a vote that it never gets',
  );
  const told = candidate(refusal);
  assert.deepEqual([told.node.role, commitOf(told)], ['follower', 2], 'it counted in a configuration that is over');
  told.node.applyConfChange(one('remove', 2));
  told.settle();
  told.node.campaign();
  told.settle();
  assert.equal(told.node.role, 'leader');
});

test('thesis 4.2.2: a refusal that speaks of an entry this candidate does not hold commits nothing', () => {
  for (const [commit, logTerm] of [
    [2, 2],
    [4, 1],
    [1, 1],
  ] as const) {
    const harness = startHarness([1, 2, 3], { commitByVote: true });
    harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1, 1, 1]), commit: 1 }));
    harness.node.campaign();
    harness.settle();
    harness.node.step(messageFrom(2, 'MsgVoteResp', { term: 2, reject: true, commit, logTerm }));
    assert.deepEqual([harness.node.role, commitOf(harness)], ['candidate', 1]);
  }
});

test('thesis 4.2.2: who refuses a vote tells its commit index and the term there, only where that is asked for', () => {
  const refusals = (commitByVote: boolean): { readonly commit: number; readonly logTerm: number }[] => {
    const harness = startHarness([1, 2, 3], { commitByVote });
    harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1, 1]), commit: 2 }));
    harness.settle();
    harness.node.step(messageFrom(3, 'MsgVote', { term: 2, isTransfer: true }));
    return [...harness.take(), ...harness.sync()].map(({ commit, logTerm }) => ({ commit, logTerm }));
  };
  assert.deepEqual(refusals(true), [{ commit: 2, logTerm: 1 }]);
  assert.deepEqual(refusals(false), [{ commit: 0, logTerm: 0 }]);
});

/** From {1, 2, 3} to {1, 4, 5}. */
const TWO_FOR_TWO: readonly ConfChangeSingle[] = [
  { type: 'remove', nodeId: 2 },
  { type: 'remove', nodeId: 3 },
  { type: 'addVoter', nodeId: 4 },
  { type: 'addVoter', nodeId: 5 },
];

/** Node 1 leads while the configuration is joint. */
function startJoint(transition: ConfChangeTransition, options: Partial<RaftConfig> = {}): Harness {
  const harness = startLeader([1, 2, 3], options);
  harness.node.applyConfChange(change(transition, TWO_FOR_TWO));
  return harness;
}

test('thesis 4.3, 3.10: a joint configuration that a leadership transfer kept from being left is left when the transfer fails', () => {
  const harness = startLeader([1, 2, 3], { checkQuorum: false });
  harness.node.proposeConfChange(change('implicit', TWO_FOR_TWO));
  harness.settle();
  harness.node.transferLeader(2);
  acknowledge(harness, 2, [3]);
  harness.node.applyConfChange(change('implicit', TWO_FOR_TWO));
  harness.settle();
  assert.equal(harness.node.basicStatus().applied, 2);
  assert.deepEqual(entriesFrom(harness, 2), ['confChangeV2'], 'not while leadership is being handed over');
  for (let ticks = 0; ticks < 10; ticks += 1) harness.node.tick();
  harness.settle();
  assert.deepEqual(entriesFrom(harness, 2), ['confChangeV2', 'confChangeV2'], 'nobody else would do it');
});

test('thesis 4.3: log entries go to the servers of both configurations', () => {
  const harness = startJoint('explicit');
  assert.deepEqual([...harness.node.status().progress.keys()], [1, 2, 3, 4, 5]);
  harness.settle();
  acknowledge(harness, 1, [4, 5]);
  harness.settle();
  harness.node.propose([encodeUtf8('x')]);
  assert.deepEqual(
    harness.settle().map((text) => text.slice(0, 4)),
    ['1->2', '1->3', '1->4', '1->5'],
  );
});

test('thesis 4.3: agreement on entries takes majorities of the old and of the new configuration', () => {
  const commitsAfter = (...ids: readonly number[]): number[] => {
    const harness = startJoint('explicit');
    proposeText(harness);
    return ids.map((id) => {
      acknowledge(harness, 2, [id]);
      return commitOf(harness);
    });
  };
  assert.deepEqual(commitsAfter(2, 3, 4), [1, 1, 2], 'all of the old don’t do without one more of the new');
  assert.deepEqual(commitsAfter(4, 5, 2), [1, 1, 2], 'nor all of the new without one more of the old');
});

test('thesis 4.3: elections take majorities of the old and of the new configuration', () => {
  const rolesAfter = (...ids: readonly number[]): string[] => {
    const harness = startHarness([1, 2, 3]);
    harness.node.applyConfChange(change('explicit', TWO_FOR_TWO));
    elect(harness);
    return ids.map((id) => {
      harness.node.step(messageFrom(id, 'MsgVoteResp', { term: 1 }));
      return harness.node.role;
    });
  };
  assert.deepEqual(rolesAfter(2, 3, 5), ['candidate', 'candidate', 'leader']);
  assert.deepEqual(rolesAfter(4, 5, 2), ['candidate', 'candidate', 'leader']);
});

test('thesis 4.3: any server of either configuration may lead', () => {
  const { node } = startHarness([1, 2, 3]);
  const leaving = change('explicit', [
    { type: 'remove', nodeId: 1 },
    { type: 'addVoter', nodeId: 4 },
  ]);
  node.applyConfChange(leaving);
  node.campaign();
  assert.equal(node.role, 'candidate');
});

test('thesis 4.3: once the joint configuration is applied the leader proposes to leave it, unless that is asked for', () => {
  const entering = change('implicit', [{ type: 'addVoter', nodeId: 4 }]);
  const typesAfter = (proposed: ConfChangeV2): string[] => {
    const harness = startLeader([1, 2, 3]);
    harness.node.proposeConfChange(proposed);
    harness.settle();
    acknowledge(harness, 2, [2]);
    harness.node.applyConfChange(proposed);
    harness.settle();
    return entriesFrom(harness, 2);
  };
  assert.deepEqual(typesAfter(entering), ['confChangeV2', 'confChangeV2']);
  assert.deepEqual(typesAfter({ ...entering, transition: 'explicit' }), ['confChangeV2']);
});

test('thesis 4.3: no further change before the joint configuration is left, and none leaves one that is not joint', () => {
  const joint = startJoint('explicit');
  joint.node.proposeConfChange(one('addVoter', 6));
  joint.settle();
  joint.node.proposeConfChange(LEAVE_JOINT);
  joint.settle();
  assert.deepEqual(entriesFrom(joint, 2), ['normal', 'confChangeV2']);
  const left = joint.node.applyConfChange(LEAVE_JOINT);
  assert.deepEqual([left.voters, left.votersOutgoing], [[1, 4, 5], []]);

  const simple = startLeader([1, 2, 3]);
  simple.node.proposeConfChange(LEAVE_JOINT);
  simple.settle();
  assert.deepEqual(entriesFrom(simple, 2), ['normal']);
});

/** Types of the entries stored from index `first` on. */
function entriesFrom(harness: Harness, first: number): string[] {
  const { storage } = harness;
  const entries = storage.entries(first, storage.lastIndex() + 1, Number.POSITIVE_INFINITY);
  return entries === 'compacted' ? [] : entries.map(({ type }) => type);
}
