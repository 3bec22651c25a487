/**
 * The tail of the log that stable storage may not have yet: entries from `offset` on, and a snapshot to be installed before
 * them. What was handed to the host for writing is "in progress" and isn't handed out again.
 */
import { AssertionError, assert } from '../../base/assert.js';
import { type Entry, NO_ENTRIES } from '../entry.js';
import type { LogSink } from '../log-sink.js';
import type { Snapshot } from '../snapshot.js';
import type { LogIndex, Term } from '../types.js';

/** See the head of the file. Owned by one RaftLog, which hands its entries out. */
export class Unstable {
  #snapshot: Snapshot | null = null;
  #isSnapshotInProgress = false;
  #entries: Entry[] = [];
  #offset: LogIndex;
  /** Entries before this index are in progress. Invariant: offset ≤ offsetInProgress ≤ offset + entries. */
  #offsetInProgress: LogIndex;
  readonly #log: LogSink;

  constructor(offset: LogIndex, log: LogSink) {
    this.#offset = offset;
    this.#offsetInProgress = offset;
    this.#log = log;
  }

  /** Index of the first entry that is, or would be, in here. */
  get offset(): LogIndex {
    return this.#offset;
  }

  get offsetInProgress(): LogIndex {
    return this.#offsetInProgress;
  }

  get length(): number {
    return this.#entries.length;
  }

  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /** Index of the last entry or of the snapshot, 0 when there is neither. */
  get lastIndex(): LogIndex {
    if (this.#entries.length > 0) return this.#offset + this.#entries.length - 1;
    return this.#snapshot?.index ?? 0;
  }

  /** Term at `index`, undefined when it isn't in here. */
  term(index: LogIndex): Term | undefined {
    if (index >= this.#offset) return this.#entries[index - this.#offset]?.term;
    return this.#snapshot?.index === index ? this.#snapshot.term : undefined;
  }

  /** Whether entries wait to be handed out. */
  get hasNextEntries(): boolean {
    return this.#offset + this.#entries.length > this.#offsetInProgress;
  }

  /** Entries not yet handed out. */
  nextEntries(): readonly Entry[] {
    return this.hasNextEntries ? this.#entries.slice(this.#offsetInProgress - this.#offset) : NO_ENTRIES;
  }

  /** The snapshot unless it was handed out. */
  nextSnapshot(): Snapshot | null {
    return this.#isSnapshotInProgress ? null : this.#snapshot;
  }

  /** Everything was handed out. */
  acceptInProgress(): void {
    this.#offsetInProgress = this.#offset + this.#entries.length;
    if (this.#snapshot !== null) this.#isSnapshotInProgress = true;
  }

  /** Entries up to (index, term) are in stable storage. Ignored when they were replaced meanwhile. */
  stableTo(index: LogIndex, term: Term): void {
    const ours = this.term(index);
    if (ours === undefined) {
      this.#log.info?.(`entry at index ${index} missing from unstable log; ignoring`);
      return;
    }
    if (index < this.#offset) {
      this.#log.info?.(`entry at index ${index} matched unstable snapshot; ignoring`);
      return;
    }
    if (ours !== term) {
      this.#log.info?.(
        `entry at (index,term)=(${index},${term}) mismatched with entry at (${index},${ours}) in unstable log; ignoring`,
      );
      return;
    }
    const stable = index + 1 - this.#offset;
    if (stable === this.#entries.length) this.#entries = [];
    else this.#entries.splice(0, stable);
    this.#offset = index + 1;
    this.#offsetInProgress = Math.max(this.#offsetInProgress, this.#offset);
  }

  /** The snapshot at `index` is installed. */
  stableSnapshotTo(index: LogIndex): void {
    if (this.#snapshot?.index !== index) return;
    this.#snapshot = null;
    this.#isSnapshotInProgress = false;
  }

  /** Starts over behind a snapshot. */
  restore(snapshot: Snapshot): void {
    this.#offset = snapshot.index + 1;
    this.#offsetInProgress = this.#offset;
    this.#entries = [];
    this.#snapshot = snapshot;
    this.#isSnapshotInProgress = false;
  }

  /** Puts `entries` (not empty, consecutive) at their place, dropping everything at or after it. */
  truncateAndAppend(entries: readonly Entry[]): void {
    const from = entries[0]?.index ?? 0;
    const end = this.#offset + this.#entries.length;
    assert(from > 0 && from <= end, 'entries appended behind a gap');
    if (from === end) {
      for (const entry of entries) this.#entries.push(entry);
      return;
    }
    if (from <= this.#offset) {
      this.#log.info?.(`replace the unstable entries from index ${from}`);
      this.#entries = entries.slice();
      this.#offset = from;
      this.#offsetInProgress = from;
      return;
    }
    this.#log.info?.(`truncate the unstable entries before index ${from}`);
    this.#entries.length = from - this.#offset;
    for (const entry of entries) this.#entries.push(entry);
    this.#offsetInProgress = Math.min(this.#offsetInProgress, from);
  }

  /** Entries of [lo, hi), which must all be in here. */
  slice(lo: LogIndex, hi: LogIndex): Entry[] {
    if (lo > hi || lo < this.#offset || hi > this.#offset + this.#entries.length) {
      throw new AssertionError(`unstable slice [${lo}, ${hi}) out of [${this.#offset}, ${this.#entries.length}]`);
    }
    return this.#entries.slice(lo - this.#offset, hi - this.#offset);
  }

  /** The list itself, from `offset` on; for reading only. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }
}
