/**
 * The image of a state machine at one log position, and the membership it carries.
 */
import { EMPTY_BYTES } from '../base/bytes.js';
import type { LogIndex, NodeId, Term } from './types.js';

/** Membership of a shard. Joint while `votersOutgoing` is not empty. Lists are in ascending order. */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Voters of the outgoing half that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** Whether the leader leaves the joint configuration by itself. */
  readonly autoLeave: boolean;
}

/** State at (index, term). The core looks at everything but `data`, which hosts that stream snapshots leave empty. */
export interface Snapshot {
  readonly index: LogIndex;
  readonly term: Term;
  readonly confState: ConfState;
  readonly data: Uint8Array;
}

/** A configuration without members. */
export const EMPTY_CONF_STATE: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** The state before the first entry. */
export const EMPTY_SNAPSHOT: Snapshot = { index: 0, term: 0, confState: EMPTY_CONF_STATE, data: EMPTY_BYTES };

/** A configuration of static voters. */
export function confStateOf(voters: readonly NodeId[], learners: readonly NodeId[] = []): ConfState {
  const ascending = (ids: readonly NodeId[]): NodeId[] => [...ids].sort((a, b) => a - b);
  return { ...EMPTY_CONF_STATE, voters: ascending(voters), learners: ascending(learners) };
}
