/**
 * The Raft thesis, sections 3.10 (transfer), 6.2 (quorum check), 6.4 (read-only queries) and 9.6 (pre-vote): one test per rule.
 * The rounds of reads (6.4, R13) and writing to the leader's disk in parallel (10.2.1, R10) are in raw-node.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '../base/utf8.js';
import type { RaftConfig } from './config.js';
import { elect, entriesOf, type Harness, messageFrom, startHarness } from './testing/node-harness.js';

/** Node 1 leads term 1 among three; its first entry is committed. */
function startLeader(options: Partial<RaftConfig> = {}): Harness {
  const harness = startHarness([1, 2, 3], options);
  elect(harness, 2);
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  harness.settle();
  return harness;
}

/** A follower of node 2 in term 1 that has one entry. */
function startFollower(options: Partial<RaftConfig> = {}): Harness {
  const harness = startHarness([1, 2, 3], options);
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1]), commit: 1 }));
  harness.settle();
  return harness;
}

function tickTimes(harness: Harness, ticks: number): void {
  for (let ticked = 0; ticked < ticks; ticked += 1) harness.node.tick();
}

test('thesis 3.10: the leader brings the transferee up to date, tells it to go on, and takes no proposals meanwhile', () => {
  const harness = startLeader();
  harness.node.propose([encodeUtf8('x')]);
  harness.node.transferLeader(3);
  assert.deepEqual(harness.node.propose([encodeUtf8('y')]), { isAccepted: false, reason: 'leaderTransferring' });
  harness.settle();
  const sentAfter = (index: number): boolean => {
    harness.node.step(messageFrom(3, 'MsgAppResp', { term: 1, index }));
    return harness.settle().includes('1->3 MsgTimeoutNow Term:1 Log:0/0');
  };
  assert.deepEqual([sentAfter(1), sentAfter(2)], [false, true], 'it lacks entry 2 at first');
});

test('thesis 3.10: who is told to go on asks for votes at once, without asking first', () => {
  const harness = startFollower({ preVote: true });
  harness.node.step(messageFrom(2, 'MsgTimeoutNow', { term: 1 }));
  assert.deepEqual(harness.settle(), ['1->2 MsgVote Term:2 Log:1/1', '1->3 MsgVote Term:2 Log:1/1']);
});

test('thesis 6.2: a leader that heard of no quorum for an election timeout steps down', () => {
  const harness = startLeader();
  tickTimes(harness, 10);
  assert.equal(harness.node.role, 'leader', 'it heard of node 2 in this time');
  harness.node.step(messageFrom(2, 'MsgHeartbeatResp', { term: 1 }));
  tickTimes(harness, 10);
  assert.equal(harness.node.role, 'leader');
  tickTimes(harness, 10);
  assert.deepEqual([harness.node.role, harness.node.term, harness.node.leaderId], ['follower', 1, 0]);
});

test('thesis 6.4: the index of a read is the commit index of the moment it was asked for', () => {
  const harness = startLeader();
  harness.node.propose([encodeUtf8('x')]);
  harness.node.readIndex(1);
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 2 }));
  harness.settle();
  assert.equal(harness.node.basicStatus().commit, 2);
  harness.node.step(messageFrom(3, 'MsgHeartbeatResp', { term: 1, readToken: 1 }));
  assert.deepEqual(harness.node.ready().readStates, [{ index: 1, context: 1 }]);
});

test('thesis 6.4: a follower asks the leader, which answers after its heartbeat round', () => {
  const follower = startFollower();
  assert.equal(follower.node.readIndex(7), 'accepted');
  const [request, ...rest] = follower.take();
  assert.deepEqual([request?.type, request?.to, request?.context, rest], ['MsgReadIndex', 2, 7, []]);

  const leader = startLeader();
  leader.node.step(messageFrom(3, 'MsgReadIndex', { context: 7, readToken: 12 }));
  assert.deepEqual(leader.settle(), [
    '1->2 MsgHeartbeat Term:1 Log:0/0 Commit:1 Round:1',
    '1->3 MsgHeartbeat Term:1 Log:0/0 Round:1',
  ]);
  leader.node.step(messageFrom(3, 'MsgHeartbeatResp', { term: 1, readToken: 1 }));
  const answer = leader.take().find(({ type }) => type === 'MsgReadIndexResp');
  assert.deepEqual([answer?.to, answer?.index, answer?.context, answer?.readToken], [3, 1, 7, 12]);
});

test('thesis 6.4: reads under confirmation die with the leadership', () => {
  const harness = startLeader();
  harness.node.readIndex(1);
  harness.settle();
  harness.node.step(messageFrom(3, 'MsgHeartbeat', { term: 2 }));
  harness.node.step(messageFrom(2, 'MsgHeartbeatResp', { term: 1, readToken: 1 }));
  const { readStates, softState } = harness.node.ready();
  assert.deepEqual([readStates, softState?.role], [[], 'follower']);
});

test('thesis 6.4: while joint a read is confirmed by both majorities', () => {
  const harness = startLeader();
  harness.node.applyConfChange({
    version: 2,
    transition: 'explicit',
    changes: [
      { type: 'remove', nodeId: 2 },
      { type: 'addVoter', nodeId: 4 },
      { type: 'addVoter', nodeId: 5 },
    ],
    context: new Uint8Array(0),
  });
  harness.node.readIndex(1);
  harness.settle();
  const readsAfter = (from: number): number => {
    harness.node.step(messageFrom(from, 'MsgHeartbeatResp', { term: 1, readToken: 1 }));
    return harness.node.hasReady ? harness.node.ready().readStates.length : 0;
  };
  assert.deepEqual(
    [readsAfter(2), readsAfter(4), readsAfter(5)],
    [0, 0, 1],
    'two of {1, 2, 3}, later three of {1, 3, 4, 5}',
  );
});

test('thesis 6.4.1: with a lease reads need no round, but the first entry of the term all the same', () => {
  const harness = startHarness([1, 2, 3], { readOnly: 'leaseBased' });
  elect(harness, 2);
  harness.node.readIndex(1);
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  assert.deepEqual(harness.node.ready().readStates, [{ index: 1, context: 1 }]);
  harness.node.readIndex(2);
  assert.deepEqual(harness.node.ready().readStates, [{ index: 1, context: 2 }]);
});

test('thesis 9.6: who asks first changes neither its term nor its vote', () => {
  const harness = startFollower({ preVote: true });
  tickTimes(harness, 15);
  assert.equal(harness.node.role, 'preCandidate');
  assert.deepEqual(harness.settle(), ['1->2 MsgPreVote Term:2 Log:1/1', '1->3 MsgPreVote Term:2 Log:1/1']);
  assert.deepEqual(harness.storage.initialState().hardState, { term: 1, vote: 0, commit: 1 });
});

test('thesis 9.6: an answer to who asks first changes neither term nor vote, so several get a yes', () => {
  const harness = startHarness([1, 2, 3], { preVote: true }, { terms: [1] });
  for (const from of [2, 3]) {
    harness.node.step(messageFrom(from, 'MsgPreVote', { term: 2, index: 1, logTerm: 1 }));
    assert.deepEqual(harness.settle(), [`1->${from} MsgPreVoteResp Term:2 Log:0/0`]);
  }
  assert.deepEqual(harness.storage.initialState().hardState, { term: 1, vote: 0, commit: 0 });
});

test('thesis 9.6: a yes needs a log that is up to date and no leader heard of within an election timeout', () => {
  const harness = startFollower({ preVote: true });
  const ask = (index: number): string[] => {
    harness.node.step(messageFrom(3, 'MsgPreVote', { term: 2, index, logTerm: 1 }));
    return harness.settle();
  };
  assert.deepEqual(ask(1), [], 'node 2 leads');
  tickTimes(harness, 10);
  assert.deepEqual(ask(0), ['1->3 MsgPreVoteResp Term:1 Log:0/0 Rejected (Hint: 0)']);
  assert.deepEqual(ask(1), ['1->3 MsgPreVoteResp Term:2 Log:0/0']);
});

test('thesis 9.6: a majority of yeses starts the election, refusals of one end it in the same term', () => {
  const asked = (): Harness => {
    const harness = startFollower({ preVote: true });
    tickTimes(harness, 15);
    harness.settle();
    return harness;
  };
  const encouraged = asked();
  encouraged.node.step(messageFrom(2, 'MsgPreVoteResp', { term: 2 }));
  assert.deepEqual(encouraged.settle(), ['1->2 MsgVote Term:2 Log:1/1', '1->3 MsgVote Term:2 Log:1/1']);
  assert.deepEqual(encouraged.storage.initialState().hardState, { term: 2, vote: 1, commit: 1 });

  const refused = asked();
  for (const from of [2, 3]) refused.node.step(messageFrom(from, 'MsgPreVoteResp', { term: 1, reject: true }));
  assert.deepEqual([refused.node.role, refused.node.term], ['follower', 1]);
});

test('thesis 9.6: a refusal of a newer term is followed into it', () => {
  const harness = startFollower({ preVote: true });
  tickTimes(harness, 15);
  harness.settle();
  harness.node.step(messageFrom(3, 'MsgPreVoteResp', { term: 4, reject: true }));
  assert.deepEqual([harness.node.role, harness.node.term], ['follower', 4]);
});
