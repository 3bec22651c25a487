/**
 * A flush cut: everything that has to be in the revision store for the state as of one entry boundary, to commit in ONE transaction (R9):
 * puts of all `records`, then `deletes`, then the `meta` row. No row of a side table is in both.
 */
import { isMutated } from '../base/mutation.js';
import { assert } from '../base/assert.js';
import { encodeMeta, type ShardMeta } from './meta.js';
import type { RecordRing } from './record-ring.js';
import { encodeRevisionKey, REVISION_KEY_BYTES } from './revision.js';
import type { SessionRow } from './sessions.js';
import { SIDE_ROW_MAIN } from './side-row.js';
import type { ShardState } from './shard-state.js';

/** One record to put. Neither array changes until the cut is reported done. */
export interface FlushRecord {
  /** 12-byte store key. */
  readonly key: Uint8Array;
  readonly record: Uint8Array;
}

/** What to write. At most one cut of a shard is under way. */
export interface FlushCut {
  /** Number of the cut, from 1 on. */
  readonly id: number;
  /** Applied index and term that the store will hold. */
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  readonly recordCount: number;
  /** Sum of their lengths. */
  readonly recordBytes: number;
  /** Changed rows of side tables, then new records, in the order of their keys. May be walked once or more, until the cut is done. */
  records(): Iterable<FlushRecord>;
  /** Store keys to remove after the puts: physical compaction. Some may already be gone. */
  readonly deletes: readonly Uint8Array[];
  /** The encoded meta row (`meta.ts`). */
  readonly meta: Uint8Array;
}

/** Makes cuts of one shard and gives their ring space back. */
export class Flusher {
  readonly #state: ShardState;
  #cutsMade = 0;
  #cutId = 0;
  #cutEnd = 0;
  #cutIndex = 0;
  #flushedIndex: number;
  /** Position of the cut before, for the bug that keeps it. */
  #flushed: Pick<ShardMeta, 'appliedIndex' | 'appliedTerm'>;

  constructor(state: ShardState) {
    this.#state = state;
    this.#flushedIndex = state.appliedIndex;
    this.#flushed = positionOf(state);
  }

  /** Applied index that the store holds. */
  get flushedIndex(): number {
    return this.#flushedIndex;
  }

  /** Whether a cut is made and not done. */
  get isCutOpen(): boolean {
    return this.#cutId !== 0;
  }

  /** Cuts at the last applied entry. */
  cut(): FlushCut {
    assert(this.#cutId === 0, 'one cut at a time');
    const state = this.#state;
    const { ring } = state;
    const isIndexOld = isMutated('sideTablesNewerThanAppliedIndex');
    const meta = encodeMeta(isIndexOld ? { ...state.meta(), ...this.#flushed } : state.meta());
    const { rows, removed } = sideRows(state.sessions.takeRows());
    const deletes = [...removed, ...state.pendingDeletes];
    state.pendingDeletes = [];
    const from = ring.flushedNumber;
    const to = ring.nextNumber;
    this.#cutsMade += 1;
    this.#cutId = this.#cutsMade;
    this.#cutEnd = to;
    this.#cutIndex = state.appliedIndex;
    this.#flushed = positionOf(state);
    return {
      id: this.#cutId,
      appliedIndex: state.appliedIndex,
      appliedTerm: state.appliedTerm,
      recordCount: rows.length + to - from,
      recordBytes: ring.unflushedBytes + rows.reduce((sum, { record }) => sum + record.length, 0),
      records: () => recordsOf(rows, ring, from, to),
      deletes,
      meta,
    };
  }

  /** The cut is in the store. */
  done(cut: FlushCut): void {
    assert(cut.id === this.#cutId, 'not the cut that is under way');
    this.#state.ring.markFlushed(this.#cutEnd);
    this.#flushedIndex = this.#cutIndex;
    this.#cutId = 0;
  }
}

function positionOf({ appliedIndex, appliedTerm }: ShardState): Pick<ShardMeta, 'appliedIndex' | 'appliedTerm'> {
  return { appliedIndex, appliedTerm };
}

/** What changed in side tables, as store rows and as keys to remove. */
function sideRows(changed: readonly SessionRow[]): { rows: FlushRecord[]; removed: Uint8Array[] } {
  const rows: FlushRecord[] = [];
  const removed: Uint8Array[] = [];
  for (const { place, row } of changed) {
    const key = encodeRevisionKey(SIDE_ROW_MAIN, place);
    if (row === undefined) removed.push(key);
    else rows.push({ key, record: row });
  }
  return { rows, removed };
}

function* recordsOf(rows: readonly FlushRecord[], ring: RecordRing, from: number, to: number): Generator<FlushRecord> {
  yield* rows;
  const keys = new Uint8Array((to - from) * REVISION_KEY_BYTES);
  for (let number = from; number < to; number += 1) {
    const at = (number - from) * REVISION_KEY_BYTES;
    ring.showNumber(number, keys, at);
    yield { key: keys.subarray(at, at + REVISION_KEY_BYTES), record: ring.bytes.subarray(ring.start, ring.end) };
  }
}
