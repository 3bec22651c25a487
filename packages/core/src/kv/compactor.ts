/**
 * Physical compaction of revisions, in slices. For each record ≤ C in revision order its predecessor goes; a tombstone below C goes itself, with
 * its index entry if nothing newer exists. One exactly at C stays until the next compaction.
 *
 * (Any tombstone below C can go at once: either it is its key's newest record ≤ C, or a later record ≤ C would remove it as its predecessor.
 * So a predecessor that is a tombstone is already gone.)
 *
 * Deletes, progress and the lowered content hash leave with the same flush (R9). Each record enters the content hash once and must leave it once,
 * though the store may show it until that flush: nothing is handled twice, except the records at the last C, see `noteCompaction`.
 */
import { isMutated } from '../base/mutation.js';
import { cloneBytes } from '../base/bytes.js';
import { isTombstone, RECORD_HEADER_BYTES, RecordLinks } from './record.js';
import { CorruptError } from './errors.js';
import { KeyValueReader } from './key-value.js';
import { encodeRevisionKey } from './revision.js';
import { SIDE_ROW_MAIN } from './side-row.js';
import type { ShardState } from './shard-state.js';

const SUB_MAX = 0xffff_ffff;

/** A record as the scan saw it; its view does not outlive the scan. */
interface Scanned {
  readonly main: number;
  readonly sub: number;
  readonly previousMain: number;
  readonly previousSub: number;
  /** Key of a tombstone. */
  readonly buriedKey: Uint8Array | undefined;
}

/** Makes `revision` the compactRevision. Tombstones at the one before, which had to stay, get their second visit. */
export function noteCompaction(state: ShardState, revision: number): void {
  if (state.compactedMain === state.compactRevision && state.compactRevision > 0) {
    state.revisitMain = state.compactedMain;
    state.revisitSub = state.compactedSub;
    state.compactedMain -= 1;
    state.compactedSub = SUB_MAX;
  }
  state.compactRevision = revision;
  state.isCompacting = true;
}

/** Removes what is compacted. */
export class Compactor {
  readonly #state: ShardState;
  readonly #links = new RecordLinks();
  readonly #keyValue = new KeyValueReader();

  constructor(state: ShardState) {
    this.#state = state;
  }

  /** Handles at most `recordsMax` records; false when there is nothing to do now: finished, or held by a pin. */
  slice(recordsMax: number): boolean {
    const state = this.#state;
    if (!state.isCompacting || state.isApplying || state.pins.hasBelow(state.compactRevision)) return false;
    const found = this.#scan(recordsMax);
    for (const record of found) this.#handle(record);
    const last = found.at(-1);
    if (last !== undefined && found.length === recordsMax) {
      state.compactedMain = last.main;
      state.compactedSub = last.sub;
      return true;
    }
    state.compactedMain = state.compactRevision;
    state.compactedSub = SUB_MAX;
    state.isCompacting = false;
    return true;
  }

  /** The next records ≤ compactRevision: from the store below the ring, then from the ring. */
  #scan(recordsMax: number): Scanned[] {
    const { ring, store, compactRevision, compactedMain, compactedSub } = this.#state;
    const found: Scanned[] = [];
    let main = compactedSub === SUB_MAX ? compactedMain + 1 : compactedMain;
    let sub = compactedSub === SUB_MAX ? 0 : compactedSub + 1;
    if (main === SIDE_ROW_MAIN) {
      main += 1;
      sub = 0;
    }
    const { oldestMain, oldestSub } = ring;
    const isBelowRing = (atMain: number, atSub: number): boolean =>
      atMain < oldestMain || (atMain === oldestMain && atSub < oldestSub);
    if (isBelowRing(main, sub)) {
      store.scan(main, sub, (atMain, atSub, record) => {
        if (atMain > compactRevision || !isBelowRing(atMain, atSub)) return false;
        found.push(this.#look(atMain, atSub, record));
        return found.length < recordsMax;
      });
      main = oldestMain;
      sub = oldestSub;
    }
    if (found.length === recordsMax) return found;
    ring.scan(main, sub, (atMain, atSub, record) => {
      if (atMain > compactRevision) return false;
      found.push(this.#look(atMain, atSub, record));
      return found.length < recordsMax;
    });
    return found;
  }

  #look(main: number, sub: number, record: Uint8Array): Scanned {
    this.#links.read(record, 0);
    const { previousMain, previousSub } = this.#links;
    let buriedKey: Uint8Array | undefined;
    if (isTombstone(record)) {
      if (!this.#keyValue.read(record, RECORD_HEADER_BYTES, record.length))
        throw new CorruptError(`record ${main}.${sub} is malformed`);
      buriedKey = cloneBytes(record, this.#keyValue.keyStart, this.#keyValue.keyEnd);
    }
    return { main, sub, previousMain, previousSub, buriedKey };
  }

  #handle(record: Scanned): void {
    const state = this.#state;
    const isRevisit = record.main === state.revisitMain && record.sub <= state.revisitSub;
    if (record.previousMain !== 0 && !isRevisit) {
      const previous = state.record(record.previousMain, record.previousSub);
      if (previous !== undefined && !isTombstone(previous))
        this.#remove(record.previousMain, record.previousSub, previous);
    }
    if (isMutated('compactionDropsNewest') && record.main === state.compactRevision) {
      this.#remove(record.main, record.sub, state.requireRecord(record.main, record.sub));
    }
    if (record.buriedKey === undefined || record.main >= state.compactRevision) return;
    this.#remove(record.main, record.sub, state.requireRecord(record.main, record.sub));
    const { index } = state;
    if (index.locate(record.buriedKey) && index.state.main === record.main && index.state.sub === record.sub)
      index.remove();
  }

  #remove(main: number, sub: number, record: Uint8Array): void {
    this.#state.content.remove(main, sub, record);
    this.#state.pendingDeletes.push(encodeRevisionKey(main, sub));
  }
}
