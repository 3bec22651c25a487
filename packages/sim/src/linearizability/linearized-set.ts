// Which operations a search has put in order so far, and the short exact form in which the memo keeps it: of the operations that
// returned, all before some word of the bitset are in and none behind some later word is, so only the words between are written. Open
// operations have a bitset of their own; otherwise one that never takes effect would hold the first one's window open for ever.
import type { Operation } from './model.js';

const BITS = 32;
const FULL = -1;

/** A bitset that knows its first word that is not full and its last one that is not empty. */
class Bits {
  readonly #words: Int32Array;
  first = 0;
  last = -1;

  constructor(size: number) {
    this.#words = new Int32Array(Math.ceil(size / BITS));
  }

  word(index: number): number {
    return this.#words[index] ?? 0;
  }

  has(bit: number): boolean {
    return (this.word(bit >>> 5) & (1 << bit)) !== 0;
  }

  add(bit: number): void {
    const index = bit >>> 5;
    this.#words[index] = this.word(index) | (1 << bit);
    if (index > this.last) this.last = index;
    while (this.word(this.first) === FULL) this.first += 1;
  }

  remove(bit: number): void {
    const index = bit >>> 5;
    this.#words[index] = this.word(index) & ~(1 << bit);
    if (index < this.first) this.first = index;
    while (this.last >= 0 && this.word(this.last) === 0) this.last -= 1;
  }
}

/** A well-spread 32-bit hash of a small number. */
function mix(value: number): number {
  let hash = Math.imul(value + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A set of operations, by number in call order. */
export class LinearizedSet {
  readonly #isOpen: readonly boolean[];
  readonly #rank: Int32Array;
  readonly #returned: Bits;
  readonly #open: Bits;
  #hash = 0;
  /** How many operations that returned are not in yet. */
  missing: number;

  /** Operations must be in the order of their calls: the window is as narrow as they overlap. */
  constructor(operations: readonly Operation<unknown, unknown>[]) {
    this.#isOpen = operations.map((operation) => operation.return === Infinity);
    this.#rank = new Int32Array(operations.length);
    let open = 0;
    let returned = 0;
    this.#isOpen.forEach((isOpen, operation) => {
      this.#rank[operation] = isOpen ? open++ : returned++;
    });
    this.missing = returned;
    this.#returned = new Bits(returned);
    this.#open = new Bits(open);
  }

  /** Whether the operation never returned. */
  isOpen(operation: number): boolean {
    return this.#isOpen[operation] ?? false;
  }

  has(operation: number): boolean {
    return this.#bitsOf(operation).has(this.#rank[operation] ?? 0);
  }

  /** Adds an operation that is not in. */
  add(operation: number): void {
    this.#bitsOf(operation).add(this.#rank[operation] ?? 0);
    this.#hash ^= mix(operation);
    if (!this.isOpen(operation)) this.missing -= 1;
  }

  /** Removes an operation that is in. */
  remove(operation: number): void {
    this.#bitsOf(operation).remove(this.#rank[operation] ?? 0);
    this.#hash ^= mix(operation);
    if (!this.isOpen(operation)) this.missing += 1;
  }

  /** A hash of the set and `state`. */
  hashWith(state: number): number {
    return mix(this.#hash ^ mix(~state));
  }

  /** Writes the set and `state` to `key`, which is emptied before: equal keys mean equal sets and states. */
  writeKey(key: number[], state: number): void {
    const { first, last } = this.#returned;
    key.length = 0;
    key.push(state, first, last);
    for (let index = first; index <= last; index++) key.push(this.#returned.word(index));
    for (let index = 0; index <= this.#open.last; index++) key.push(this.#open.word(index));
  }

  #bitsOf(operation: number): Bits {
    return this.isOpen(operation) ? this.#open : this.#returned;
  }
}
