/**
 * The host has applied entries or installed a snapshot.
 */
import { releaseUncommitted } from './append-entries.js';
import { encodeConfChange, entryTypeOf } from './confchange/codec.js';
import { LEAVE_JOINT } from './confchange/conf-change.js';
import { type Entry, entriesBytes, payloadBytes } from './entry.js';
import { describeConfig } from './format/membership.js';
import { proposeHere } from './proposal.js';
import type { RaftState } from './raft-state.js';
import type { Snapshot } from './snapshot.js';
import type { LogIndex } from './types.js';

/** Entries, a batch of committed ones handed out before, were applied. */
export function appliedEntries(state: RaftState, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  if (last === undefined) return;
  appliedTo(state, last.index, entriesBytes(entries));
  releaseUncommitted(state, payloadBytes(entries));
}

/** A snapshot was installed. */
export function appliedSnapshot(state: RaftState, snapshot: Snapshot): void {
  state.raftLog.unstable.stableSnapshotTo(snapshot.index);
  appliedTo(state, snapshot.index, 0);
}

function appliedTo(state: RaftState, index: LogIndex, bytes: number): void {
  const { raftLog } = state;
  raftLog.appliedTo(Math.max(index, raftLog.applied), bytes);
  leaveJointIfDue(state);
}

/**
 * Leaves a joint configuration that is to be left by itself (thesis 4.3), on a leader that has applied it and all changes it knows of. A leadership
 * transfer refuses this; so it is tried with each applied entry and each quorum check, or by the new leader.
 */
export function leaveJointIfDue(state: RaftState): void {
  const { raftLog, tracker } = state;
  if (!tracker.config.autoLeave || state.role !== 'leader' || raftLog.applied < state.pendingConfIndex) return;
  const result = proposeHere(state, [{ type: entryTypeOf(LEAVE_JOINT), data: encodeConfChange(LEAVE_JOINT) }]);
  const config = describeConfig(tracker.config);
  if (result.isAccepted) {
    state.log.info?.(`initiating automatic transition out of joint configuration ${config}`);
    return;
  }
  state.log.debug?.(`not initiating automatic transition out of joint configuration ${config}: ${result.reason}`);
}
