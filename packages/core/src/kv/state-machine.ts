/**
 * The state machine of one shard: keys in memory, revisions in the store, the newest ones in the memory ring.
 *
 * Everything here is synchronous and does no I/O but point reads and scans of `deps.store`. State changes only by `apply*` (the log),
 * `compactSlice` (removes what the log has compacted) and `flushDone`. This file only wires the parts:
 * `applier`, `reader`, `compactor`, `flush-cut` and `rebuild`.
 */
import { Applier } from './applier.js';
import { Compactor } from './compactor.js';
import { type FlushCut, Flusher } from './flush-cut.js';
import { History, type HistoryOptions, type HistoryRecord } from './history.js';
import { type Hash64, INITIAL_META, type ShardMeta, type StateHashes } from './meta.js';
import type { ApplyResult } from './outcome.js';
import type { RecordStore } from './ports.js';
import type { CountSlice, KeyRange, Pin, RangeOptions, RangeSlice, Row } from './read-types.js';
import { Reader, SLICE_COST_MAX } from './reader.js';
import type { Revision } from './revision.js';
import { ShardState } from './shard-state.js';

/** Defaults of {@link StateMachineOptions}. */
export const RING_BYTES_MAX = 64 << 20;
export const APPLY_SLICE_KEYS_MAX = 2_000;
export const COMPACT_SLICE_RECORDS_MAX = 500;

/** What the state machine works on. */
export interface StateMachineDeps {
  readonly store: RecordStore;
}

/** Limits of one state machine. */
export interface StateMachineOptions {
  /** Cap of the memory ring in bytes, at least 2 MiB. Default {@link RING_BYTES_MAX}. See `isFull`. */
  readonly ringBytesMax?: number;
  /** Keys that one call of `apply` or `applyMore` deletes at most before it answers `more`. Default {@link APPLY_SLICE_KEYS_MAX}. */
  readonly sliceKeysMax?: number;
  /**
   * For tests: what this replica carries out in place of an entry, as a bug or a bad bit in memory would have it. The chain hash goes over the
   * true entry all the same.
   */
  readonly misread?: ((entry: Uint8Array, index: number) => Uint8Array) | undefined;
}

/** One shard's keys, revisions and history. */
export class StateMachine {
  readonly #state: ShardState;
  readonly #applier: Applier;
  readonly #reader: Reader;
  readonly #history: History;
  readonly #compactor: Compactor;
  readonly #flusher: Flusher;

  /** Takes over `state`; use {@link createStateMachine} or `Rebuild` instead. */
  constructor(state: ShardState, options: StateMachineOptions = {}) {
    this.#state = state;
    this.#applier = new Applier(state, options.sliceKeysMax ?? APPLY_SLICE_KEYS_MAX, options.misread);
    this.#reader = new Reader(state);
    this.#history = new History(state);
    this.#compactor = new Compactor(state);
    this.#flusher = new Flusher(state);
  }

  /** Index and term of the last entry that was applied as a whole. */
  get appliedIndex(): number {
    return this.#state.appliedIndex;
  }

  get appliedTerm(): number {
    return this.#state.appliedTerm;
  }

  /** Revision of the last command that changed something; 1 in a shard that was never written to. */
  get currentRevision(): number {
    return this.#state.currentRevision;
  }

  /** Reads below it are refused; 0 when never compacted. */
  get compactRevision(): number {
    return this.#state.compactRevision;
  }

  /** Shard time of the last entry. */
  get shardTimeMs(): number {
    return this.#state.shardTimeMs;
  }

  /** Chain over all applied entries (R14). */
  get chainHash(): Hash64 {
    return this.#state.chain.value;
  }

  /** Hash over all records and sessions (R14): to compare at equal compactRevision and only while not `isCompacting`. */
  get contentHash(): Hash64 {
    return this.#state.contentHash();
  }

  /** The meta row as of the last applied entry. Not while `isApplying`. */
  get meta(): ShardMeta {
    return this.#state.meta();
  }

  /** What replicas compare at the last applied entry (R14). Not while `isApplying`. */
  get stateHashes(): StateHashes {
    const { appliedIndex, appliedTerm, currentRevision, compactRevision, isCompacting, chainHash, contentHash } =
      this.meta;
    return { appliedIndex, appliedTerm, currentRevision, compactRevision, isCompacting, chainHash, contentHash };
  }

  /** Live keys at the current revision (while `isApplying`, also counting what is not visible yet). */
  get keyCount(): number {
    return this.#state.index.liveKeys;
  }

  /** Open sessions. */
  get sessionCount(): number {
    return this.#state.sessions.size;
  }

  /** Whether sessions were not used for `idleMs` when shardTime is `nowMs`: a leader has them expired then. */
  hasIdleSessions(idleMs: number, nowMs: number): boolean {
    return this.#state.sessions.hasIdle(idleMs, nowMs);
  }

  /** Whether physical compaction has work left. */
  get isCompacting(): boolean {
    return this.#state.isCompacting;
  }

  /** The ring is at its cap with records that are not flushed: hold `apply` (not `applyMore`) back until a flush is done. */
  get isFull(): boolean {
    return this.#state.ring.isFull;
  }

  /** An `apply` answered `more` and is not done. */
  get isApplying(): boolean {
    return this.#state.isApplying;
  }

  /** Applied index that the store holds. */
  get flushedIndex(): number {
    return this.#flusher.flushedIndex;
  }

  /** A cut is made and not reported done. */
  get isFlushing(): boolean {
    return this.#flusher.isCutOpen;
  }

  /** Records, and their bytes, that are not in the store. */
  get unflushedRecords(): number {
    return this.#state.ring.unflushedCount;
  }

  get unflushedBytes(): number {
    return this.#state.ring.unflushedBytes;
  }

  /** Physical deletes that wait for the next cut. */
  get unflushedDeletes(): number {
    return this.#state.pendingDeletes.length;
  }

  /** Oldest revision from which on the whole history is in memory; infinite when there is none. */
  get oldestRevisionInMemory(): number {
    // Of a command of many records the first ones may have left the ring.
    const { oldestMain, oldestSub } = this.#state.ring;
    return oldestSub === 0 ? oldestMain : oldestMain + 1;
  }

  /**
   * Applies a normal entry; an empty one is a no-op. Indexes come without gaps. `entry` is kept until it is done.
   * @throws DecodeError with code BAD_ENTRY: the log is corrupt
   */
  apply(entry: Uint8Array, index: number, term: number): ApplyResult {
    return this.#applier.apply(entry, index, term);
  }

  /** Goes on with an entry that answered `more`. Reads in between see the state before the unfinished command. */
  applyMore(): ApplyResult {
    return this.#applier.applyMore();
  }

  /** Applies a configuration entry: keeps a copy of the new ConfState for the meta row. */
  applyConfChange(entry: Uint8Array, index: number, term: number, confState: Uint8Array): void {
    this.#applier.applyConfChange(entry, index, term, confState);
  }

  /**
   * The key at `revision` (default: the current one).
   * @throws CompactedError, FutureRevisionError, CorruptError
   */
  get(key: Uint8Array, revision?: number): Row | undefined {
    return this.#reader.get(key, revision);
  }

  /** One slice of a range in key order. @throws CompactedError, FutureRevisionError, CorruptError */
  range(range: KeyRange, options: RangeOptions = {}): RangeSlice {
    return this.#reader.range(range, options);
  }

  /**
   * Keys in a range: without a scan at the current revision, in slices of `keysMax` index entries at an old one or while `isApplying`.
   * @throws CompactedError, FutureRevisionError, CorruptError
   */
  count(range: KeyRange, revision?: number, keysMax = SLICE_COST_MAX): CountSlice {
    return this.#reader.count(range, revision, keysMax);
  }

  /** Keeps `revision` (default: the current one) readable. @throws CompactedError, FutureRevisionError */
  pin(revision?: number): Pin {
    return this.#reader.pin(revision);
  }

  /**
   * One slice of the history, for watchers; returns where the next one begins. See {@link History.slice}.
   * @throws CompactedError, CorruptError
   */
  history(options: HistoryOptions, visit: (record: HistoryRecord) => boolean): Revision {
    return this.#history.slice(options, visit);
  }

  /** What a key was before a record of the history, whose `previous` is given; undefined when it was nothing, or that is compacted away. @throws CorruptError */
  previousRow(previous: Revision): Row | undefined {
    return this.#history.row(previous);
  }

  /** Cuts a flush at the last entry boundary. Not while `isApplying` or while another cut is under way. */
  cutFlush(): FlushCut {
    return this.#flusher.cut();
  }

  /** The cut is committed and synced: its records may leave the ring. */
  flushDone(cut: FlushCut): void {
    this.#flusher.done(cut);
  }

  /** Handles at most `recordsMax` records of physical compaction. False when there is nothing to do now: finished, pinned, or `isApplying`. */
  compactSlice(recordsMax = COMPACT_SLICE_RECORDS_MAX): boolean {
    return this.#compactor.slice(recordsMax);
  }
}

/** The state machine of a new shard without a record. */
export function createStateMachine(deps: StateMachineDeps, options: StateMachineOptions = {}): StateMachine {
  return new StateMachine(new ShardState(deps.store, options.ringBytesMax ?? RING_BYTES_MAX, INITIAL_META), options);
}
