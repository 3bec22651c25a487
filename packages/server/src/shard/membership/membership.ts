/** Words and arithmetic of a shard's membership, as its host tells it. Data only. */
import type { ConfChange } from '@kvorum/core/raft/confchange/conf-change.js';
import { asV2 } from '@kvorum/core/raft/confchange/conf-change.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import type { Progress, ProgressState } from '@kvorum/core/raft/tracker/progress.js';
import type { EndReason } from '../outcome.js';

/** What a node is to a shard: in a joint configuration a voter of either half is one. */
export type MemberKind = 'voter' | 'learner' | 'none';

/** What `nodeId` is in `confState`. */
export function memberKind(confState: ConfState, nodeId: number): MemberKind {
  if (confState.voters.includes(nodeId) || confState.votersOutgoing.includes(nodeId)) return 'voter';
  return confState.learners.includes(nodeId) ? 'learner' : 'none';
}

/** Whether two halves have to agree. */
export function isJoint(confState: ConfState): boolean {
  return confState.votersOutgoing.length > 0;
}

/** Every node that `change` speaks of. */
export function nodesOf(change: ConfChange): readonly number[] {
  return asV2(change).changes.map(({ nodeId }) => nodeId);
}

/** Why a change of membership or of the leader was definitely not made. */
export type MembershipRefusal =
  /** Another node leads, or none is known to; `leader` tells. */
  | 'notLeader'
  /** Leadership is being handed over, to `leader` where it is known: ask there. */
  | 'handingOver'
  /** This leader would go with the change, and no voter stays that could take over. */
  | 'noSuccessor'
  /** A change is, or may be, under way: one at a time. */
  | 'pending'
  /** The joint configuration has to be left first. */
  | 'joint'
  /** There is no joint configuration to leave. */
  | 'notJoint'
  /** No membership comes of it: no voter would be left. */
  | 'invalid'
  /** It speaks of a node that is not configured. */
  | 'unknownNode'
  /** Leadership can only go to a voter. */
  | 'notVoter'
  /** Too much is not applied yet. */
  | 'overloaded'
  /** Another leader's entry took its place. */
  | 'superseded'
  | EndReason;

/** Definitely nothing happened. */
export interface MembershipRefused {
  readonly kind: 'refused';
  readonly reason: MembershipRefusal;
  readonly leader?: number | undefined;
  readonly text: string;
}

/** Nobody can tell: it may have happened, or still happen. */
export interface MembershipUnknown {
  readonly kind: 'unknown';
  readonly reason: 'timeout' | 'snapshotInstalled' | EndReason;
}

/** `applied`: the change took effect on this node. A joint configuration that is left by itself is entered then, not yet left. */
export type ConfChangeResult =
  | { readonly kind: 'applied'; readonly index: number; readonly confState: ConfState }
  | MembershipRefused
  | MembershipUnknown;

/** `elsewhere`: somebody leads, but not the one it was handed to, or nobody took over in time. */
export type TransferResult =
  | { readonly kind: 'transferred'; readonly leader: number }
  | { readonly kind: 'elsewhere'; readonly leader: number | undefined }
  | MembershipRefused
  | MembershipUnknown;

/** The leader's view of one member. */
export interface MemberProgress {
  readonly nodeId: number;
  readonly isLearner: boolean;
  readonly state: ProgressState;
  readonly match: number;
  readonly next: number;
  /** Index of the snapshot on its way; 0 for none. */
  readonly pendingSnapshot: number;
  readonly isRecentlyActive: boolean;
}

/** A shard's membership as one replica applies it. */
export interface MembershipStatus {
  readonly confState: ConfState;
  /** Index of the entry that made it so, or where the log began. */
  readonly sinceIndex: number;
  readonly kind: MemberKind;
  readonly isJoint: boolean;
  readonly leader: number | undefined;
  /** On a leader: to whom leadership is being handed. */
  readonly transferringTo: number | undefined;
  /** On a leader: a change is, or may be, under way. */
  readonly isChangePending: boolean;
  /** On a leader only, ascending by node. */
  readonly progress: readonly MemberProgress[];
}

/** What a leader knows of its members. */
export function memberProgress(progress: ReadonlyMap<number, Progress>): readonly MemberProgress[] {
  return [...progress].map(([nodeId, one]) => ({
    nodeId,
    isLearner: one.isLearner,
    state: one.state,
    match: one.match,
    next: one.next,
    pendingSnapshot: one.pendingSnapshot,
    isRecentlyActive: one.isRecentlyActive,
  }));
}

/** Makes a refusal. */
export function refused(reason: MembershipRefusal, text: string, leader?: number): MembershipRefused {
  return { kind: 'refused', reason, text, leader };
}
