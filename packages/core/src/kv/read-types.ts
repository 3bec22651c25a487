/**
 * Questions to and answers of the read side. Views in answers point into the memory ring or the store: they are valid until the next
 * call of apply, flush or compaction on the same state machine, so whoever keeps bytes copies them (N13).
 */

/** One KeyValue at one revision. */
export interface Row {
  /** The exact canonical mvccpb.KeyValue bytes. */
  readonly keyValue: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** Lease id, unsigned; 0n for none. */
  readonly lease: bigint;
}

/** Keys [start, end). */
export interface KeyRange {
  readonly start: Uint8Array;
  /** First key after the range; undefined for everything from `start` on. */
  readonly end: Uint8Array | undefined;
}

/** Where and how much to read in one slice. */
export interface RangeOptions {
  /** Revision to read at; default: the current one. A caller that slices fixes it with `pin` first. */
  readonly revision?: number;
  /** Rows with an empty value and without KeyValue bytes; at the current revision no record is read. */
  readonly keysOnly?: boolean;
  /** Most rows of this slice. Default 1,000. */
  readonly rowsMax?: number;
  /** A slice ends with the row that reaches this many bytes of KeyValues. Default 1 MiB. */
  readonly bytesMax?: number;
}

/** Rows in key order. */
export interface RangeSlice {
  readonly rows: readonly Row[];
  /** Where the next slice starts (a copy); undefined when the range is done. There may turn out to be no further row. */
  readonly nextKey: Uint8Array | undefined;
  /** The revision that was read. */
  readonly revision: number;
}

/** Part of a count. At the current revision it is done in one call without a scan. */
export interface CountSlice {
  readonly count: number;
  readonly nextKey: Uint8Array | undefined;
}

/** Keeps a revision readable: while it is held, no record that a read at `revision` needs is removed. Bound it in time. */
export interface Pin {
  readonly revision: number;
  /** Idempotent. */
  release(): void;
}
