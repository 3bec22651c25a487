/**
 * The history of a shard as watchers see it: records in revision order, from the store as far as the memory ring has let them go, then from the ring.
 * Read in slices (N11); only whole commands are visible, those up to `currentRevision`.
 */
import { EMPTY_BYTES } from '../base/bytes.js';
import { CompactedError, CorruptError } from './errors.js';
import { KeyValueReader } from './key-value.js';
import type { RecordVisitor } from './ports.js';
import type { Row } from './read-types.js';
import { isRecordHeader, isTombstone, RECORD_HEADER_BYTES, RecordLinks } from './record.js';
import type { Revision } from './revision.js';
import { RowReader } from './row-reader.js';
import type { ShardState } from './shard-state.js';

/** Default limits of a slice: so many records take some 2 ms. */
export const HISTORY_SLICE_RECORDS_MAX = 1_000;
export const HISTORY_SLICE_BYTES_MAX = 1 << 20;

/** One record of the history. Valid during the visit only: one object is filled again and again, and its bytes are views. */
export interface HistoryRecord {
  readonly main: number;
  readonly sub: number;
  /** Then `row` has the key and its modRevision only. */
  readonly isTombstone: boolean;
  readonly key: Uint8Array;
  /** Made anew by each use. */
  readonly row: Row;
  /** The key's record before this one, {0, 0} when it never had one. */
  readonly previous: Revision;
}

/** Where a slice begins, and what it stops at. */
export interface HistoryOptions {
  readonly from: Revision;
  /** Stops before this record. Default: after the current revision. */
  readonly until?: Revision;
  readonly recordsMax?: number;
  /** The slice ends with the record that reaches this. */
  readonly bytesMax?: number;
}

/** Reader of a shard's history. */
export class History {
  readonly #state: ShardState;
  readonly #rows = new RowReader();
  readonly #record = new VisitedRecord();

  constructor(state: ShardState) {
    this.#state = state;
  }

  /**
   * Visits records until `visit` answers false, which must not read anything of the shard. Returns where the next slice begins: `until`, or the revision
   * after the current one, when there are no more now. Where it begins within a command, all records of that one may have been visited.
   */
  slice(options: HistoryOptions, visit: (record: HistoryRecord) => boolean): Revision {
    const { currentRevision, compactRevision, ring, store } = this.#state;
    const { from } = options;
    if (from.main < compactRevision) throw new CompactedError(from.main, compactRevision);
    const end = earlier(options.until, { main: currentRevision + 1, sub: 0 });
    const recordsMax = options.recordsMax ?? HISTORY_SLICE_RECORDS_MAX;
    const bytesMax = options.bytesMax ?? HISTORY_SLICE_BYTES_MAX;
    let records = 0;
    let bytes = 0;
    let isEnough = false;
    let next: Revision | undefined;
    const take: RecordVisitor = (main, sub, record) => {
      if (!isBefore(main, sub, end)) return false;
      if (isEnough || records >= recordsMax || bytes >= bytesMax) {
        next = { main, sub };
        return false;
      }
      records += 1;
      bytes += record.length;
      this.#record.show(main, sub, record);
      // It goes on to the next record, to tell whether that is of the same revision.
      isEnough = !visit(this.#record);
      return true;
    };
    const { oldestMain, oldestSub } = ring;
    const ringStart = { main: oldestMain, sub: oldestSub };
    if (isBefore(from.main, from.sub, ringStart) && isBefore(from.main, from.sub, end)) {
      store.scan(from.main, from.sub, (main, sub, record) => isBefore(main, sub, ringStart) && take(main, sub, record));
    }
    if (next === undefined) ring.scan(from.main, from.sub, take);
    if (next !== undefined) return next;
    return isBefore(from.main, from.sub, end) ? end : from;
  }

  /** The live row of a record found by {@link HistoryRecord.previous}; undefined when that was a deletion or is compacted away. */
  row({ main, sub }: Revision): Row | undefined {
    const record = main === 0 ? undefined : this.#state.record(main, sub);
    return record === undefined || isTombstone(record) ? undefined : this.#rows.read(record);
  }
}

class VisitedRecord implements HistoryRecord {
  main = 0;
  sub = 0;
  isTombstone = false;
  #bytes: Uint8Array = EMPTY_BYTES;
  readonly #rows = new RowReader();
  readonly #keyValue = new KeyValueReader();
  readonly #links = new RecordLinks();

  show(main: number, sub: number, record: Uint8Array): void {
    if (!isRecordHeader(record) || !this.#keyValue.read(record, RECORD_HEADER_BYTES, record.length))
      throw new CorruptError(`record ${main}.${sub} is malformed`);
    this.main = main;
    this.sub = sub;
    this.isTombstone = isTombstone(record);
    this.#bytes = record;
  }

  get key(): Uint8Array {
    return this.#bytes.subarray(this.#keyValue.keyStart, this.#keyValue.keyEnd);
  }

  get row(): Row {
    return this.#rows.read(this.#bytes);
  }

  get previous(): Revision {
    this.#links.read(this.#bytes, 0);
    return { main: this.#links.previousMain, sub: this.#links.previousSub };
  }
}

function isBefore(main: number, sub: number, { main: endMain, sub: endSub }: Revision): boolean {
  return main < endMain || (main === endMain && sub < endSub);
}

function earlier(a: Revision | undefined, b: Revision): Revision {
  return a !== undefined && isBefore(a.main, a.sub, b) ? a : b;
}
