/**
 * The durable home of one shard's records: revision → record bytes, and one meta row, always changed together (R9).
 * Implemented twice, by LMDB and in memory, under one acceptance suite. `get` and `scan` are the state machine's RecordStore
 * (core/kv/ports).
 *
 * It must never show or keep half a commit, and never retry a failed one: every {@link StoreError} marked fatal ends the node (R17).
 */

import type { Disk } from '../env/disk.js';

/** One record to store. */
export interface StorePut {
  /** 12 bytes: main u64, sub u32, big-endian. Copied at once, so one buffer may serve all puts. */
  readonly key: Uint8Array;
  /** At least one byte. Must stay untouched until the commit's promise settles. */
  readonly record: Uint8Array;
}

/** Everything that one transaction changes. */
export interface StoreBatch {
  /** Consumed once, synchronously, inside `commit`; the yielded object may be the same every time. */
  readonly puts: Iterable<StorePut>;
  /** 12-byte keys, as above. A key that is absent is fine. Applied after the puts. */
  readonly deletes: Iterable<Uint8Array>;
  /** The new meta row. Must stay untouched until the commit's promise settles. */
  readonly meta: Uint8Array;
}

/** Returns whether to go on. `record` is valid during the call only; the visitor must not call the store. */
export type RowVisitor = (main: number, sub: number, record: Uint8Array) => boolean;

/** Ordered reads: of the newest commit, or of a snapshot. */
export interface StoreRows {
  /**
   * Calls `visit` for each record with revision ≥ {main, sub}, in order, until it returns false or the records end. Synchronous: a
   * caller with many rows stops after a slice and goes on from the next revision (N11).
   */
  scan(main: number, sub: number, visit: RowVisitor): void;
}

/** A consistent read transaction: `meta` and rows are those of one commit, whatever is committed meanwhile. */
export interface StoreSnapshot extends StoreRows {
  /** Undefined when nothing was ever committed. */
  readonly meta: Uint8Array | undefined;
  /** Idempotent. An open snapshot makes the file grow and holds up the store's `close`, so its time must be bounded. */
  close(): void;
}

/** One shard's store, open. */
export interface RevisionStore extends StoreRows {
  /** The record at {main, sub}; sees only what is committed. The view is valid until the next call of any store: use or copy it at once. */
  get(main: number, sub: number): Uint8Array | undefined;
  /** A copy of the newest committed meta row; undefined when nothing was ever committed. */
  readMeta(): Uint8Array | undefined;
  /**
   * ONE transaction. All of the batch is taken synchronously; the promise resolves when it is durable on disk. Commits are durable in the order
   * of their calls. Rejects with a {@link StoreError}: after a fatal one nothing is known of this and all later commits, and the store refuses everything.
   */
  commit(batch: StoreBatch): Promise<void>;
  openSnapshot(): StoreSnapshot;
  /** Bytes on disk (or in memory) that the store takes. */
  sizeBytes(): number;
  /** Waits for pending commits and open snapshots, then closes. Refuses new ones at once. Idempotent. */
  close(): Promise<void>;
}

/** What went wrong with a store. */
export type StoreErrorCode =
  /** A write or sync failed: what is on disk is unknown. */
  | 'STORE_IO'
  /** The disk has no room. As fatal as `STORE_IO`: R24 has to see it coming. */
  | 'STORE_FULL'
  /** What was read contradicts itself. */
  | 'STORE_DAMAGED'
  /** Used after `close`: a bug of the caller. */
  | 'STORE_CLOSED';

/** A failed store operation. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly retryable = false;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** True when the node has to end (R17): the state on disk is not known any more. */
  get isFatal(): boolean {
    return this.code !== 'STORE_CLOSED';
  }
}

/** One way to keep a revision store. */
export interface StoreKind {
  /** Opens (creating it where absent) the store in the directory `path`, which exists. */
  open(path: string): Promise<RevisionStore>;
  /** Refuses the directory of a store that was there before and is not whole: it must never be opened as a new one. Fails with {@link StoreError} or DiskError. */
  checkExisting(disk: Disk, path: string): Promise<void>;
}
