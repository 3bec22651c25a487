/**
 * A LogStorage in memory: for tests, scenarios, and as the window that a host keeps of its log. Everything written counts as
 * stored at once.
 */
import { assert } from '../base/assert.js';
import { countWithin, type Entry } from './entry.js';
import type { COMPACTED, LogStorage, UNAVAILABLE } from './log-storage.js';
import { type ConfState, EMPTY_CONF_STATE, EMPTY_SNAPSHOT, type Snapshot } from './snapshot.js';
import type { HardState, LogIndex, Term } from './types.js';

/** Raised by {@link MemoryLogStorage.createSnapshot} and {@link MemoryLogStorage.compact} for an index out of range. */
export class LogStorageRangeError extends Error {
  readonly code = 'LOG_STORAGE_RANGE';
}

/** See the head of the file. Never answers `notYet`. */
export class MemoryLogStorage implements LogStorage {
  #hardState: HardState = { term: 0, vote: 0, commit: 0 };
  #confState: ConfState;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  /** Position before the first entry: 0, a snapshot's, or where the log was compacted. */
  #startIndex: LogIndex = 0;
  #startTerm: Term = 0;
  #entries: Entry[] = [];

  /** An empty log. All replicas of a shard that start with the same `confState` and an empty log form it. */
  constructor(confState: ConfState = EMPTY_CONF_STATE) {
    this.#confState = confState;
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#confState };
  }

  firstIndex(): LogIndex {
    return this.#startIndex + 1;
  }

  lastIndex(): LogIndex {
    return this.#startIndex + this.#entries.length;
  }

  term(index: LogIndex): Term | typeof COMPACTED | typeof UNAVAILABLE {
    if (index < this.#startIndex) return 'compacted';
    if (index === this.#startIndex) return this.#startTerm;
    return this.#entries[index - this.#startIndex - 1]?.term ?? 'unavailable';
  }

  entries(lo: LogIndex, hi: LogIndex, bytesMax: number): readonly Entry[] | typeof COMPACTED {
    if (lo <= this.#startIndex) return 'compacted';
    assert(hi <= this.lastIndex() + 1, 'entries beyond the end of the log were asked for');
    const from = lo - this.#startIndex - 1;
    const count = countWithin(this.#entries, from, hi - this.#startIndex - 1, bytesMax);
    return this.#entries.slice(from, from + count);
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  setHardState(state: HardState): void {
    this.#hardState = state;
  }

  /** Membership as of the applied index, for the next start. */
  setConfState(state: ConfState): void {
    this.#confState = state;
  }

  /** Appends consecutive entries, replacing everything at or after the first one's index; what is compacted already is skipped. */
  append(entries: readonly Entry[]): void {
    const skipped = entries.findIndex((entry) => entry.index > this.#startIndex);
    if (skipped < 0) return;
    const fresh = skipped === 0 ? entries : entries.slice(skipped);
    const keep = (fresh[0]?.index ?? 0) - this.#startIndex - 1;
    assert(keep <= this.#entries.length, 'entries appended behind a gap');
    this.#entries.length = keep;
    for (const entry of fresh) this.#entries.push(entry);
  }

  /** Starts over behind a snapshot. One that is older than the current snapshot is ignored (R15). */
  applySnapshot(snapshot: Snapshot): void {
    if (snapshot.index <= this.#snapshot.index) return;
    this.#snapshot = snapshot;
    this.#confState = snapshot.confState;
    this.#startIndex = snapshot.index;
    this.#startTerm = snapshot.term;
    this.#entries = [];
  }

  /** Makes a snapshot at `index`, an index in the log, with the state machine's image as of there. */
  createSnapshot(index: LogIndex, confState: ConfState, data: Uint8Array): Snapshot {
    const term = this.term(index);
    if (typeof term === 'string' || index <= this.#snapshot.index) {
      throw new LogStorageRangeError(`snapshot at ${index}, must be in (${this.#snapshot.index}, ${this.lastIndex()}]`);
    }
    this.#snapshot = { index, term, confState, data };
    this.#confState = confState;
    return this.#snapshot;
  }

  /** Forgets entries up to and including `index`. */
  compact(index: LogIndex): void {
    const term = this.term(index);
    if (typeof term === 'string' || index === this.#startIndex) {
      throw new LogStorageRangeError(`compaction at ${index}, must be in (${this.#startIndex}, ${this.lastIndex()}]`);
    }
    this.#entries.splice(0, index - this.#startIndex);
    this.#startIndex = index;
    this.#startTerm = term;
  }
}
