/**
 * Changes of role (paper figure 4). Each starts the term's bookkeeping over.
 */
import { assert } from '../base/assert.js';
import { EMPTY_BYTES } from '../base/bytes.js';
import { appendEntries } from './append-entries.js';
import { describeId } from './format/ids.js';
import type { RaftState } from './raft-state.js';
import { ReadQueue } from './read-queue.js';
import type { NodeId, Term } from './types.js';
import { NO_NODE } from './types.js';

/** Follows `leaderId`, or nobody (NO_NODE), in `term`; a new term begins without a vote. */
export function becomeFollower(state: RaftState, term: Term, leaderId: NodeId): void {
  reset(state, term);
  state.leaderId = leaderId;
  state.role = 'follower';
  state.log.info?.(`${describeId(state.id)} became follower at term ${state.term}`);
}

/** A candidate has voted for itself; it counts that vote once it is synced. */
export function becomeCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader can not become a candidate');
  reset(state, state.term + 1);
  state.vote = state.id;
  state.role = 'candidate';
  state.log.info?.(`${describeId(state.id)} became candidate at term ${state.term}`);
}

/** Asks without changing term or vote (thesis 9.6). */
export function becomePreCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader can not become a pre-candidate');
  state.tracker.resetVotes();
  state.leaderId = NO_NODE;
  state.role = 'preCandidate';
  state.log.info?.(`${describeId(state.id)} became pre-candidate at term ${state.term}`);
}

/** A leader starts with an empty entry: nothing before it is known to be committed until that one is (paper 5.4.2). */
export function becomeLeader(state: RaftState): void {
  assert(state.role !== 'follower', 'a follower can not become leader');
  reset(state, state.term);
  state.leaderId = state.id;
  state.role = 'leader';
  const self = state.tracker.get(state.id);
  if (self !== undefined) {
    // A leader replicates to itself by way of its storage.
    self.becomeReplicate();
    self.isRecentlyActive = true;
  }
  // There may be an unapplied configuration change in the log; looking is not worth it, so the last index stands for it.
  state.pendingConfIndex = state.raftLog.lastIndex;
  state.leaderStartIndex = state.raftLog.lastIndex + 1;
  const isAppended = appendEntries(state, [{ type: 'normal', data: EMPTY_BYTES }]);
  assert(isAppended, 'the first entry of a leader was refused');
  state.log.info?.(`${describeId(state.id)} became leader at term ${state.term}`);
}

/** Gives up handing leadership over: proposals are taken again. */
export function abortTransfer(state: RaftState): void {
  state.leadTransferee = NO_NODE;
}

function reset(state: RaftState, term: Term): void {
  if (state.term !== term) {
    state.term = term;
    state.vote = NO_NODE;
  }
  state.leaderId = NO_NODE;
  state.electionElapsed = 0;
  state.heartbeatElapsed = 0;
  state.drawElectionTimeout();
  abortTransfer(state);
  state.tracker.resetVotes();
  state.tracker.resetProgress(state.id, state.raftLog.lastIndex);
  state.pendingConfIndex = 0;
  state.uncommittedBytes = 0;
  // Reads under confirmation die with the leadership; their owners ask again with a new context.
  if (state.readQueue.length > 0 || state.role === 'leader') state.readQueue = new ReadQueue();
}
