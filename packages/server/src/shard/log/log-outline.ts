/**
 * Term and size of every entry that a shard's log holds, wherever the entry itself lies. Small, so that it may cover all of a log that is too large for
 * memory: four bytes for each entry (N12), and the places where terms begin.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { COMPACTED, UNAVAILABLE } from '@kvorum/core/raft/log-storage.js';
import type { LogPosition } from '../recovery/reconcile.js';

/** Entries from `from` on, up to the next run, have this term. */
interface TermRun {
  readonly from: number;
  readonly term: number;
}

const capacityMin = 64;

export class LogOutline {
  private logStart: LogPosition;
  /** The first run may begin before the log does. */
  private runs: TermRun[] = [];
  /** `sizes[head + i]` is of the entry at `logStart.index + 1 + i`. */
  private sizes = new Uint32Array(capacityMin);
  private head = 0;
  private count = 0;
  private totalBytes = 0;

  constructor(logStart: LogPosition) {
    this.logStart = logStart;
  }

  /** Entries start after this position. */
  get start(): LogPosition {
    return this.logStart;
  }

  get lastIndex(): number {
    return this.logStart.index + this.count;
  }

  /** Bytes of all entries. */
  get bytes(): number {
    return this.totalBytes;
  }

  term(index: number): number | typeof COMPACTED | typeof UNAVAILABLE {
    if (index < this.logStart.index) return COMPACTED;
    if (index === this.logStart.index) return this.logStart.term;
    if (index > this.lastIndex) return UNAVAILABLE;
    return this.runs[this.runOf(index)]?.term ?? UNAVAILABLE;
  }

  /** Size of the entry at `index`, 0 where there is none. */
  bytesAt(index: number): number {
    if (index <= this.logStart.index || index > this.lastIndex) return 0;
    return this.sizes[this.place(index)] ?? 0;
  }

  /** The next entry. */
  push(term: number, bytes: number): void {
    const index = this.lastIndex + 1;
    if (this.runs.at(-1)?.term !== term) this.runs.push({ from: index, term });
    if (this.head + this.count === this.sizes.length) this.makeRoom();
    this.sizes[this.head + this.count] = bytes;
    this.count += 1;
    this.totalBytes += bytes;
  }

  /** Forgets `index` and all after it. */
  truncateFrom(index: number): void {
    for (let at = this.lastIndex; at >= index && at > this.logStart.index; at -= 1) {
      this.totalBytes -= this.bytesAt(at);
      this.count -= 1;
    }
    while ((this.runs.at(-1)?.from ?? 0) > this.lastIndex) this.runs.pop();
  }

  /** Forgets all up to `index`, which is at most the last one. */
  compactTo(index: number): void {
    if (index <= this.logStart.index) return;
    const term = this.term(index);
    assert(typeof term === 'number', 'compaction beyond the log');
    for (let at = this.logStart.index + 1; at <= index; at += 1) this.totalBytes -= this.bytesAt(at);
    const dropped = index - this.logStart.index;
    this.head += dropped;
    this.count -= dropped;
    this.logStart = { index, term };
    if (this.count === 0) this.runs = [];
    else this.runs.splice(0, this.runOf(index + 1));
  }

  /** Forgets all and starts after `position`. */
  restart(position: LogPosition): void {
    this.logStart = position;
    this.runs = [];
    this.head = 0;
    this.count = 0;
    this.totalBytes = 0;
  }

  /** Place of the run that holds `index`: the last one that begins at or before it. */
  private runOf(index: number): number {
    let low = 0;
    let high = this.runs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.runs[middle]?.from ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private place(index: number): number {
    return this.head + index - this.logStart.index - 1;
  }

  /** Sizes move to the front of an array with room for twice as many. */
  private makeRoom(): void {
    const sizes = new Uint32Array(Math.max(capacityMin, this.count * 2));
    sizes.set(this.sizes.subarray(this.head, this.head + this.count));
    this.sizes = sizes;
    this.head = 0;
  }
}
