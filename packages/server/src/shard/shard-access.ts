/** One shard as the service sees it. */
import type { CorruptError } from '@kvorum/core/kv/errors.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { ShardBackup } from './snapshots/backup-source.js';
import type { CommandResult, FailureReason } from './outcome.js';
import type { OnReadReady } from './reads/read-queue.js';

/** Callbacks are called once; for what is refused at once, that is inside the call that gave them. */
export interface ShardAccess {
  propose(command: Uint8Array, timeoutMs: number, onResult: (result: CommandResult) => void): void;
  /**
   * Calls `onReady` when this replica's state shows every write acknowledged before the call. With `mayUseLease` that may rest on the leader's
   * lease: then it comes with a hold, and what was read is good only if that is still held afterwards. With `isCheck` it only looks whether the replica
   * serves, and has a place when other reads are refused.
   */
  readBarrier(timeoutMs: number, onReady: OnReadReady, mayUseLease: boolean, isCheck?: boolean): void;
  /** The replica's state, or why it can't be read now. Good until the next turn: a snapshot puts another one in its place. */
  machine(): StateMachine | FailureReason;
  /** Every write that was acknowledged longer ago than this is in the replica's state now; undefined while nothing is known of that. */
  stalenessMs(): number | undefined;
  /** Whether this replica is a member and knows a leader. Else its state may stand still while the shard's goes on. */
  isInTouch(): boolean;
  /**
   * Calls `listener` whenever this replica's state may have changed: an entry was applied, another state is in its place, it serves no more. In the middle
   * of a turn: the listener takes note, and looks later. Returns what ends it.
   */
  onChange(listener: () => void): () => void;
  /** A read met a contradiction in the state: the replica stops serving (R14). */
  foundCorrupt(error: CorruptError): void;
  /** A backup of all that this replica has applied, or why there is none. `onEnded` is called once if one is given. */
  openBackup(onEnded: () => void): Promise<ShardBackup | FailureReason>;
}
