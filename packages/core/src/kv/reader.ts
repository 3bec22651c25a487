/**
 * Reads of one shard at any revision that is not compacted, in slices (N11). Reads change nothing but the index's position.
 */
import { CompactedError, FutureRevisionError } from './errors.js';
import { cloneBytes, EMPTY_BYTES } from '../base/bytes.js';
import type { CountSlice, KeyRange, Pin, RangeOptions, RangeSlice, Row } from './read-types.js';
import { leaseOf, RowReader } from './row-reader.js';
import type { ShardState } from './shard-state.js';
import { ChainWalker } from './version-chain.js';

/** Defaults of a slice. */
export const SLICE_ROWS_MAX = 1_000;
export const SLICE_BYTES_MAX = 1 << 20;

/**
 * What a slice may cost, so that it ends within 5 ms (N11): an index entry counts 1 (about 0.3 µs; tombstones and keys born later count too), a
 * record looked up {@link RECORD_READ_COST}.
 */
export const SLICE_COST_MAX = 10_000;

/** A point read of the store, 2.4 µs, measured in index entries. */
const RECORD_READ_COST = 8;

/** Reader of a shard's state. */
export class Reader {
  readonly #state: ShardState;
  readonly #walker: ChainWalker;
  readonly #rows = new RowReader();

  constructor(state: ShardState) {
    this.#state = state;
    this.#walker = new ChainWalker(state);
  }

  /** The key at a revision. */
  get(key: Uint8Array, revision: number | undefined): Row | undefined {
    const at = this.#readable(revision);
    const { index } = this.#state;
    if (!index.locate(key)) return undefined;
    const record = this.#recordAt(at);
    return record === undefined ? undefined : this.#rows.read(record);
  }

  /** One slice of rows. */
  range(range: KeyRange, options: RangeOptions): RangeSlice {
    const revision = this.#readable(options.revision);
    const rowsMax = options.rowsMax ?? SLICE_ROWS_MAX;
    const bytesMax = options.bytesMax ?? SLICE_BYTES_MAX;
    const { index } = this.#state;
    const rows: Row[] = [];
    let bytes = 0;
    let looked = 0;
    const { recordReads } = this.#state;
    let isThere = index.seek(range.start);
    while (isThere && index.isBelow(range.end)) {
      if (rows.length === rowsMax || bytes >= bytesMax || this.#isSpent(looked, recordReads))
        return { rows, nextKey: index.copyKey(), revision };
      looked += 1;
      index.load();
      const row = options.keysOnly === true ? this.#keyRow(revision) : this.#ownedRow(revision);
      if (row !== undefined) {
        rows.push(row);
        bytes += options.keysOnly === true ? row.key.length : row.keyValue.length;
      }
      isThere = index.next();
    }
    return { rows, nextKey: undefined, revision };
  }

  /** Keys in a range. */
  count(range: KeyRange, revision: number | undefined, keysMax: number): CountSlice {
    const at = this.#readable(revision);
    const { index } = this.#state;
    if (at === this.#state.currentRevision && !this.#state.isApplying) {
      return { count: index.count(range.start, range.end), nextKey: undefined };
    }
    let count = 0;
    let looked = 0;
    const { recordReads } = this.#state;
    let isThere = index.seek(range.start);
    while (isThere && index.isBelow(range.end)) {
      if (looked === keysMax || this.#isSpent(looked, recordReads)) return { count, nextKey: index.copyKey() };
      looked += 1;
      index.load();
      if (this.#existsAt(at)) count += 1;
      isThere = index.next();
    }
    return { count, nextKey: undefined };
  }

  /** Holds a revision. */
  pin(revision: number | undefined): Pin {
    return this.#state.pins.add(this.#readable(revision));
  }

  /** Whether a slice that looked at `looked` entries, starting at `readsBefore`, has used up its cost. */
  #isSpent(looked: number, readsBefore: number): boolean {
    return looked + (this.#state.recordReads - readsBefore) * RECORD_READ_COST >= SLICE_COST_MAX;
  }

  /** The revision to read at, if it can be read. */
  #readable(revision: number | undefined): number {
    const { currentRevision, compactRevision, pins } = this.#state;
    const at = revision ?? currentRevision;
    if (at > currentRevision) throw new FutureRevisionError(at, currentRevision);
    if (at < compactRevision && !pins.has(at)) throw new CompactedError(at, compactRevision);
    return at;
  }

  /** The live record of the loaded key at a revision. */
  #recordAt(revision: number): Uint8Array | undefined {
    const { state } = this.#state.index;
    if (state.main > revision) return this.#walker.recordAt(state.main, state.sub, revision);
    return state.isTombstone ? undefined : this.#state.requireRecord(state.main, state.sub);
  }

  #existsAt(revision: number): boolean {
    const { state } = this.#state.index;
    if (state.main <= revision) return !state.isTombstone;
    // A key that still lives and was born at or before the revision lived all the time between.
    if (!state.isTombstone && state.createRevision <= revision) return true;
    return this.#recordAt(revision) !== undefined;
  }

  /** A row that survives the reads of the slice's other rows: the store's views do not. */
  #ownedRow(revision: number): Row | undefined {
    const record = this.#recordAt(revision);
    if (record === undefined) return undefined;
    return this.#rows.read(this.#state.ring.bytes.buffer === record.buffer ? record : cloneBytes(record));
  }

  /** A row without its value; at the newest version of a key no record is read. */
  #keyRow(revision: number): Row | undefined {
    const { index } = this.#state;
    const { state } = index;
    if (state.main > revision) {
      const row = this.#ownedRow(revision);
      return row === undefined
        ? undefined
        : { ...fieldsOf(row), keyValue: EMPTY_BYTES, key: row.key, value: EMPTY_BYTES };
    }
    if (state.isTombstone) return undefined;
    const { createRevision, version, leaseLow, leaseHigh } = state;
    const lease = leaseOf(leaseLow, leaseHigh);
    return {
      keyValue: EMPTY_BYTES,
      key: index.copyKey(),
      value: EMPTY_BYTES,
      createRevision,
      modRevision: state.main,
      version,
      lease,
    };
  }
}

function fieldsOf(row: Row): Pick<Row, 'createRevision' | 'modRevision' | 'version' | 'lease'> {
  const { createRevision, modRevision, version, lease } = row;
  return { createRevision, modRevision, version, lease };
}
