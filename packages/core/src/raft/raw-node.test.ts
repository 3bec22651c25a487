import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '../base/utf8.js';
import { RaftConfigError } from './config.js';
import { MemoryLogStorage } from './memory-log-storage.js';
import { RawNode } from './raw-node.js';
import { confStateOf } from './snapshot.js';
import { elect, messageFrom, startHarness } from './testing/node-harness.js';

const bytes = encodeUtf8;

test('R10, thesis 10.2.1: a single node counts its own entry only after its storage has it', () => {
  const harness = startHarness([1]);
  harness.node.campaign();
  harness.take();
  assert.equal(harness.node.role, 'candidate', 'the own vote counts only once it is stored');
  harness.sync();
  assert.equal(harness.node.role, 'leader');
  const result = harness.node.propose([bytes('a'), bytes('b')]);
  assert.deepEqual(result, { isAccepted: true, index: 2, term: 1 });
  harness.take();
  assert.equal(harness.node.basicStatus().commit, 0);
  harness.sync();
  assert.equal(harness.node.basicStatus().commit, 3);
  assert.equal(harness.storage.lastIndex(), 3);
});

test('R10, thesis 10.2.1: two followers commit without the leader, whose own entry still counts only after its sync', () => {
  const harness = startHarness([1, 2, 3]);
  elect(harness, 2);
  harness.take();
  assert.equal(harness.node.role, 'leader');
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  assert.equal(harness.node.basicStatus().commit, 0, 'one follower and an unsynced leader are no quorum');
  harness.node.step(messageFrom(3, 'MsgAppResp', { term: 1, index: 1 }));
  assert.equal(harness.node.basicStatus().commit, 1);
  assert.equal(harness.node.basicStatus().applied, 0, 'what this node has not synced is not applied');
  harness.take();
  harness.sync();
  harness.take();
  assert.equal(harness.node.basicStatus().applied, 1);
});

test('P3, thesis 10.2.1: entries leave for the followers while the own append is still under way, acknowledgements do not', () => {
  const harness = startHarness([1, 2, 3]);
  elect(harness, 2);
  harness.take();
  harness.sync();
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  harness.node.step(messageFrom(3, 'MsgAppResp', { term: 1, index: 1 }));
  harness.take();
  harness.node.propose([bytes('x')]);
  const sent = harness.take().filter(({ type, entries }) => type === 'MsgApp' && entries.length > 0);
  assert.deepEqual(
    sent.map(({ to }) => to),
    [2, 3],
  );

  const follower = startHarness([1, 2, 3]);
  const entries = [{ term: 1, index: 1, type: 'normal' as const, data: bytes('x') }];
  follower.node.step(messageFrom(2, 'MsgApp', { term: 1, entries }));
  assert.deepEqual(follower.take(), [], 'a follower acknowledges only what it has stored');
});

test('P6: no more messages than the window holds, and no fewer after an acknowledgement', () => {
  const harness = startHarness([1, 2], { inflightMessagesMax: 4 });
  elect(harness, 2);
  harness.take();
  harness.sync();
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  harness.take();
  for (let proposed = 0; proposed < 10; proposed += 1) harness.node.propose([bytes('x')]);
  const sent = harness.take().filter(({ entries }) => entries.length > 0);
  assert.deepEqual(
    sent.map(({ index }) => index + 1),
    [2, 3, 4, 5],
  );
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 3 }));
  const more = harness.take().filter(({ entries }) => entries.length > 0);
  assert.equal(more.length, 1, 'what piled up goes in one message');
  assert.deepEqual(
    more[0]?.entries.map(({ index }) => index),
    [6, 7, 8, 9, 10, 11],
  );
});

test('R13, thesis 6.4: a read waits for the commit of an own entry, and older rounds confirm nothing', () => {
  const harness = startHarness([1, 2, 3]);
  elect(harness, 2);
  const { node } = harness;
  assert.equal(node.readIndex(7), 'accepted');
  const early = harness.take();
  assert.ok(!early.some(({ type }) => type === 'MsgHeartbeat'));
  harness.sync();
  node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  node.readIndex(8);
  const rounds = harness.take().filter(({ type }) => type === 'MsgHeartbeat');
  assert.deepEqual(
    rounds.map(({ readToken }) => readToken),
    [1, 1],
    'read 8 waits for the next round',
  );
  const readsOf = (from: number, readToken: number, term = 1): readonly number[] => {
    node.step(messageFrom(from, 'MsgHeartbeatResp', { term, readToken }));
    return node.hasReady ? node.ready().readStates.map(({ context }) => context) : [];
  };
  assert.deepEqual(readsOf(2, 0), []);
  assert.deepEqual(readsOf(2, 1), [7]);
  assert.deepEqual(readsOf(3, 1), [], 'a late answer to round 1 does not confirm round 2');
  assert.deepEqual(readsOf(2, 1), []);
  assert.deepEqual(readsOf(3, 2), [8]);
});

test('R13, thesis 6.4: rounds of an earlier leadership of the same node mean nothing in a later one', () => {
  const harness = startHarness([1, 2, 3]);
  elect(harness, 2);
  harness.take();
  harness.sync();
  const { node } = harness;
  node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  node.readIndex(1);
  harness.take();
  node.step(messageFrom(3, 'MsgHeartbeat', { term: 2 }));
  assert.equal(node.role, 'follower');
  harness.take();
  harness.sync();
  node.campaign();
  harness.take();
  harness.sync();
  node.step(messageFrom(2, 'MsgVoteResp', { term: 3 }));
  assert.equal(node.role, 'leader');
  harness.take();
  harness.sync();
  node.step(messageFrom(2, 'MsgAppResp', { term: 3, index: 2 }));
  node.readIndex(2);
  harness.take();
  node.step(messageFrom(2, 'MsgHeartbeatResp', { term: 1, readToken: 1 }));
  assert.equal(node.hasReady, false, 'the answer belongs to round 1 of term 1');
  node.step(messageFrom(2, 'MsgHeartbeatResp', { term: 3, readToken: 1 }));
  assert.deepEqual(node.ready().readStates, [{ index: 2, context: 2 }]);
});

test('R13: an answer to a read that was asked for before a restart is ignored', () => {
  const before = startHarness([1, 2, 3], { random: () => 0.25 });
  before.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1 }));
  before.node.readIndex(5);
  const [request] = before.take().filter(({ type }) => type === 'MsgReadIndex');
  assert.ok(request !== undefined);
  const answer = messageFrom(2, 'MsgReadIndexResp', { term: 1, index: 9, context: 5, readToken: request.readToken });
  const after = startHarness([1, 2, 3], { random: () => 0.75 });
  after.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1 }));
  after.node.step(answer);
  assert.deepEqual(after.node.ready().readStates, []);
  before.node.step(answer);
  assert.deepEqual(before.node.ready().readStates, [{ index: 9, context: 5 }]);
});

test('S9: reads beyond the limit are refused', () => {
  const harness = startHarness([1, 2, 3], { pendingReadsMax: 2 });
  assert.equal(harness.node.readIndex(1), 'noLeader');
  elect(harness, 2);
  assert.equal(harness.node.readIndex(1), 'accepted');
  assert.equal(harness.node.readIndex(2), 'accepted');
  assert.equal(harness.node.readIndex(3), 'tooManyReads');
});

test('R26, thesis 4.2.3, 9.6: with a leader alive, votes and pre-votes of others are ignored', () => {
  const harness = startHarness([1, 2, 3]);
  harness.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1 }));
  harness.take();
  harness.node.step(messageFrom(3, 'MsgPreVote', { term: 9, index: 9, logTerm: 9 }));
  harness.node.step(messageFrom(3, 'MsgVote', { term: 9, index: 9, logTerm: 9 }));
  assert.equal(harness.node.term, 1);
  assert.equal(harness.node.hasReady, false);
});

test('N10: the election timer can be started over after a stall', () => {
  const harness = startHarness([1, 2, 3]);
  for (let ticks = 0; ticks < 14; ticks += 1) harness.node.tick();
  harness.node.restartElectionTimer();
  for (let ticks = 0; ticks < 14; ticks += 1) harness.node.tick();
  assert.equal(harness.node.role, 'follower');
  harness.node.tick();
  assert.equal(harness.node.role, 'candidate');
});

test('messages of the host from a peer, answers of strangers and messages without a term are refused', () => {
  const { node } = startHarness([1, 2, 3]);
  assert.equal(node.step(messageFrom(2, 'MsgStorageAppendResp', { term: 1, index: 9 })), 'storageMessage');
  assert.equal(node.step(messageFrom(7, 'MsgAppResp', { term: 1 })), 'unknownPeer');
  assert.equal(node.step(messageFrom(2, 'MsgApp', {})), 'noTerm');
  assert.equal(node.term, 0);
});

test('S4: an option out of range is refused by name', () => {
  const storage = new MemoryLogStorage(confStateOf([1]));
  const base = { id: 1, electionTicks: 10, heartbeatTicks: 1, storage, random: () => 0.5 };
  assert.throws(() => new RawNode({ ...base, id: 0 }), /^RaftConfigError|id is 0, must be an integer in \[1, 2\^53\)/);
  assert.throws(() => new RawNode({ ...base, electionTicks: 1 }), { constructor: RaftConfigError });
  assert.throws(() => new RawNode({ ...base, inflightMessagesMax: 0 }), { message: /inflightMessagesMax is 0/ });
  assert.throws(() => new RawNode({ ...base, checkQuorum: false, readOnly: 'leaseBased' }), RaftConfigError);
});

test('a start with more applied than the stored commit index says raises the commit index', () => {
  const storage = new MemoryLogStorage(confStateOf([1]));
  storage.append([1, 2, 3].map((index) => ({ term: 1, index, type: 'normal', data: bytes('x') })));
  storage.setHardState({ term: 1, vote: 1, commit: 1 });
  const node = new RawNode({ id: 1, electionTicks: 10, heartbeatTicks: 1, storage, random: () => 0.5, applied: 2 });
  const { commit, applied, lastIndex } = node.basicStatus();
  assert.deepEqual({ commit, applied, lastIndex }, { commit: 2, applied: 2, lastIndex: 3 });
});

test('an idle tick needs no Ready', () => {
  const { node } = startHarness([1, 2, 3]);
  node.tick();
  assert.equal(node.hasReady, false);
});

test('R10: the votes of others do not make a leader whose own term and vote are not stored', () => {
  const harness = startHarness([1, 2, 3]);
  harness.node.campaign();
  harness.take();
  harness.node.step(messageFrom(2, 'MsgVoteResp', { term: 1 }));
  harness.node.step(messageFrom(3, 'MsgVoteResp', { term: 1 }));
  assert.equal(harness.node.role, 'candidate', 'it could crash, forget the term and lead it once more');
  harness.sync();
  assert.equal(harness.node.role, 'leader');
});
