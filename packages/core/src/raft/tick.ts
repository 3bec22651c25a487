/**
 * The passing of time: election timeouts, heartbeats, quorum checks.
 */
import { leaveJointIfDue } from './applied.js';
import { startElection } from './election.js';
import { describeId } from './format/ids.js';
import type { RaftState } from './raft-state.js';
import { broadcastHeartbeat } from './replication.js';
import { abortTransfer, becomeFollower } from './roles.js';
import { NO_NODE } from './types.js';

/** One tick. Nothing is allocated unless a timeout fires. */
export function tickOnce(state: RaftState): void {
  state.electionElapsed += 1;
  state.ticksSinceLeader += 1;
  if (state.role === 'leader') {
    tickLeader(state);
    return;
  }
  if (state.electionElapsed < state.randomizedElectionTicks || !state.isPromotable) return;
  state.electionElapsed = 0;
  startElection(state, state.config.preVote ? 'preElection' : 'election');
}

function tickLeader(state: RaftState): void {
  state.heartbeatElapsed += 1;
  if (state.electionElapsed >= state.config.electionTicks) {
    state.electionElapsed = 0;
    if (state.config.checkQuorum && !checkQuorum(state)) return;
    // A transfer that took an election timeout has failed.
    if (state.leadTransferee !== NO_NODE) abortTransfer(state);
    leaveJointIfDue(state);
  }
  if (state.heartbeatElapsed < state.config.heartbeatTicks) return;
  state.heartbeatElapsed = 0;
  broadcastHeartbeat(state);
}

/** Steps down unless a quorum was heard of within the last election timeout (thesis 6.2). */
function checkQuorum(state: RaftState): boolean {
  if (!state.tracker.isQuorumActive()) {
    state.log.warn?.(`${describeId(state.id)} stepped down to follower since quorum is not active`);
    becomeFollower(state, state.term, NO_NODE);
    return false;
  }
  for (const id of state.tracker.ids) {
    const progress = state.tracker.get(id);
    if (progress !== undefined && id !== state.id) progress.isRecentlyActive = false;
  }
  return true;
}
