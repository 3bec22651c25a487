/**
 * The window of MsgApp on their way to one follower, limited by count and bytes (P6). A ring that grows with use, so that
 * idle followers cost nothing.
 */
import { assert } from '../../base/assert.js';
import type { LogIndex } from '../types.js';

const RING_INITIAL = 8;

/** The MsgApp sent and not yet acknowledged, oldest first, each by its last index. */
export class Inflights {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #start = 0;
  #count = 0;
  #totalBytes = 0;
  #indexes: number[] = [];
  #bytes: number[] = [];

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  /** Messages in the window. */
  get count(): number {
    return this.#count;
  }

  /** Whether nothing more may be sent. The message that crosses the byte limit still goes. */
  get isFull(): boolean {
    return this.#count === this.#countMax || this.#totalBytes >= this.#bytesMax;
  }

  /** Adds a message whose last entry is `index`. Indexes come in ascending order; the window must not be full. */
  add(index: LogIndex, bytes: number): void {
    assert(!this.isFull, 'a message was sent into a full in-flight window');
    if (this.#count === this.#indexes.length) this.#grow();
    let at = this.#start + this.#count;
    if (at >= this.#indexes.length) at -= this.#indexes.length;
    this.#indexes[at] = index;
    this.#bytes[at] = bytes;
    this.#count += 1;
    this.#totalBytes += bytes;
  }

  /** Takes out every message whose last entry is at or before `index`. */
  freeTo(index: LogIndex): void {
    const capacity = this.#indexes.length;
    while (this.#count > 0 && (this.#indexes[this.#start] ?? 0) <= index) {
      this.#totalBytes -= this.#bytes[this.#start] ?? 0;
      this.#start = this.#start + 1 === capacity ? 0 : this.#start + 1;
      this.#count -= 1;
    }
  }

  /** Empties the window. */
  reset(): void {
    this.#start = 0;
    this.#count = 0;
    this.#totalBytes = 0;
  }

  #grow(): void {
    const capacity = this.#indexes.length;
    const size = Math.min(Math.max(capacity * 2, RING_INITIAL), this.#countMax);
    const indexes: number[] = new Array(size).fill(0);
    const bytes: number[] = new Array(size).fill(0);
    for (let at = 0; at < this.#count; at += 1) {
      const from = (this.#start + at) % capacity;
      indexes[at] = this.#indexes[from] ?? 0;
      bytes[at] = this.#bytes[from] ?? 0;
    }
    this.#indexes = indexes;
    this.#bytes = bytes;
    this.#start = 0;
  }
}
