/**
 * One shard's log as its replica and the Raft core read it. What is synced in the WAL is in here, from the log start to the last entry: term and size of
 * each entry, and of the entries themselves the newest, up to a limit in bytes. Older ones are *not yet* there when they are asked for: whoever
 * owns the window reads them from the WAL and provides them. What is compacted here may go from the WAL. The WAL itself is written elsewhere.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { countWithin, type Entry, entryBytes } from '@kvorum/core/raft/entry.js';
import { COMPACTED, type LogStorage, NOT_YET, type UNAVAILABLE } from '@kvorum/core/raft/log-storage.js';
import type { ConfState, Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import { LogOutline } from './log-outline.js';
import type { LogPosition } from '../recovery/reconcile.js';

/** What a window starts from. */
export interface LogWindowStart {
  readonly hardState: HardState;
  readonly confState: ConfState;
  readonly logStart: LogPosition;
  readonly entries: readonly Entry[];
}

export interface LogWindowOptions {
  /** Bytes of entries in memory after each {@link LogWindow.trim}; Infinity where there is no log on disk to read from. */
  readonly windowBytes: number;
}

/** Entries [lo, hi) up to `bytesMax`, at least one, that the core asked for and are not in memory. */
export interface WantedEntries {
  readonly lo: number;
  readonly hi: number;
  readonly bytesMax: number;
}

/** Bytes read back at once for one who asks: as much as goes in one message. */
const readBytesMax = 1024 * 1024;
/** Dead places in front of the array that are worth a copy. */
const deadPlacesMax = 4096;
const nothingRead: readonly (readonly Entry[])[] = [];

/** See the head of the file. Entries are shared and must not be changed. */
export class LogWindow implements LogStorage {
  private readonly start: Pick<LogWindowStart, 'hardState' | 'confState'>;
  private readonly outline: LogOutline;
  private readonly windowBytes: number;
  /** Entries in memory are those from this index on. */
  private tailFrom: number;
  /** `places[dead + i]` is the entry at `tailFrom + i`. */
  private places: (Entry | undefined)[] = [];
  private dead = 0;
  private tailBytes = 0;
  /** By their first index, so that two who ask for the same are one read. */
  private readonly wanted = new Map<number, WantedEntries>();
  /** Runs of entries that were read back, until the next {@link trim}. */
  private readBack = nothingRead;
  private offered: Snapshot | undefined;
  private isSnapshotWanted = false;

  /** Holds all of `start.entries` until the first {@link trim}. */
  constructor(start: LogWindowStart, options: LogWindowOptions) {
    this.start = { hardState: start.hardState, confState: start.confState };
    this.windowBytes = options.windowBytes;
    this.outline = new LogOutline(start.logStart);
    this.tailFrom = start.logStart.index + 1;
    for (const entry of start.entries) this.push(entry);
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return this.start;
  }

  firstIndex(): number {
    return this.outline.start.index + 1;
  }

  lastIndex(): number {
    return this.outline.lastIndex;
  }

  /** Bytes of all entries of the log, as size limits count them. */
  get bytes(): number {
    return this.outline.bytes;
  }

  /** The same of those in memory. */
  get bytesInMemory(): number {
    return this.tailBytes;
  }

  /** Entries start after this position. */
  get startPosition(): LogPosition {
    return this.outline.start;
  }

  /** Where the log begins, and its entries in memory: all of them before the first {@link trim}. */
  held(): { readonly logStartIndex: number; readonly entries: readonly Entry[] } {
    return { logStartIndex: this.outline.start.index, entries: this.places.filter((entry) => entry !== undefined) };
  }

  term(index: number): number | typeof COMPACTED | typeof UNAVAILABLE {
    return this.outline.term(index);
  }

  entries(lo: number, hi: number, bytesMax: number): readonly Entry[] | typeof COMPACTED | typeof NOT_YET {
    if (lo <= this.outline.start.index) return COMPACTED;
    if (lo >= this.tailFrom) return this.fromTail(lo, hi, bytesMax);
    for (const run of this.readBack) {
      const from = lo - (run[0]?.index ?? 0);
      if (from < 0 || from >= run.length) continue;
      return run.slice(from, from + countWithin(run, from, Math.min(run.length, from + hi - lo), bytesMax));
    }
    const known = this.wanted.get(lo);
    if (known === undefined || known.bytesMax < bytesMax) this.wanted.set(lo, { lo, hi, bytesMax });
    return NOT_YET;
  }

  snapshot(): Snapshot | typeof NOT_YET {
    if (this.offered !== undefined && this.offered.index >= this.outline.start.index) return this.offered;
    this.isSnapshotWanted = true;
    return NOT_YET;
  }

  /** Size of the entry at `index`, 0 where there is none. */
  bytesAt(index: number): number {
    return this.outline.bytesAt(index);
  }

  /** Entries that are now synced; they replace what is at or after the first one's index. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index <= this.lastIndex() + 1, 'entries must not leave a gap');
    const known = Math.max(0, this.firstIndex() - first.index);
    const fresh = known === 0 ? entries : entries.slice(known);
    const next = fresh[0];
    if (next === undefined) return;
    this.truncateFrom(next.index);
    for (const entry of fresh) this.push(entry);
  }

  /** Lets go of all entries up to `index`, which is at most the last one. */
  compactTo(index: number): void {
    this.outline.compactTo(index);
    this.dropUpTo(index);
  }

  /** A snapshot was installed: the log starts after it. */
  restore(position: LogPosition): void {
    this.outline.restart(position);
    this.tailFrom = position.index + 1;
    this.places = [];
    this.dead = 0;
    this.tailBytes = 0;
    this.readBack = nothingRead;
    this.offered = undefined;
  }

  /** The end of a turn: what the core was to take it has taken. Keeps the newest entries only. */
  trim(): void {
    this.readBack = nothingRead;
    if (this.tailBytes <= this.windowBytes) return;
    let index = this.tailFrom - 1;
    for (let over = this.tailBytes - this.windowBytes; over > 0; over -= this.bytesAt(index)) index += 1;
    this.dropUpTo(index);
  }

  /** Whether something was asked for that is not in memory. */
  get isReadWanted(): boolean {
    return this.wanted.size > 0;
  }

  /** All of that, once; `provide` must follow, also for what is not in the log any more. Ranges may be empty by now. */
  takeWanted(): WantedEntries[] {
    const wanted = [...this.wanted.values()].map(({ lo, hi, bytesMax }) => ({
      lo,
      hi: Math.min(hi, this.tailFrom),
      bytesMax: Math.min(bytesMax, readBytesMax),
    }));
    this.wanted.clear();
    return wanted;
  }

  /**
   * Entries read back from the WAL, each run without gaps. Right after it the core must be told (`storageReady`): all who wait ask again, so what they
   * asked for before counts no more. Entries that were replaced while they were read are left out: index and term name an entry (paper 5.3).
   */
  provide(runs: readonly (readonly Entry[])[]): void {
    this.wanted.clear();
    this.readBack = runs.map((run) => {
      const end = run.findIndex(({ index, term }) => this.outline.term(index) !== term);
      return end < 0 ? run : run.slice(0, end);
    });
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

  private push(entry: Entry): void {
    const bytes = entryBytes(entry);
    this.outline.push(entry.term, bytes);
    this.places.push(entry);
    this.tailBytes += bytes;
  }

  private fromTail(lo: number, hi: number, bytesMax: number): readonly Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = lo; index < hi; index += 1) {
      const entry = this.places[this.place(index)];
      if (entry === undefined) break;
      bytes += entryBytes(entry);
      if (bytes > bytesMax && found.length > 0) break;
      found.push(entry);
    }
    return found;
  }

  private truncateFrom(index: number): void {
    for (let at = this.lastIndex(); at >= index && at >= this.tailFrom; at -= 1) {
      this.tailBytes -= this.bytesAt(at);
      this.places.pop();
    }
    this.outline.truncateFrom(index);
    this.tailFrom = Math.min(this.tailFrom, index);
  }

  /** Entries up to `index` go from memory. */
  private dropUpTo(index: number): void {
    for (let at = this.tailFrom; at <= index; at += 1) {
      const entry = this.places[this.place(at)];
      if (entry !== undefined) this.tailBytes -= entryBytes(entry);
      this.places[this.place(at)] = undefined;
    }
    const dropped = Math.max(0, index + 1 - this.tailFrom);
    this.tailFrom += dropped;
    this.dead += dropped;
    if (this.dead < deadPlacesMax) return;
    this.places = this.places.slice(this.dead);
    this.dead = 0;
  }

  private place(index: number): number {
    return this.dead + index - this.tailFrom;
  }
}
