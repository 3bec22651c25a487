/**
 * How ids, roles and states are written in log lines and scenario files.
 */
import type { ProgressState } from '../tracker/progress.js';
import { APPEND_THREAD, APPLY_THREAD, type NodeId, type Role } from '../types.js';

const ROLE_NAMES: Readonly<Record<Role, string>> = {
  follower: 'StateFollower',
  preCandidate: 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
};

const PROGRESS_NAMES: Readonly<Record<ProgressState, string>> = {
  probe: 'StateProbe',
  replicate: 'StateReplicate',
  snapshot: 'StateSnapshot',
};

/** A node id in hexadecimal, or the name of a storage thread. */
export function describeId(id: NodeId): string {
  if (id === APPEND_THREAD) return 'AppendThread';
  if (id === APPLY_THREAD) return 'ApplyThread';
  return id.toString(16);
}

/** A role as log lines tell it. */
export function describeRole(role: Role): string {
  return ROLE_NAMES[role];
}

/** A state of Progress as log lines tell it. */
export function describeProgressState(state: ProgressState): string {
  return PROGRESS_NAMES[state];
}
