/** What the log knows of one shard in memory; the same steps are taken when records are written and when they are replayed. */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { EntryPlaces } from './entry-places.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import type { LogStartMark, TableShard } from './payload.js';
import type { LogPosition, SnapshotMark } from './wal.js';

const NO_HARD_STATE: HardState = { term: 0, vote: 0, commit: 0 };
const LOG_BEGIN: LogPosition = { index: 0, term: 0 };
const NO_BYTES = new Uint8Array(0);

/** Where a record lies. */
export interface RecordPlace {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

/** One per shard. Ahead of the disk by what is being written. */
export class ShardLog {
  readonly places = new EntryPlaces(1);
  hardState: HardState = NO_HARD_STATE;
  logStart: LogPosition = LOG_BEGIN;
  confState: Uint8Array = NO_BYTES;
  removedIncarnation: number | undefined;

  get lastIndex(): number {
    return this.places.last;
  }

  /** Replaces what is at its index and after it. False when it lies absurdly far behind the end. */
  addEntry(position: LogPosition, place: RecordPlace): boolean {
    if (position.index <= this.logStart.index) return true;
    this.places.truncateFrom(position.index);
    return this.addCopied(position, place);
  }

  /** Replaces what is at its index only: a copy never truncates. */
  addCopied({ index, term }: LogPosition, place: RecordPlace): boolean {
    if (index <= this.logStart.index) return true;
    return this.places.set(index, term, place.segment, place.offset, place.bytes);
  }

  install(mark: SnapshotMark): void {
    this.logStart = { index: mark.index, term: mark.term };
    this.confState = mark.confState;
    this.places.reset(mark.index);
  }

  /** A start before the present one changes nothing. */
  compact(mark: LogStartMark): void {
    if (mark.confState !== undefined && mark.index >= this.logStart.index) this.confState = mark.confState;
    if (mark.index <= this.logStart.index) return;
    this.logStart = { index: mark.index, term: mark.term };
    this.places.dropThrough(mark.index);
  }

  remove(incarnation: number): void {
    this.removedIncarnation = incarnation;
    this.hardState = NO_HARD_STATE;
    this.logStart = LOG_BEGIN;
    this.confState = NO_BYTES;
    this.places.reset(0);
  }

  /** The segment table tells what was so when its segment began; on replay of a later segment it says nothing new. */
  adopt(line: TableShard): void {
    if (line.removedIncarnation !== undefined) return this.remove(line.removedIncarnation);
    this.removedIncarnation = undefined;
    this.hardState = line.hardState;
    this.confState = line.confState;
    this.compact({ ...line.logStart, confState: undefined });
  }

  toTable(): TableShard {
    if (isMutated('hardStateLostAtSegmentCut')) {
      const { logStart, confState, removedIncarnation } = this;
      return { hardState: NO_HARD_STATE, logStart, confState, removedIncarnation };
    }
    return this;
  }

  termAt(index: number): number | undefined {
    if (index === this.logStart.index) return this.logStart.term;
    return index >= this.places.first && index <= this.places.last ? this.places.term(index) : undefined;
  }
}
