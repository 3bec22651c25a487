/**
 * The public face of the write-ahead log: one per node, shared by all its shards (architecture 4). Types only.
 *
 * Order: appends become durable, and their callbacks run, in the order in which they were handed in. One append is atomic: after a
 * crash all of it is there or nothing. What is handed in while a sync runs becomes one next batch with one sync (P1, P2).
 */
import type { Clock, Log } from '../../env/env.js';
import type { WalMetrics } from '../../env/node-metrics.js';
import type { Disk } from '../../env/disk.js';
import type { Failpoints } from '../../env/failpoints.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { HardState } from '@kvorum/core/raft/types.js';

/** The number of a shard on this node, an integer in [0, 2^32). */
export type ShardId = number;

/** A position in a shard's log. */
export interface LogPosition {
  readonly index: number;
  readonly term: number;
}

/** A state machine image that replaces the whole log of a shard. */
export interface SnapshotMark extends LogPosition {
  readonly confState: Uint8Array;
}

/** What one shard wants durable. Taken in the order snapshot, entries, hard state. */
export interface ShardAppend {
  readonly shard: ShardId;
  /** Drops all entries of the shard; the log then starts after this position. */
  readonly snapshot?: SnapshotMark | undefined;
  /** In order without gaps. The first replaces what the log holds at its index and after it. `data` must stay untouched. */
  readonly entries: readonly Entry[];
  readonly hardState?: HardState | undefined;
}

/** A shard as the log remembers it. */
export interface RecoveredShard {
  readonly hardState: HardState;
  /** Entries start after this position. */
  readonly logStart: LogPosition;
  /** As given with the last snapshot mark or compaction; empty when there was none. */
  readonly confState: Uint8Array;
  /** In order, without gaps, from `logStart.index + 1` on. */
  readonly entries: readonly Entry[];
  /** The incarnation with which the replica was removed from this node; undefined while it lives here. */
  readonly removedIncarnation: number | undefined;
}

/** What a log needs. */
export interface WalDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: WalMetrics | undefined;
  readonly failpoints?: Failpoints | undefined;
}

/** Calls out of the log, never from inside a call into it. */
export interface WalEvents {
  /**
   * A write, sync or rename failed (R17). Told once; nothing is retried, no callback of an append runs any more, and the node must end.
   */
  onFailure(error: Error): void;
  /** R24: free space fell below the reserve (`true`) or is back (`false`). What exists still takes deletes, compaction and hard states. */
  onSpace(isNoSpace: boolean): void;
}

/** Defaults in `WAL_DEFAULTS`. */
export interface WalOptions {
  /** Size of a segment. A single larger append gets a larger segment. */
  readonly segmentBytes: number;
  /** Appends of one sync are gathered up to this size; one larger append goes alone. */
  readonly batchBytesMax: number;
  /** Largest single append. */
  readonly appendBytesMax: number;
  /** Free disk space below which the log reports no space (R24). */
  readonly reserveBytes: number;
  /** Above this size, entries of lagging shards are copied forward to free the oldest segments. */
  readonly copyForwardBytes: number;
  /** How often free space is looked at. */
  readonly spaceCheckMs: number;
  /** Ways to be wrong on purpose, so that crash tests can show that they notice. Never set outside tests. */
  readonly testing: WalTestSwitches;
}

/** Each breaks one promise of the log. */
export interface WalTestSwitches {
  /** Acknowledges before the bytes are written. */
  readonly ackBeforeAppend?: boolean;
  /** Acknowledges after the write, before the sync. */
  readonly ackBeforeSync?: boolean;
}

/** Counts since the start, for metrics. */
export interface WalStats {
  readonly syncs: number;
  readonly appends: number;
  readonly entries: number;
  readonly writtenBytes: number;
}

/** An open log. Methods throw only on misuse and {@link WalLimitError}s; the disk's failures come through {@link WalEvents}. */
export interface Wal {
  /**
   * Makes `updates` durable as one atomic append; `onSynced` runs after the fdatasync that covers it returned, never inside `append`.
   * An append that only raises commit indexes needs no sync: it is written with the next batch, and `onSynced` runs as soon as everything
   * before it is durable.
   */
  append(updates: readonly ShardAppend[], onSynced: () => void): void;
  /**
   * Entries up to `to.index` are not needed any more: the state machine has them flushed, or the followers' share of the log ends here.
   * A no-op for positions before the current log start. `confState` replaces the one remembered.
   */
  compact(shard: ShardId, to: LogPosition, confState?: Uint8Array): void;
  /** Forgets everything of a shard but that it was removed, with the incarnation of the replica. */
  removeShard(shard: ShardId, incarnation: number, onSynced: () => void): void;
  /**
   * Durable entries [lo, hi) from disk, as many as fit in `bytesMax` but at least one; fewer, or none, when an append replaces them meanwhile.
   * Their segment is not freed while it is read. Rejects with `WalCompactedError` when `lo` is not in the log any more, with
   * `WalDamagedError` when the disk returns other bytes than were written, with a `DiskError` when it returns none.
   */
  readEntries(shard: ShardId, lo: number, hi: number, bytesMax: number): Promise<readonly Entry[]>;
  /** Where the log of a shard starts and ends; undefined for one it has never seen. */
  logBounds(shard: ShardId): { readonly start: LogPosition; readonly lastIndex: number } | undefined;
  /** Term of an entry of the log or of its start; undefined outside. */
  termAt(shard: ShardId, index: number): number | undefined;
  /** Bytes of all segments, the prepared one included. */
  readonly bytes: number;
  /** R24: free space is below the reserve. */
  readonly isNoSpace: boolean;
  /** Since when (clock milliseconds) the sync under way runs; undefined when none does (R25). */
  readonly syncStartedMs: number | undefined;
  readonly stats: WalStats;
  /** Waits for what was handed in, then lets go of the files. Idempotent. */
  close(): Promise<void>;
}

/** What {@link openWal} found and made. */
export interface OpenedWal {
  readonly wal: Wal;
  /** The caller's: whoever is done with the entries of a shard may delete them. */
  readonly recovered: Map<ShardId, RecoveredShard>;
  /** True when there was no log before. */
  readonly isFresh: boolean;
}
