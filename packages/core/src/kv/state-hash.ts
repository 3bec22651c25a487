/**
 * The two state hashes of R14, as pairs of unsigned 32-bit halves: no BigInt and no object per record.
 *
 * - {@link ChainHash} runs over all applied entries: equal logs give equal chains.
 * - {@link ContentHash} is the sum mod 2^64 of one hash per record, so records can be taken out in any order.
 *
 * The mixing is two multiply-rotate lanes of 32 bits over the even and odd words, crossed at the end. It finds damage and divergence;
 * it is no defence against somebody who chooses the bytes.
 */
import { byteAt, TWO_POW_32 } from '../base/bytes.js';
import type { Hash64 } from './meta.js';
import { RECORD_HEADER_BYTES, recordFlags } from './record.js';

const PRIME_A = 0x9e3779b1;
const PRIME_B = 0x85ebca77;
const PRIME_C = 0xc2b2ae3d;

/** Mixes bytes and numbers into 64 bits. */
class Mixer {
  low = 0;
  high = 0;

  start(low: number, high: number): void {
    this.low = low;
    this.high = high;
  }

  number(value: number): void {
    this.low = round(this.low, value >>> 0, PRIME_A);
    this.high = round(this.high, (value / TWO_POW_32) >>> 0, PRIME_B);
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    let low = this.low;
    let high = this.high;
    let at = start;
    for (const last = end - 8; at <= last; at += 8) {
      low = round(low, wordAt(bytes, at), PRIME_A);
      high = round(high, wordAt(bytes, at + 4), PRIME_B);
    }
    for (; at < end; at += 1) low = round(low, byteAt(bytes, at), PRIME_C);
    this.low = low;
    this.high = round(high, end - start, PRIME_B);
  }

  finish(): void {
    let low = this.low;
    let high = this.high;
    low = finalize(low ^ Math.imul(high, PRIME_C));
    high = finalize(high ^ Math.imul(low, PRIME_A));
    this.low = (low ^ high) >>> 0;
    this.high = high >>> 0;
  }
}

/** Chain over applied entries. */
export class ChainHash {
  readonly #mixer = new Mixer();

  constructor(from: Hash64) {
    this.#mixer.start(from.low, from.high);
  }

  /** The chain so far. */
  get value(): Hash64 {
    return { low: this.#mixer.low, high: this.#mixer.high };
  }

  /** Adds one applied entry. */
  add(index: number, term: number, entry: Uint8Array): void {
    this.#mixer.number(index);
    this.#mixer.number(term);
    this.#mixer.bytes(entry, 0, entry.length);
    this.#mixer.finish();
  }
}

/** Sum of the hashes of all records in the shard. */
export class ContentHash {
  #low: number;
  #high: number;
  readonly #mixer = new Mixer();

  constructor(from: Hash64) {
    this.#low = from.low;
    this.#high = from.high;
  }

  /** The sum so far. */
  get value(): Hash64 {
    return { low: this.#low, high: this.#high };
  }

  /** Adds the record at `bytes[start, end)`. */
  add(main: number, sub: number, bytes: Uint8Array, start: number, end: number): void {
    this.#hash(main, sub, byteAt(bytes, start + 1), bytes, start, end);
    const low = this.#low + this.#mixer.low;
    this.#low = low >>> 0;
    this.#high = (this.#high + this.#mixer.high + (low >= TWO_POW_32 ? 1 : 0)) >>> 0;
  }

  /** Takes a record out again. */
  remove(main: number, sub: number, record: Uint8Array): void {
    this.#hash(main, sub, recordFlags(record), record, 0, record.length);
    this.#takeOut();
  }

  /** Puts `record` in the place of `replaced`, the hash of what was there (undefined: nothing); returns the new one's hash. */
  replace(main: number, sub: number, replaced: Hash64 | undefined, record: Uint8Array | undefined): Hash64 | undefined {
    if (replaced !== undefined) {
      this.#mixer.start(replaced.low, replaced.high);
      this.#takeOut();
    }
    if (record === undefined) return undefined;
    this.add(main, sub, record, 0, record.length);
    return { low: this.#mixer.low, high: this.#mixer.high };
  }

  #takeOut(): void {
    const low = this.#low - this.#mixer.low;
    this.#low = low >>> 0;
    this.#high = (this.#high - this.#mixer.high - (low < 0 ? 1 : 0)) >>> 0;
  }

  #hash(main: number, sub: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
    this.#mixer.start(PRIME_B, PRIME_A);
    this.#mixer.number(main);
    this.#mixer.number(sub * 0x100 + flags);
    this.#mixer.bytes(bytes, start + RECORD_HEADER_BYTES, end);
    this.#mixer.finish();
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
  );
}

function round(lane: number, word: number, prime: number): number {
  const mixed = Math.imul(lane ^ word, prime);
  return (mixed << 13) | (mixed >>> 19);
}

function finalize(lane: number): number {
  const first = Math.imul(lane ^ (lane >>> 16), PRIME_B);
  return first ^ (first >>> 13);
}
