/**
 * The membership of the shard, as this replica applies it.
 */
import { AssertionError } from '../base/assert.js';
import type { Membership } from './confchange/changer.js';
import { changeMembership } from './confchange/changer.js';
import type { ConfChangeV2 } from './confchange/conf-change.js';
import { restoreMembership } from './confchange/restore.js';
import { describeId } from './format/ids.js';
import { describeConfig } from './format/membership.js';
import type { RaftState } from './raft-state.js';
import { advanceReads } from './read-index.js';
import { broadcastAppend, broadcastMissing, maybeCommit } from './replication.js';
import { abortTransfer, becomeFollower } from './roles.js';
import type { ConfState } from './snapshot.js';
import { NO_NODE } from './types.js';

/** Makes a committed change take effect. A change that isn't possible is a bug of who let it into the log. */
export function applyConfChange(state: RaftState, change: ConfChangeV2): ConfState {
  const result = changeMembership(state.tracker, state.raftLog.lastIndex, change);
  if (result.error !== null) throw new AssertionError(`a committed configuration change failed: ${result.error}`);
  return switchTo(state, result);
}

/** Takes over the membership of a snapshot or of the storage. */
export function restoreConfState(state: RaftState, confState: ConfState): void {
  const { inflightMessagesMax, inflightBytesMax } = state.config;
  const { lastIndex } = state.raftLog;
  switchTo(state, restoreMembership(inflightMessagesMax, inflightBytesMax, lastIndex, confState));
}

/** Whether `id` is a voter of either half. */
export function isVoter(state: RaftState, id: number): boolean {
  return state.tracker.voterIds.includes(id);
}

function switchTo(state: RaftState, { config, progress }: Membership): ConfState {
  const { tracker } = state;
  tracker.replace(config, progress);
  state.log.info?.(`${describeId(state.id)} switched to configuration ${describeConfig(config)}`);
  const confState = tracker.confState();
  const self = tracker.get(state.id);
  state.isLearner = self?.isLearner ?? false;
  if (state.role !== 'leader') return confState;
  if (self === undefined || self.isLearner) {
    if (state.config.stepDownOnRemoval) becomeFollower(state, state.term, NO_NODE);
    return confState;
  }
  if (confState.voters.length === 0) return confState;

  // A smaller quorum may commit more at once; otherwise new members shouldn't wait for the next proposal or heartbeat.
  if (maybeCommit(state)) broadcastAppend(state);
  else broadcastMissing(state);
  advanceReads(state);
  if (state.leadTransferee !== NO_NODE && !isVoter(state, state.leadTransferee)) abortTransfer(state);
  return confState;
}
