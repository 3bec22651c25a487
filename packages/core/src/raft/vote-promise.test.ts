/**
 * Promises not to vote (thesis 6.4.1), on which a host rests its leader lease: what must not end them, what may, and how a leader learns of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RaftConfig } from './config.js';
import type { Message } from './message.js';
import { elect, entriesOf, type Harness, messageFrom, startHarness } from './testing/node-harness.js';

const PROMISE = { votePromiseMs: 500, preVote: true };
const TICKS = 10;

/** A follower of node 2 in term 1 that has one entry and heard of its leader just now. */
function startFollower(options: Partial<RaftConfig> = PROMISE): Harness {
  const harness = startHarness([1, 2, 3], options);
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1]), commit: 1 }));
  harness.settle();
  return harness;
}

function tickTimes({ node }: Harness, ticks: number): void {
  for (let ticked = 0; ticked < ticks; ticked += 1) node.tick();
}

/** What node 1 answers to node 3, which has all entries and asks for a vote. */
function answerTo(harness: Harness, type: 'MsgVote' | 'MsgPreVote', term: number, fields: Partial<Message> = {}) {
  harness.node.step(messageFrom(3, type, { term, index: 1, logTerm: 1, ...fields }));
  return harness.settle();
}

test('R28, thesis 6.4.1: the answer to a heartbeat promises, and the promise outlives the term', () => {
  const harness = startFollower();
  harness.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1, commit: 1, readToken: 4 }));
  const [answer] = harness.take();
  assert.deepEqual([answer?.type, answer?.context, answer?.readToken], ['MsgHeartbeatResp', 500, 4]);
  // Late news of a newer term, such as an answer to what this node sent when it led itself.
  harness.node.step(messageFrom(3, 'MsgAppResp', { term: 5 }));
  harness.settle();
  assert.deepEqual([harness.node.term, harness.node.leaderId], [5, 0], 'the lease of check-quorum is gone');
  for (const term of [5, 6]) {
    assert.deepEqual(answerTo(harness, 'MsgVote', term), [], 'a vote in this or a newer term');
    assert.deepEqual(answerTo(harness, 'MsgPreVote', term), []);
  }
  assert.equal(harness.node.term, 5);
  tickTimes(harness, TICKS - 1);
  assert.deepEqual(answerTo(harness, 'MsgVote', 6), []);
  harness.node.tick();
  assert.deepEqual(answerTo(harness, 'MsgVote', 6), ['1->3 MsgVoteResp Term:6 Log:0/0']);
});

test('R28: without promises the same news lets a vote through', () => {
  const harness = startFollower({ preVote: true });
  harness.node.step(messageFrom(3, 'MsgAppResp', { term: 5 }));
  harness.settle();
  assert.deepEqual(answerTo(harness, 'MsgVote', 5), ['1->3 MsgVoteResp Term:5 Log:0/0']);
});

test('R28: a restarted replica, which has forgotten what it promised, votes for nobody for an election timeout', () => {
  const harness = startHarness([1, 2, 3], PROMISE, { terms: [1] });
  assert.deepEqual(answerTo(harness, 'MsgVote', 2), []);
  tickTimes(harness, TICKS);
  assert.deepEqual(answerTo(harness, 'MsgVote', 2), ['1->3 MsgVoteResp Term:2 Log:0/0']);
});

test('R28: who promised neither forgets its leader nor runs for itself before time', () => {
  const harness = startFollower();
  harness.node.forgetLeader();
  assert.equal(harness.node.leaderId, 2);
  harness.node.campaign();
  assert.deepEqual([harness.node.role, harness.settle()], ['follower', []]);
  tickTimes(harness, TICKS);
  harness.node.campaign();
  assert.equal(harness.node.role, 'preCandidate');
});

test('R28: the only voter has promised nobody', () => {
  const harness = startHarness([1], PROMISE);
  harness.node.campaign();
  harness.settle();
  assert.equal(harness.node.role, 'leader');
});

test('R28, thesis 3.10: an election that the leader asked for is exempt', () => {
  const voter = startFollower();
  assert.deepEqual(answerTo(voter, 'MsgVote', 2, { isTransfer: true }), ['1->3 MsgVoteResp Term:2 Log:0/0']);
  const transferee = startFollower();
  transferee.node.step(messageFrom(2, 'MsgTimeoutNow', { term: 1 }));
  assert.deepEqual(transferee.settle(), ['1->2 MsgVote Term:2 Log:1/1', '1->3 MsgVote Term:2 Log:1/1']);
});

test('R28: a confirmed read tells the leader the shortest promise of those that confirmed it', () => {
  const read = (promises: readonly number[]) => {
    const harness = startHarness([1, 2, 3, 4, 5]);
    elect(harness, 2, 3);
    harness.settle();
    for (const from of [2, 3]) harness.node.step(messageFrom(from, 'MsgAppResp', { term: 1, index: 1 }));
    harness.settle();
    harness.node.readIndex(7);
    harness.take();
    for (const [at, context] of promises.entries()) {
      harness.node.step(messageFrom(at + 2, 'MsgHeartbeatResp', { term: 1, readToken: 1, context }));
    }
    return harness.node.ready().readStates;
  };
  assert.deepEqual(read([500, 300]), [{ index: 1, context: 7, promiseMs: 300 }]);
  assert.deepEqual(read([500, 0]), [{ index: 1, context: 7 }], 'one that promises nothing');
});
