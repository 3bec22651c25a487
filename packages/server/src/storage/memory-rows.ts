/**
 * Rows of a memory store, ordered by revision. Made for appends at the end and scans; a row in the middle is found by bisection.
 */
import { assert } from '@kvorum/core/base/assert.js';
import type { RowVisitor } from './revision-store.js';

/** Removed rows that may stay as holes before the arrays are packed. */
const HOLES_MAX = 1_024;

/** A sorted table of records. Removed rows are holes until the table is packed. */
export class MemoryRows {
  #mains: number[];
  #subs: number[];
  #records: (Uint8Array | undefined)[];
  #holes = 0;
  #bytes = 0;

  constructor(mains: number[] = [], subs: number[] = [], records: (Uint8Array | undefined)[] = [], bytes = 0) {
    this.#mains = mains;
    this.#subs = subs;
    this.#records = records;
    this.#bytes = bytes;
  }

  /** Sum of the records' lengths and 12 bytes for each key. */
  get bytes(): number {
    return this.#bytes;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    const at = this.#lowerBound(main, sub);
    return this.#isAt(at, main, sub) ? this.#records[at] : undefined;
  }

  /** Stores `record` itself; undefined removes. Returns what was there. */
  set(main: number, sub: number, record: Uint8Array | undefined): Uint8Array | undefined {
    const at = this.#lowerBound(main, sub);
    const isThere = this.#isAt(at, main, sub);
    const before = isThere ? this.#records[at] : undefined;
    if (before !== undefined) this.#bytes -= before.length + 12;
    if (record !== undefined) this.#bytes += record.length + 12;
    if (isThere) this.#records[at] = record;
    else if (record !== undefined) this.#insert(at, main, sub, record);
    if (before !== undefined && record === undefined) this.#addHole();
    return before;
  }

  scan(main: number, sub: number, visit: RowVisitor): void {
    for (let at = this.#lowerBound(main, sub); at < this.#mains.length; at += 1) {
      const record = this.#records[at];
      if (record === undefined) continue;
      if (!visit(this.#main(at), this.#subs[at] ?? 0, record)) return;
    }
  }

  /** An independent table with the same records. */
  copy(): MemoryRows {
    return new MemoryRows([...this.#mains], [...this.#subs], [...this.#records], this.#bytes);
  }

  #insert(at: number, main: number, sub: number, record: Uint8Array): void {
    if (at === this.#mains.length) {
      this.#mains.push(main);
      this.#subs.push(sub);
      this.#records.push(record);
      return;
    }
    this.#mains.splice(at, 0, main);
    this.#subs.splice(at, 0, sub);
    this.#records.splice(at, 0, record);
  }

  #addHole(): void {
    this.#holes += 1;
    if (this.#holes <= HOLES_MAX || this.#holes * 2 < this.#mains.length) return;
    const isKept = (_: unknown, at: number) => this.#records[at] !== undefined;
    this.#mains = this.#mains.filter(isKept);
    this.#subs = this.#subs.filter(isKept);
    this.#records = this.#records.filter((record) => record !== undefined);
    this.#holes = 0;
  }

  #lowerBound(main: number, sub: number): number {
    const last = this.#mains.length - 1;
    if (last >= 0 && this.#isBefore(last, main, sub)) return last + 1;
    let low = 0;
    let high = this.#mains.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(middle, main, sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(at: number, main: number, sub: number): boolean {
    const there = this.#main(at);
    return there < main || (there === main && (this.#subs[at] ?? 0) < sub);
  }

  #isAt(at: number, main: number, sub: number): boolean {
    return this.#mains[at] === main && this.#subs[at] === sub;
  }

  #main(at: number): number {
    const main = this.#mains[at];
    assert(main !== undefined, 'row out of range');
    return main;
  }
}
