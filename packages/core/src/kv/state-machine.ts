/**
 * The state machine of one shard.
 */
import type { Hash64, ShardMeta } from './meta.js';
import type { FlushCut } from './flush-cut.js';
import type { ApplyResult } from './outcome.js';
import type { RecordStore } from './ports.js';
import type { CountSlice, KeyRange, Pin, RangeOptions, RangeSlice, Row } from './read-types.js';

/** What the state machine works on. */
export interface StateMachineDeps {
  readonly store: RecordStore;
}

/** Limits of one state machine. */
export interface StateMachineOptions {
  /** Cap of the memory ring in bytes: above it, with nothing flushed to drop, `isFull` holds. Default 64 MiB. */
  readonly ringBytesMax?: number;
  /** Keys that one call of `apply` or `applyMore` deletes at most before it answers `more`. Default 2,000. */
  readonly sliceKeysMax?: number;
}

/** One shard's keys, revisions and history. Synchronous; no I/O but point reads and scans of `deps.store`. */
export interface StateMachine {
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  readonly currentRevision: number;
  readonly compactRevision: number;
  readonly shardTimeMs: number;
  readonly chainHash: Hash64;
  readonly contentHash: Hash64;
  /** Live keys at the current revision. */
  readonly keyCount: number;
  /** Whether physical compaction has work left. */
  readonly isCompacting: boolean;
  /** The ring is at its cap with records that are not flushed: hold `apply` back until a flush is done. */
  readonly isFull: boolean;
  /** An `apply` answered `more` and is not done. */
  readonly isApplying: boolean;
  /** What a cut would hold now. */
  readonly unflushedRecords: number;
  readonly unflushedBytes: number;

  /** Applies a normal entry (an empty one is a no-op). Indexes come without gaps. @throws DecodeError (BAD_ENTRY): corruption */
  apply(entry: Uint8Array, index: number, term: number): ApplyResult;
  /** Goes on with an entry that answered `more`. */
  applyMore(): ApplyResult;
  /** Applies a configuration entry: records the new ConfState, as the host encodes it. */
  applyConfChange(entry: Uint8Array, index: number, term: number, confState: Uint8Array): void;

  /** @throws CompactedError, FutureRevisionError, CorruptError */
  get(key: Uint8Array, revision?: number): Row | undefined;
  /** One slice of a range in key order. @throws CompactedError, FutureRevisionError, CorruptError */
  range(range: KeyRange, options?: RangeOptions): RangeSlice;
  /** Keys in the range at a revision; at an old one in slices of at most `keysMax` index entries. */
  count(range: KeyRange, revision?: number, keysMax?: number): CountSlice;
  /** Keeps `revision` (default: the current one) readable. @throws CompactedError, FutureRevisionError */
  pin(revision?: number): Pin;

  /** Cuts a flush at the last entry boundary. Not while `isApplying` or while another cut is under way. */
  cutFlush(): FlushCut;
  /** The cut is committed and synced. */
  flushDone(cut: FlushCut): void;
  /** Handles at most `recordsMax` records of physical compaction; the deletes ride on the next cut. False when there is nothing to do now. */
  compactSlice(recordsMax?: number): boolean;
}

/** Rebuilds a state machine from a store or snapshot: its meta row, then each record in revision order, then `finish`. */
export interface StateMachineRebuild {
  /** @throws CorruptError */
  add(main: number, sub: number, record: Uint8Array): void;
  /** Verifies the content hash against the meta row. @throws CorruptError */
  finish(): StateMachine;
}

export type { ShardMeta };
