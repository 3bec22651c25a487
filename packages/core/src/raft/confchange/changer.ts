/**
 * The three ways to change a membership: one step, into a joint configuration, out of it (thesis 4.1, 4.3). They answer the new
 * membership, or why there is none, and never touch the tracker.
 */
import { assert } from '../../base/assert.js';
import type { LogIndex, NodeId } from '../types.js';
import type { ProgressMap, Tracker, TrackerConfig } from '../tracker/tracker.js';
import type { ConfChangeSingle, ConfChangeV2 } from './conf-change.js';
import { isLeaveJoint, needsJoint } from './conf-change.js';
import { Draft } from './draft.js';

/** A refused change; the text says why. */
export interface ChangeRefused {
  readonly error: string;
}

/** The membership after a change, to be given to `Tracker.replace`. */
export interface Membership {
  readonly error: null;
  readonly config: TrackerConfig;
  readonly progress: ProgressMap;
}

/** What comes of a change. */
export type ChangeResult = Membership | ChangeRefused;

/** Applies `change` the way its transition says. `lastIndex` is where probing of new members starts. */
export function changeMembership(tracker: Tracker, lastIndex: LogIndex, change: ConfChangeV2): ChangeResult {
  if (isLeaveJoint(change)) return leaveJoint(tracker, lastIndex);
  if (needsJoint(change)) return enterJoint(tracker, lastIndex, change.transition !== 'explicit', change.changes);
  return simpleChange(tracker, lastIndex, change.changes);
}

/** Changes at most one voter, so that old and new quorums overlap without a joint configuration. */
export function simpleChange(
  tracker: Tracker,
  lastIndex: LogIndex,
  changes: readonly ConfChangeSingle[],
): ChangeResult {
  const draft = new Draft(tracker, lastIndex);
  if (draft.isJoint) return { error: "can't apply simple config change in joint config" };
  for (const change of changes) draft.apply(change);
  if (draft.incoming.size === 0) return { error: 'removed all voters' };
  if (differenceSize(tracker.config.voters.incoming, draft.incoming) > 1) {
    return { error: 'more than one voter changed without entering joint config' };
  }
  return finish(draft);
}

/** Makes the current voters the outgoing half and applies `changes` to the incoming one. */
export function enterJoint(
  tracker: Tracker,
  lastIndex: LogIndex,
  autoLeave: boolean,
  changes: readonly ConfChangeSingle[],
): ChangeResult {
  const draft = new Draft(tracker, lastIndex);
  if (draft.isJoint) return { error: 'config is already joint' };
  if (draft.incoming.size === 0) return { error: "can't make a zero-voter config joint" };
  for (const id of draft.incoming) draft.outgoing.add(id);
  for (const change of changes) draft.apply(change);
  if (draft.incoming.size === 0) return { error: 'removed all voters' };
  draft.autoLeave = autoLeave;
  return finish(draft);
}

/** Ends a joint configuration: the incoming half alone decides from here. */
export function leaveJoint(tracker: Tracker, lastIndex: LogIndex): ChangeResult {
  const draft = new Draft(tracker, lastIndex);
  if (!draft.isJoint) return { error: "can't leave a non-joint config" };
  draft.leaveJoint();
  return finish(draft);
}

function finish(draft: Draft): Membership {
  checkInvariants(draft);
  return { error: null, ...draft.finish() };
}

/** Every member has a Progress, learners don't vote, and what waits for the end of a joint configuration is there only in one. */
function checkInvariants(draft: Draft): void {
  for (const id of [...draft.incoming, ...draft.outgoing, ...draft.learners, ...draft.learnersNext]) {
    assert(draft.progress.has(id), 'a member has no progress');
  }
  for (const id of draft.learnersNext) {
    assert(draft.outgoing.has(id), 'a learner to be is no voter of the outgoing half');
    assert(draft.progress.get(id)?.isLearner === false, 'a learner to be is a learner already');
  }
  for (const id of draft.learners) {
    assert(!draft.incoming.has(id) && !draft.outgoing.has(id), 'a learner is a voter too');
    assert(draft.progress.get(id)?.isLearner === true, 'a learner is not marked as one');
  }
  if (draft.isJoint) return;
  assert(draft.learnersNext.size === 0, 'a learner to be outside of a joint configuration');
  assert(!draft.autoLeave, 'autoLeave outside of a joint configuration');
}

/** Number of ids in exactly one of the two. */
function differenceSize(before: readonly NodeId[], after: ReadonlySet<NodeId>): number {
  const kept = before.filter((id) => after.has(id)).length;
  return before.length - kept + (after.size - kept);
}
