/**
 * Configuration changes as they are proposed. `v1` changes exactly one member in one step; `v2` changes any number and goes
 * through a joint configuration where it must or is asked to (thesis chapter 4).
 */
import { EMPTY_BYTES } from '../../base/bytes.js';
import type { NodeId } from '../types.js';

/** addVoter also promotes a learner; addLearner also demotes a voter; update changes nothing that the core knows. */
export type ConfChangeType = 'addVoter' | 'addLearner' | 'remove' | 'update';

/** One step for one node. */
export interface ConfChangeSingle {
  readonly type: ConfChangeType;
  readonly nodeId: NodeId;
}

/** auto: joint only for more than one change, then left by itself. implicit: joint, left by itself. explicit: joint, left by a further change. */
export type ConfChangeTransition = 'auto' | 'implicit' | 'explicit';

/** One change in one step, as entries of type confChange carry it. */
export interface ConfChangeV1 {
  readonly version: 1;
  readonly change: ConfChangeSingle;
  readonly context: Uint8Array;
}

/** Several changes, as entries of type confChangeV2 carry them. Without changes and with transition auto: leave the joint configuration. */
export interface ConfChangeV2 {
  readonly version: 2;
  readonly transition: ConfChangeTransition;
  readonly changes: readonly ConfChangeSingle[];
  readonly context: Uint8Array;
}

/** A configuration change in either form. */
export type ConfChange = ConfChangeV1 | ConfChangeV2;

/** The change that leaves a joint configuration. Its encoding is empty, so no limit can refuse it. */
export const LEAVE_JOINT: ConfChangeV2 = { version: 2, transition: 'auto', changes: [], context: EMPTY_BYTES };

/** The same change in the second form. */
export function asV2(change: ConfChange): ConfChangeV2 {
  if (change.version === 2) return change;
  return { version: 2, transition: 'auto', changes: [change.change], context: change.context };
}

/** Whether the change leaves a joint configuration. */
export function isLeaveJoint(change: ConfChangeV2): boolean {
  return change.transition === 'auto' && change.changes.length === 0;
}

/** Whether the change goes through a joint configuration. */
export function needsJoint(change: ConfChangeV2): boolean {
  return change.transition !== 'auto' || change.changes.length > 1;
}
