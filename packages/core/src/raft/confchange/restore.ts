/**
 * A membership from what a snapshot or the storage says it is, by the same steps that led to it.
 */
import { AssertionError } from '../../base/assert.js';
import type { ConfState } from '../snapshot.js';
import { Tracker } from '../tracker/tracker.js';
import type { LogIndex, NodeId } from '../types.js';
import type { ChangeResult, Membership } from './changer.js';
import { enterJoint, simpleChange } from './changer.js';
import type { ConfChangeSingle, ConfChangeType } from './conf-change.js';

/** The membership `confState`, with every Progress as new. A state that no change leads to is a bug or damage: it throws. */
export function restoreMembership(
  inflightMessagesMax: number,
  inflightBytesMax: number,
  lastIndex: LogIndex,
  confState: ConfState,
): Membership {
  const scratch = new Tracker(inflightMessagesMax, inflightBytesMax);
  const incoming = [
    ...changesOf('remove', confState.votersOutgoing),
    ...changesOf('addVoter', confState.voters),
    ...changesOf('addLearner', confState.learners),
    ...changesOf('addLearner', confState.learnersNext),
  ];
  const isJoint = confState.votersOutgoing.length > 0;
  for (const change of isJoint ? changesOf('addVoter', confState.votersOutgoing) : incoming) {
    adopt(scratch, simpleChange(scratch, lastIndex, [change]));
  }
  if (isJoint) adopt(scratch, enterJoint(scratch, lastIndex, confState.autoLeave, incoming));
  return { error: null, config: scratch.config, progress: scratch.progress };
}

function adopt(scratch: Tracker, result: ChangeResult): void {
  if (result.error !== null) throw new AssertionError(`unable to restore configuration: ${result.error}`);
  scratch.replace(result.config, result.progress);
}

function changesOf(type: ConfChangeType, ids: readonly NodeId[]): readonly ConfChangeSingle[] {
  return ids.map((nodeId) => ({ type, nodeId }));
}
