/**
 * A look at a core from outside.
 */
import type { RaftState } from './raft-state.js';
import type { Progress } from './tracker/progress.js';
import type { TrackerConfig } from './tracker/tracker.js';
import type { LogIndex, NodeId, Role, Term } from './types.js';

/** Cheap to take. */
export interface BasicStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly leaderId: NodeId;
  readonly term: Term;
  readonly vote: NodeId;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** Up to here the log storage holds this replica's log; behind it there may be entries that were replaced. */
  readonly stableIndex: LogIndex;
  /** Whether this node leads and has committed an entry of its own term: from then on it answers reads. */
  readonly hasCommittedInTerm: boolean;
  readonly leadTransferee: NodeId;
  readonly uncommittedBytes: number;
  /** On a leader: no configuration change is taken before this index is applied. */
  readonly pendingConfIndex: LogIndex;
}

/** All of it; costs a copy per member. */
export interface Status extends BasicStatus {
  readonly config: TrackerConfig;
  /** Copies, ascending by id; on a leader only, else empty. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
}

/** Takes a {@link BasicStatus}. */
export function basicStatusOf(state: RaftState): BasicStatus {
  const { raftLog } = state;
  return {
    id: state.id,
    role: state.role,
    leaderId: state.leaderId,
    term: state.term,
    vote: state.vote,
    commit: raftLog.committed,
    applied: raftLog.applied,
    firstIndex: raftLog.firstIndex,
    lastIndex: raftLog.lastIndex,
    stableIndex: raftLog.unstable.offset - 1,
    hasCommittedInTerm: state.hasCommittedInTerm,
    leadTransferee: state.leadTransferee,
    uncommittedBytes: state.uncommittedBytes,
    pendingConfIndex: state.pendingConfIndex,
  };
}

/** Takes a {@link Status}. */
export function statusOf(state: RaftState): Status {
  const progress = new Map<NodeId, Progress>();
  if (state.role === 'leader') {
    for (const id of state.tracker.ids) {
      const one = state.tracker.get(id);
      if (one !== undefined) progress.set(id, one.clone());
    }
  }
  return { ...basicStatusOf(state), config: state.tracker.config, progress };
}
