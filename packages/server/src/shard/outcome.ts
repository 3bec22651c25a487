/** How a request to a shard can end. Data only; the service turns failures into public errors. */
import type { Outcome } from '@kvorum/core/kv/outcome.js';

/** Why a command or read was not carried out, or why nobody knows. */
export type FailureReason =
  /** No leader was found in time; the command was never sent. */
  | 'noLeader'
  /** The queue of the node or the leader is full. */
  | 'overloaded'
  /** The disk is below its reserve. */
  | 'noSpace'
  /** The node is stopping. */
  | 'stopping'
  /** Another leader's entry took the place of the command's. */
  | 'superseded'
  /** Sent, but no answer in time. */
  | 'timeout'
  /** The connection to the leader was lost after sending. */
  | 'disconnected'
  /** A snapshot replaced the entries that would have told. */
  | 'snapshotInstalled'
  /** A snapshot is being installed in place of the replica's state. */
  | 'catchingUp'
  /** The node has no replica of the shard that is a member of it. */
  | 'notMember'
  /** The node ended by itself. */
  | 'failed'
  /** This replica's state is corrupt, or may be (R14): it serves no more. Others may. */
  | 'corrupt';

/** Why nothing more is asked of a replica. */
export type EndReason = Extract<FailureReason, 'stopping' | 'failed' | 'corrupt'>;

/** A request that was not answered with its outcome, and whether it may have happened all the same. */
export interface Failure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  /** False: the command was definitely not carried out. True: it may have been, or still be. */
  readonly mayHaveHappened: boolean;
}

/** How a command ended. */
export type CommandResult = { readonly kind: 'outcome'; readonly outcome: Outcome } | Failure;

/** A failure of what was certainly not carried out. */
export function definite(reason: FailureReason): Failure {
  return { kind: 'failure', reason, mayHaveHappened: false };
}

/** A failure of what may have been carried out, or still be. */
export function unknown(reason: FailureReason): Failure {
  return { kind: 'failure', reason, mayHaveHappened: true };
}
