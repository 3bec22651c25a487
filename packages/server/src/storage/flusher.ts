/**
 * Write-behind of one shard: decides when its state machine is cut, commits the cut, tells the result. At most one flush per node runs at a time.
 */
import type { Clock } from '../env/env.js';
import type { RevisionStore, StoreBatch } from './revision-store.js';

/** What the flusher asks of the shard's state machine. Both are synchronous and called between two entries. */
export interface FlushSource {
  /** What a cut made now would hold. */
  pending(): PendingFlush;
  /** Cuts everything applied so far (R9). Undefined when a cut is not allowed here (inside a sliced command). */
  cut(): FlushCut | undefined;
}

/** How much is dirty. */
export interface PendingFlush {
  readonly records: number;
  readonly bytes: number;
  /** True when the applied index is ahead of the last cut, even without records. */
  readonly isDirty: boolean;
}

/** One cut: a batch, and who wants to know that it is durable. */
export interface FlushCut extends StoreBatch {
  /** The applied index this cut makes durable. */
  readonly appliedIndex: number;
  /** The batch is durable: its ring space may be reused. */
  done(): void;
}

/** One flush at a time per node; shards take turns in the order in which they asked. */
export interface FlushGate {
  /** Calls `run` when it is its turn; the next one waits until the promise `run` gave settles. */
  enter(run: () => Promise<void>): void;
}

/** What a flusher works with. */
export interface FlusherDeps {
  readonly clock: Clock;
  readonly gate: FlushGate;
  readonly source: FlushSource;
  /** The current store; asked at each flush. */
  readonly store: () => RevisionStore;
  /** After each durable flush: the WAL may free segments. */
  readonly onFlushed: (appliedIndex: number) => void;
  /** A failed commit: the node ends (R17). Called at most once. */
  readonly onFailed: (error: unknown) => void;
}
