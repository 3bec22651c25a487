/**
 * Whether a configuration change may enter the leader's log now, and what membership it leads to. Changes nothing.
 */
import { isMutated } from '../base/mutation.js';
import { changeMembership } from './confchange/changer.js';
import { asV2, type ConfChange } from './confchange/conf-change.js';
import type { RaftState } from './raft-state.js';
import type { ConfState } from './snapshot.js';
import { confStateOfConfig } from './tracker/tracker.js';

/**
 * pending: a change may be under way, only one is at a time (thesis 4.1). joint: the joint configuration has to be left first. notJoint: there
 * is none to leave. invalid: no membership comes of it, such as one without voters.
 */
export interface ConfChangeProblem {
  readonly kind: 'pending' | 'joint' | 'notJoint' | 'invalid';
  readonly text: string;
}

/** What a change would make of the membership as this replica applies it now, or why it can't. */
export type ConfChangePreview =
  | { readonly problem: ConfChangeProblem }
  | { readonly problem: null; readonly confState: ConfState };

/** Why `change` must not enter the log now, null when it may. */
export function confChangeProblem(state: RaftState, change: ConfChange): ConfChangeProblem | null {
  const { pendingConfIndex, raftLog } = state;
  if (pendingConfIndex > raftLog.applied && !isMutated('changeWithoutOwnTermCommit')) {
    const text = `possible unapplied conf change at index ${pendingConfIndex} (applied to ${raftLog.applied})`;
    return { kind: 'pending', text };
  }
  const isJoint = state.tracker.config.voters.outgoing.length > 0;
  const wantsLeave = asV2(change).changes.length === 0;
  if (isJoint && !wantsLeave) return { kind: 'joint', text: 'must transition out of joint config first' };
  if (!isJoint && wantsLeave) return { kind: 'notJoint', text: 'not in joint state; refusing empty conf change' };
  return null;
}

/** The membership that `change` leads to if it enters the log now. */
export function previewConfChange(state: RaftState, change: ConfChange): ConfChangePreview {
  const problem = confChangeProblem(state, change);
  if (problem !== null) return { problem };
  const result = changeMembership(state.tracker, state.raftLog.lastIndex, asV2(change));
  if (result.error !== null) return { problem: { kind: 'invalid', text: result.error } };
  return { problem: null, confState: confStateOfConfig(result.config) };
}
