/**
 * What the state machine needs of the revision store, and nothing more. The memory ring is asked first, so a store may lag behind
 * by everything that is not flushed.
 */

/** Point reads of flushed records. Synchronous; never sees a put that is not committed to the store. */
export interface RecordReader {
  /**
   * The record at {main, sub}, or undefined when the store has none. The view is valid until the next call and is never written to. A plain
   * Uint8Array, no Buffer, whose `slice` would copy nothing: rows handed to readers are views of it.
   */
  get(main: number, sub: number): Uint8Array | undefined;
}

/** Ordered reads of flushed records. */
export interface RecordScanner {
  /**
   * Calls `visit` for each record with revision ≥ {main, sub} in revision order until it returns false or the store ends. The record's view
   * is valid during the call. `visit` must not write to the store.
   */
  scan(main: number, sub: number, visit: RecordVisitor): void;
}

/** Returns whether to go on. */
export type RecordVisitor = (main: number, sub: number, record: Uint8Array) => boolean;

/** The store of one shard as the state machine sees it. */
export interface RecordStore extends RecordReader, RecordScanner {}

/** A store without a record: for a new shard, and for tests. */
export const EMPTY_STORE: RecordStore = {
  get: () => undefined,
  scan: () => undefined,
};
