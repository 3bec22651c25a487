/**
 * The part of one shard's log that its replica keeps in memory, as the Raft core reads it. It holds what is synced in the WAL, from the log
 * start to the last entry; what goes from here may go from the WAL. The WAL itself is written elsewhere.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { countWithin, type Entry, entryBytes } from '@kvorum/core/raft/entry.js';
import { COMPACTED, type LogStorage, NOT_YET, UNAVAILABLE } from '@kvorum/core/raft/log-storage.js';
import type { ConfState, Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import type { LogPosition } from './reconcile.js';

/** What a window starts from. */
export interface LogWindowStart {
  readonly hardState: HardState;
  readonly confState: ConfState;
  readonly logStart: LogPosition;
  readonly entries: readonly Entry[];
}

/** Dead places in front of the array that are worth a copy. */
const deadPlacesMax = 4096;

/** See the head of the file. Entries are shared and must not be changed. */
export class LogWindow implements LogStorage {
  private readonly start: Pick<LogWindowStart, 'hardState' | 'confState'>;
  private logStart: LogPosition;
  /** `places[dead + i]` is the entry at `logStart.index + 1 + i`. */
  private places: (Entry | undefined)[];
  private dead = 0;
  private heldBytes = 0;
  private offered: Snapshot | undefined;
  private isSnapshotWanted = false;

  constructor(start: LogWindowStart) {
    this.start = start;
    this.logStart = start.logStart;
    this.places = [...start.entries];
    for (const entry of start.entries) this.heldBytes += entryBytes(entry);
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return this.start;
  }

  firstIndex(): number {
    return this.logStart.index + 1;
  }

  lastIndex(): number {
    return this.logStart.index + this.places.length - this.dead;
  }

  /** Bytes of the entries held, as size limits count them. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Entries start after this position. */
  get startPosition(): LogPosition {
    return this.logStart;
  }

  /** Where the log begins, and its entries. */
  held(): { readonly logStartIndex: number; readonly entries: readonly Entry[] } {
    return { logStartIndex: this.logStart.index, entries: this.places.filter((entry) => entry !== undefined) };
  }

  term(index: number): number | typeof COMPACTED | typeof UNAVAILABLE {
    if (index < this.logStart.index) return COMPACTED;
    if (index === this.logStart.index) return this.logStart.term;
    return this.at(index)?.term ?? UNAVAILABLE;
  }

  entries(lo: number, hi: number, bytesMax: number): readonly Entry[] | typeof COMPACTED | typeof NOT_YET {
    if (lo <= this.logStart.index) return COMPACTED;
    const from = this.place(lo);
    const found = this.places.slice(from, from + hi - lo).filter((entry) => entry !== undefined);
    return found.slice(0, countWithin(found, 0, found.length, bytesMax));
  }

  snapshot(): Snapshot | typeof NOT_YET {
    if (this.offered !== undefined && this.offered.index >= this.logStart.index) return this.offered;
    this.isSnapshotWanted = true;
    return NOT_YET;
  }

  /** Size of the entry at `index`, 0 where there is none. */
  bytesAt(index: number): number {
    const entry = this.at(index);
    return entry === undefined ? 0 : entryBytes(entry);
  }

  /** Entries that are now synced; they replace what is at or after the first one's index. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index <= this.lastIndex() + 1, 'entries must not leave a gap');
    const known = Math.max(0, this.logStart.index + 1 - first.index);
    const fresh = entries.slice(known);
    const next = fresh[0];
    if (next === undefined) return;
    this.truncateFrom(next.index);
    for (const entry of fresh) {
      this.places.push(entry);
      this.heldBytes += entryBytes(entry);
    }
  }

  /** Lets go of all entries up to `index`, which is at most the last one. */
  compactTo(index: number): void {
    if (index <= this.logStart.index) return;
    const term = this.term(index);
    assert(typeof term === 'number', 'compaction beyond the log');
    for (let at = this.logStart.index + 1; at <= index; at += 1) {
      this.heldBytes -= this.bytesAt(at);
      this.places[this.place(at)] = undefined;
    }
    this.dead += index - this.logStart.index;
    this.logStart = { index, term };
    if (this.dead < deadPlacesMax) return;
    this.places = this.places.slice(this.dead);
    this.dead = 0;
  }

  /** A snapshot was installed: the log starts after it. */
  restore(position: LogPosition): void {
    this.places = [];
    this.dead = 0;
    this.heldBytes = 0;
    this.logStart = position;
    this.offered = undefined;
  }

  /** True, once, after the core asked for a snapshot that was not on offer. */
  takeSnapshotWanted(): boolean {
    const isWanted = this.isSnapshotWanted;
    this.isSnapshotWanted = false;
    return isWanted;
  }

  /** The snapshot the core may send from now on; undefined withdraws it. */
  offerSnapshot(snapshot: Snapshot | undefined): void {
    this.offered = snapshot;
  }

  private truncateFrom(index: number): void {
    for (let at = this.lastIndex(); at >= index; at -= 1) {
      this.heldBytes -= this.bytesAt(at);
      this.places.pop();
    }
  }

  private at(index: number): Entry | undefined {
    return index <= this.logStart.index ? undefined : this.places[this.place(index)];
  }

  private place(index: number): number {
    return this.dead + index - this.logStart.index - 1;
  }
}
