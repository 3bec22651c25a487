/**
 * The memory ring: the newest records of a shard in arenas, flushed or not. Unflushed ones live only here; flushed ones stay as value cache and
 * watch history until their arena is needed.
 *
 * Arenas are dropped whole, oldest first, and only when all their records are flushed. So a record handed out for flushing never changes until
 * `markFlushed` covers it, and any other view is good until the next `reserve`.
 *
 * The index over the records is one circular set of typed arrays in revision order: no object per record (N12).
 */
import { assert } from '../base/assert.js';
import { EMPTY_BYTES } from '../base/bytes.js';
import type { RecordVisitor } from './ports.js';
import { writeRevisionKey } from './revision.js';

/** Bytes of an arena; a larger record gets one of its own. */
const ARENA_BYTES = 1 << 20;
const FIRST_CAPACITY = 1 << 12;

interface Arena {
  readonly bytes: Uint8Array;
  /** Number of the first record that is not in this arena or an older one; -1 while the arena takes records. */
  endNumber: number;
}

/** The ring. Records are numbered 0, 1, 2, … as they come; a number never changes. */
export class RecordRing {
  /** Where the last reserved or found record lies. */
  bytes: Uint8Array = EMPTY_BYTES;
  start = 0;
  end = 0;
  readonly #bytesMax: number;
  readonly #arenas: Arena[] = [];
  #spare: Uint8Array | undefined;
  #arenaBytes = 0;
  #firstArena = 0;
  #used = ARENA_BYTES;
  /** Record numbers [first, next) are in the ring, those below `flushed` are in the store. */
  #first = 0;
  #next = 0;
  #flushed = 0;
  #unflushedBytes = 0;
  #mask = FIRST_CAPACITY - 1;
  #mains = new Float64Array(FIRST_CAPACITY);
  #subs = new Uint32Array(FIRST_CAPACITY);
  #arenaNumbers = new Float64Array(FIRST_CAPACITY);
  #starts = new Uint32Array(FIRST_CAPACITY);
  #lengths = new Uint32Array(FIRST_CAPACITY);

  /** `bytesMax`: cap of all arenas together. */
  constructor(bytesMax: number) {
    assert(bytesMax >= 2 * ARENA_BYTES, 'the ring needs two arenas');
    this.#bytesMax = bytesMax;
  }

  /** Whether the unflushed records alone fill the cap: apply must wait for a flush. */
  get isFull(): boolean {
    return this.#unflushedBytes >= this.#bytesMax - ARENA_BYTES;
  }

  /** Bytes of records that are not in the store. */
  get unflushedBytes(): number {
    return this.#unflushedBytes;
  }

  /** Records that are not in the store. */
  get unflushedCount(): number {
    return this.#next - this.#flushed;
  }

  /** Number that the next record gets. */
  get nextNumber(): number {
    return this.#next;
  }

  /** Number of the first record that is not in the store. */
  get flushedNumber(): number {
    return this.#flushed;
  }

  /** Bytes of all arenas. */
  get bytesReserved(): number {
    return this.#arenaBytes;
  }

  /** Revision of the oldest record in the ring: history from there on can be read from memory. Infinite when the ring is empty. */
  get oldestMain(): number {
    return this.#first === this.#next ? Number.POSITIVE_INFINITY : this.#main(this.#first);
  }

  /** `sub` that goes with {@link oldestMain}. */
  get oldestSub(): number {
    return this.#sub(this.#first);
  }

  /** Takes room for the record of {main, sub}, above all before it; `bytes`, `start`, `end` say where to write it. */
  reserve(main: number, sub: number, length: number): void {
    if (this.#used + length > (this.#arenas[this.#arenas.length - 1]?.bytes.length ?? 0)) this.#openArena(length);
    if (this.#next - this.#first > this.#mask) this.#growIndex();
    const at = this.#next & this.#mask;
    this.#mains[at] = main;
    this.#subs[at] = sub;
    this.#arenaNumbers[at] = this.#firstArena + this.#arenas.length - 1;
    this.#starts[at] = this.#used;
    this.#lengths[at] = length;
    this.bytes = this.#arenas[this.#arenas.length - 1]?.bytes ?? EMPTY_BYTES;
    this.start = this.#used;
    this.end = this.#used + length;
    this.#used += (length + 7) & ~7;
    this.#next += 1;
    this.#unflushedBytes += length;
  }

  /** Finds {main, sub}; `bytes`, `start`, `end` say where it lies. */
  find(main: number, sub: number): boolean {
    const number = this.#lowerBound(main, sub);
    if (number === this.#next || this.#main(number) !== main || this.#sub(number) !== sub) return false;
    this.#show(number);
    return true;
  }

  /** A view of the record {main, sub}, or undefined when it is not in the ring. */
  get(main: number, sub: number): Uint8Array | undefined {
    return this.find(main, sub) ? this.bytes.subarray(this.start, this.end) : undefined;
  }

  /** Visits the records from {main, sub} on in order until `visit` returns false. Returns whether it came to the end. */
  scan(main: number, sub: number, visit: RecordVisitor): boolean {
    for (let number = this.#lowerBound(main, sub); number < this.#next; number += 1) {
      this.#show(number);
      if (!visit(this.#main(number), this.#sub(number), this.bytes.subarray(this.start, this.end))) return false;
    }
    return true;
  }

  /** Shows the record with this number, which must still be in the ring, and writes its store key to `key` at `at`. */
  showNumber(number: number, key: Uint8Array, at: number): void {
    assert(number >= this.#first && number < this.#next, 'record is no longer in the ring');
    this.#show(number);
    writeRevisionKey(key, at, this.#main(number), this.#sub(number));
  }

  /** The records with numbers below `number` are in the store and synced. */
  markFlushed(number: number): void {
    assert(number >= this.#flushed && number <= this.#next, 'flushed number out of range');
    for (let at = this.#flushed; at < number; at += 1) this.#unflushedBytes -= this.#lengths[at & this.#mask] ?? 0;
    this.#flushed = number;
    this.#dropArenas(this.#bytesMax);
  }

  /** First number in the ring whose revision is ≥ {main, sub}. */
  #lowerBound(main: number, sub: number): number {
    let low = this.#first;
    let high = this.#next;
    if (low === high || main > this.#main(high - 1)) return high;
    // Most commands make one record, so counting back from the newest revision often hits at once.
    const guess = high - 1 - (this.#main(high - 1) - main);
    if (guess >= low && this.#main(guess) === main && this.#sub(guess) === sub) return guess;
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const middleMain = this.#main(middle);
      if (middleMain < main || (middleMain === main && this.#sub(middle) < sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #main(number: number): number {
    return this.#mains[number & this.#mask] ?? 0;
  }

  #sub(number: number): number {
    return this.#subs[number & this.#mask] ?? 0;
  }

  #show(number: number): void {
    const at = number & this.#mask;
    this.bytes = this.#arenas[(this.#arenaNumbers[at] ?? 0) - this.#firstArena]?.bytes ?? EMPTY_BYTES;
    this.start = this.#starts[at] ?? 0;
    this.end = this.start + (this.#lengths[at] ?? 0);
  }

  #openArena(length: number): void {
    const size = Math.max(ARENA_BYTES, length);
    const newest = this.#arenas[this.#arenas.length - 1];
    if (newest !== undefined) newest.endNumber = this.#next;
    this.#dropArenas(this.#bytesMax - size);
    const spare = size === ARENA_BYTES ? this.#spare : undefined;
    if (spare !== undefined) this.#spare = undefined;
    this.#arenas.push({ bytes: spare ?? new Uint8Array(size), endNumber: -1 });
    this.#arenaBytes += size;
    this.#used = 0;
  }

  /** Drops the oldest arenas that are wholly flushed until the rest fits `bytesMax`. The arena being filled stays. */
  #dropArenas(bytesMax: number): void {
    while (this.#arenaBytes > bytesMax) {
      const oldest = this.#arenas[0];
      if (oldest === undefined || oldest.endNumber < 0 || oldest.endNumber > this.#flushed) return;
      this.#arenas.shift();
      this.#firstArena += 1;
      this.#first = oldest.endNumber;
      this.#arenaBytes -= oldest.bytes.length;
      if (oldest.bytes.length === ARENA_BYTES) this.#spare = oldest.bytes;
    }
  }

  #growIndex(): void {
    const capacity = (this.#mask + 1) * 2;
    const old = { mask: this.#mask, mains: this.#mains, subs: this.#subs, arenas: this.#arenaNumbers };
    const oldStarts = this.#starts;
    const oldLengths = this.#lengths;
    this.#mains = new Float64Array(capacity);
    this.#subs = new Uint32Array(capacity);
    this.#arenaNumbers = new Float64Array(capacity);
    this.#starts = new Uint32Array(capacity);
    this.#lengths = new Uint32Array(capacity);
    this.#mask = capacity - 1;
    for (let number = this.#first; number < this.#next; number += 1) {
      const from = number & old.mask;
      const to = number & this.#mask;
      this.#mains[to] = old.mains[from] ?? 0;
      this.#subs[to] = old.subs[from] ?? 0;
      this.#arenaNumbers[to] = old.arenas[from] ?? 0;
      this.#starts[to] = oldStarts[from] ?? 0;
      this.#lengths[to] = oldLengths[from] ?? 0;
    }
  }
}
