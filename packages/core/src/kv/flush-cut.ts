/**
 * A flush cut: everything that has to be in the revision store for the state as of one entry boundary, to commit in ONE transaction (R9):
 * puts of all `records`, then `deletes`, then the `meta` row.
 */

/** One record to put. Neither array changes until the cut is reported done. */
export interface FlushRecord {
  /** 12-byte store key. */
  readonly key: Uint8Array;
  readonly record: Uint8Array;
}

/** What to write. At most one cut of a shard is under way. */
export interface FlushCut {
  /** Applied index and term that the store will hold. */
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  readonly recordCount: number;
  /** Sum of the records' lengths. */
  readonly recordBytes: number;
  /** New records in revision order. May be walked once or more, until the cut is done. */
  records(): Iterable<FlushRecord>;
  /** Store keys to remove after the puts: physical compaction. Some may already be gone. */
  readonly deletes: readonly Uint8Array[];
  /** The encoded meta row (`meta.ts`). */
  readonly meta: Uint8Array;
}
