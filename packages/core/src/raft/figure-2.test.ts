/**
 * The Raft paper's figure 2, one test per rule, with the exact messages. Where this core differs from the letter of a rule the
 * title says how.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '../base/utf8.js';
import { elect, entriesOf, messageFrom, startHarness, termsOf } from './testing/node-harness.js';

const ELECTION_TICKS = 15;

function tickTimes(node: { tick(): void }, ticks: number): void {
  for (let ticked = 0; ticked < ticks; ticked += 1) node.tick();
}

test('Raft figure 2, State: term, vote and log are stored before an answer that depends on them leaves', () => {
  const voter = startHarness([1, 2, 3]);
  voter.node.step(messageFrom(2, 'MsgVote', { term: 1 }));
  assert.deepEqual(voter.take(), []);
  assert.deepEqual(voter.storage.initialState().hardState, { term: 0, vote: 0, commit: 0 });
  assert.deepEqual(voter.settle(), ['1->2 MsgVoteResp Term:1 Log:0/0']);
  assert.deepEqual(voter.storage.initialState().hardState, { term: 1, vote: 2, commit: 0 });

  const follower = startHarness([1, 2, 3]);
  follower.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1]) }));
  assert.deepEqual(follower.take(), []);
  assert.deepEqual(termsOf(follower.storage), []);
  assert.deepEqual(follower.settle(), ['1->2 MsgAppResp Term:1 Log:0/1']);
  assert.deepEqual(termsOf(follower.storage), [1]);
});

test('Raft figure 2, State: a new leader starts with nextIndex behind its last entry and matchIndex 0', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1, 1, 1] });
  harness.node.campaign();
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgVoteResp', { term: 2 }));
  const { progress } = harness.node.status();
  assert.deepEqual([progress.get(2)?.match, progress.get(2)?.next], [0, 4]);
  assert.deepEqual([progress.get(3)?.match, progress.get(3)?.next], [0, 4]);
});

test('Raft figure 2, AppendEntries 1: entries of an older term are refused, with the newer term', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1], term: 3 });
  harness.node.step(messageFrom(2, 'MsgApp', { term: 2, index: 1, logTerm: 1, entries: entriesOf(2, [2]) }));
  assert.deepEqual(harness.settle(), ['1->2 MsgAppResp Term:3 Log:0/0']);
  assert.deepEqual(termsOf(harness.storage), [1]);
  assert.equal(harness.node.leaderId, 0);
});

test('Raft figure 2, AppendEntries 2: entries behind one that is absent or of another term are refused', () => {
  const absent = startHarness([1, 2, 3], {}, { terms: [1, 1] });
  absent.node.step(messageFrom(2, 'MsgApp', { term: 2, index: 4, logTerm: 2, entries: entriesOf(5, [2]) }));
  assert.deepEqual(absent.settle(), ['1->2 MsgAppResp Term:2 Log:1/4 Rejected (Hint: 2)']);

  const other = startHarness([1, 2, 3], {}, { terms: [1, 1] });
  other.node.step(messageFrom(2, 'MsgApp', { term: 3, index: 2, logTerm: 2, entries: entriesOf(3, [3]) }));
  assert.deepEqual(other.settle(), ['1->2 MsgAppResp Term:3 Log:1/2 Rejected (Hint: 2)']);
  assert.deepEqual(termsOf(other.storage), [1, 1]);
});

test('Raft figure 2, AppendEntries 3: an entry in conflict with a new one goes, and all that follow it', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1, 2, 2, 2] });
  harness.node.step(messageFrom(2, 'MsgApp', { term: 3, index: 1, logTerm: 1, entries: entriesOf(2, [3]) }));
  assert.deepEqual(harness.settle(), ['1->2 MsgAppResp Term:3 Log:0/2']);
  assert.deepEqual(termsOf(harness.storage), [1, 3]);
});

test('Raft figure 2, AppendEntries 4: entries that are there already stay, with what follows; new ones are appended', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1, 1, 1] });
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1]) }));
  assert.deepEqual(harness.settle(), ['1->2 MsgAppResp Term:1 Log:0/1']);
  assert.deepEqual(termsOf(harness.storage), [1, 1, 1], 'a late message cuts nothing off');
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, index: 1, logTerm: 1, entries: entriesOf(2, [1, 1, 1]) }));
  assert.deepEqual(harness.settle(), ['1->2 MsgAppResp Term:1 Log:0/4']);
  assert.deepEqual(termsOf(harness.storage), [1, 1, 1, 1]);
});

test('Raft figure 2, AppendEntries 5: the commit index is the least of the leader’s and the last new entry', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1, 1, 1, 1] });
  const commitAfter = (commit: number, entries: number): number => {
    harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, new Array(entries).fill(1)), commit }));
    return harness.node.basicStatus().commit;
  };
  assert.equal(commitAfter(9, 2), 2, 'the entries 3 and 4 may not be the leader’s');
  assert.equal(commitAfter(1, 4), 2, 'it never goes back');
});

test('Raft figure 2, RequestVote 1: a request of an older term gets no vote (by silence)', () => {
  const harness = startHarness([1, 2, 3], {}, { term: 3 });
  harness.node.step(messageFrom(2, 'MsgVote', { term: 2, index: 9, logTerm: 2 }));
  assert.deepEqual(harness.settle(), []);
  assert.deepEqual(harness.storage.initialState().hardState, { term: 3, vote: 0, commit: 0 });
});

test('Raft figure 2, RequestVote 2: one vote per term, the same answer to the same candidate', () => {
  const harness = startHarness([1, 2, 3]);
  const answerTo = (from: number): string[] => {
    harness.node.step(messageFrom(from, 'MsgVote', { term: 1 }));
    return harness.settle();
  };
  assert.deepEqual(answerTo(2), ['1->2 MsgVoteResp Term:1 Log:0/0']);
  assert.deepEqual(answerTo(3), ['1->3 MsgVoteResp Term:1 Log:0/0 Rejected (Hint: 0)']);
  assert.deepEqual(answerTo(2), ['1->2 MsgVoteResp Term:1 Log:0/0']);
});

test('Raft figure 2, RequestVote 2: no vote for a log that is less up to date (paper 5.4.1)', () => {
  const cases: readonly (readonly [index: number, logTerm: number, isGranted: boolean])[] = [
    [3, 2, true],
    [4, 2, true],
    [2, 2, false],
    [9, 1, false],
    [1, 3, true],
  ];
  for (const [index, logTerm, isGranted] of cases) {
    const harness = startHarness([1, 2, 3], {}, { terms: [1, 2, 2] });
    harness.node.step(messageFrom(2, 'MsgVote', { term: 4, index, logTerm }));
    const [answer] = harness.settle();
    assert.equal(answer, `1->2 MsgVoteResp Term:4 Log:0/0${isGranted ? '' : ' Rejected (Hint: 0)'}`);
    assert.equal(harness.storage.initialState().hardState.vote, isGranted ? 2 : 0);
  }
});

test('Raft figure 2, All Servers 1: what is committed is applied, in log order, once', () => {
  const harness = startHarness([1, 2, 3], { asyncStorageWrites: false });
  const appliedBy = (): number[] => {
    const applied: number[] = [];
    while (harness.node.hasReady) {
      const { committedEntries, entries } = harness.node.ready();
      harness.storage.append(entries);
      applied.push(...committedEntries.map(({ index }) => index));
      harness.node.advance();
    }
    return applied;
  };
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1, 1, 1]), commit: 2 }));
  assert.deepEqual(appliedBy(), [1, 2]);
  harness.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1, commit: 3 }));
  assert.deepEqual(appliedBy(), [3]);
});

test('Raft figure 2, All Servers 2: any message of a newer term makes a follower of that term', () => {
  for (const type of ['MsgApp', 'MsgHeartbeat', 'MsgAppResp', 'MsgHeartbeatResp', 'MsgVote', 'MsgVoteResp'] as const) {
    const harness = startHarness([1, 2, 3], { checkQuorum: false });
    elect(harness, 2);
    assert.equal(harness.node.role, 'leader');
    harness.node.step(messageFrom(3, type, { term: 5 }));
    assert.deepEqual([harness.node.role, harness.node.term], ['follower', 5], type);
  }
});

test('Raft figure 2, Followers 1: leaders and candidates get answers', () => {
  const harness = startHarness([1, 2, 3]);
  harness.node.step(messageFrom(2, 'MsgVote', { term: 1 }));
  assert.deepEqual(harness.settle(), ['1->2 MsgVoteResp Term:1 Log:0/0']);
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1]) }));
  assert.deepEqual(harness.settle(), ['1->2 MsgAppResp Term:1 Log:0/1']);
  harness.node.step(messageFrom(2, 'MsgHeartbeat', { term: 1 }));
  assert.deepEqual(harness.settle(), ['1->2 MsgHeartbeatResp Term:1 Log:0/0']);
});

test('Raft figure 2, Followers 2: silence for an election timeout makes a candidate; a leader or a vote given does not', () => {
  const heardOf = (type: 'MsgHeartbeat' | 'MsgApp' | 'MsgVote'): string => {
    // In the node's own term, as a newer one would start the timer over whatever the message.
    const { node } = startHarness([1, 2, 3], {}, { term: 1 });
    tickTimes(node, ELECTION_TICKS - 1);
    node.step(messageFrom(2, type, { term: 1 }));
    tickTimes(node, ELECTION_TICKS - 1);
    return node.role;
  };
  assert.deepEqual([heardOf('MsgHeartbeat'), heardOf('MsgApp'), heardOf('MsgVote')], Array(3).fill('follower'));
  const { node } = startHarness([1, 2, 3]);
  tickTimes(node, ELECTION_TICKS - 1);
  assert.equal(node.role, 'follower');
  node.tick();
  assert.equal(node.role, 'candidate');
});

test('Raft figure 2, Followers 2: a vote that is refused leaves the timer as it is', () => {
  const { node } = startHarness([1, 2, 3], {}, { terms: [1] });
  tickTimes(node, ELECTION_TICKS - 1);
  // Its log is shorter.
  node.step(messageFrom(2, 'MsgVote', { term: 1 }));
  node.tick();
  assert.equal(node.role, 'candidate');
});

test('Raft figure 2, Candidates 1: next term, own vote, a new timeout, requests to all others', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1, 1] });
  tickTimes(harness.node, ELECTION_TICKS);
  assert.deepEqual(harness.settle(), ['1->2 MsgVote Term:2 Log:1/2', '1->3 MsgVote Term:2 Log:1/2']);
  assert.deepEqual(harness.storage.initialState().hardState, { term: 2, vote: 1, commit: 0 });
  tickTimes(harness.node, ELECTION_TICKS - 1);
  assert.equal(harness.node.term, 2);
});

test('Raft figure 2, Candidates 2: votes of a majority make a leader, refusals of one a follower', () => {
  const winner = startHarness([1, 2, 3, 4, 5]);
  elect(winner, 2);
  assert.equal(winner.node.role, 'candidate', 'two of five');
  winner.node.step(messageFrom(2, 'MsgVoteResp', { term: 1 }));
  assert.equal(winner.node.role, 'candidate', 'a repeated answer is no further vote');
  winner.node.step(messageFrom(3, 'MsgVoteResp', { term: 1 }));
  assert.equal(winner.node.role, 'leader');

  const loser = startHarness([1, 2, 3, 4, 5]);
  elect(loser);
  for (const from of [2, 3, 4]) loser.node.step(messageFrom(from, 'MsgVoteResp', { term: 1, reject: true }));
  assert.deepEqual([loser.node.role, loser.node.term], ['follower', 1]);
});

test('Raft figure 2, Candidates 3: entries of a leader of this term make a follower', () => {
  const harness = startHarness([1, 2, 3]);
  elect(harness);
  harness.node.step(messageFrom(3, 'MsgApp', { term: 1, entries: entriesOf(1, [1]) }));
  assert.deepEqual([harness.node.role, harness.node.leaderId, harness.node.term], ['follower', 3, 1]);
  assert.deepEqual(harness.settle().at(-1), '1->3 MsgAppResp Term:1 Log:0/1');
});

test('Raft figure 2, Candidates 4: an election without a result is held again in the next term', () => {
  const harness = startHarness([1, 2, 3]);
  tickTimes(harness.node, ELECTION_TICKS);
  harness.settle();
  tickTimes(harness.node, ELECTION_TICKS);
  assert.deepEqual(harness.settle(), ['1->2 MsgVote Term:2 Log:0/0', '1->3 MsgVote Term:2 Log:0/0']);
  assert.equal(harness.node.role, 'candidate');
});

test('Raft figure 2, Leaders 1: an entry without data to all at once (paper 8), heartbeats while nothing happens', () => {
  const harness = startHarness([1, 2, 3]);
  harness.node.campaign();
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgVoteResp', { term: 1 }));
  assert.deepEqual(harness.settle(), [
    '1->2 MsgApp Term:1 Log:0/0 Entries:[1/1 EntryNormal ""]',
    '1->3 MsgApp Term:1 Log:0/0 Entries:[1/1 EntryNormal ""]',
  ]);
  harness.node.tick();
  assert.deepEqual(harness.settle(), ['1->2 MsgHeartbeat Term:1 Log:0/0', '1->3 MsgHeartbeat Term:1 Log:0/0']);
});

test('Raft figure 2, Leaders 2: a command is appended here, and handed out for applying once it is committed', () => {
  const harness = startHarness([1, 2, 3]);
  elect(harness, 2);
  harness.settle();
  assert.deepEqual(harness.node.propose([encodeUtf8('x')]), { isAccepted: true, index: 2, term: 1 });
  harness.settle();
  assert.deepEqual(termsOf(harness.storage), [1, 1]);
  assert.equal(harness.node.basicStatus().applied, 0);
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 2 }));
  harness.settle();
  assert.equal(harness.node.basicStatus().applied, 2);
});

test('Raft figure 2, Leaders 3: entries from nextIndex on are sent; an acknowledgement moves nextIndex and matchIndex', () => {
  const harness = startHarness([1, 2, 3]);
  elect(harness, 2);
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 1 }));
  harness.settle();
  harness.node.propose([encodeUtf8('a'), encodeUtf8('b')]);
  assert.deepEqual(harness.settle(), [
    '1->2 MsgApp Term:1 Log:1/1 Commit:1 Entries:[\n  1/2 EntryNormal "a"\n  1/3 EntryNormal "b"\n]',
  ]);
  harness.node.step(messageFrom(2, 'MsgAppResp', { term: 1, index: 3 }));
  const progress = harness.node.status().progress.get(2);
  assert.deepEqual([progress?.match, progress?.next], [3, 4]);
});

test('Raft figure 2, Leaders 3: after a refusal nextIndex goes back, by whole terms, and the leader tries again', () => {
  const harness = startHarness([1, 2, 3], {}, { terms: [1, 1, 2, 2] });
  harness.node.campaign();
  harness.settle();
  harness.node.step(messageFrom(2, 'MsgVoteResp', { term: 3 }));
  harness.settle();
  const refusal = { term: 3, index: 4, logTerm: 1, reject: true, rejectHint: 4 };
  harness.node.step(messageFrom(2, 'MsgAppResp', refusal));
  assert.deepEqual(harness.settle(), [
    '1->2 MsgApp Term:3 Log:1/2 Entries:[\n  2/3 EntryNormal "2/3"\n  2/4 EntryNormal "2/4"\n  3/5 EntryNormal ""\n]',
  ]);
});

test('Raft figure 2, Leaders 4: an index is committed with a majority, if its entry is of this term', () => {
  const harness = startHarness([1, 2, 3, 4, 5], {}, { terms: [1, 1] });
  harness.node.campaign();
  harness.settle();
  for (const from of [2, 3]) harness.node.step(messageFrom(from, 'MsgVoteResp', { term: 2 }));
  harness.settle();
  const commitAfter = (from: number, index: number): number => {
    harness.node.step(messageFrom(from, 'MsgAppResp', { term: 2, index }));
    return harness.node.basicStatus().commit;
  };
  assert.equal(commitAfter(2, 2), 0);
  assert.equal(commitAfter(3, 2), 0, 'a majority has entry 2, but it is of term 1 (paper 5.4.2, figure 8)');
  assert.equal(commitAfter(2, 3), 0, 'two of five have entry 3');
  assert.equal(commitAfter(4, 3), 3, 'and with it all before it');
});

test('R10: a sync of entries that were replaced meanwhile makes their successors no more stable', () => {
  const harness = startHarness([1, 2, 3]);
  harness.node.step(messageFrom(2, 'MsgApp', { term: 1, entries: entriesOf(1, [1, 1]) }));
  harness.take();
  harness.node.step(messageFrom(3, 'MsgApp', { term: 2, index: 1, logTerm: 1, entries: entriesOf(2, [2]) }));
  // The disk is done with (2, term 1): index 2 of term 2 has not even been handed to it.
  harness.sync();
  assert.deepEqual(harness.settle(), ['1->3 MsgAppResp Term:2 Log:0/2']);
  assert.deepEqual(termsOf(harness.storage), [1, 2]);
});
