/** Chance of a real machine: the system's generator, read in pages since each call costs about a microsecond. */
import { randomBytes, randomFillSync } from 'node:crypto';
import type { Random } from './env.js';

const PAGE_WORDS = 256;

/** Cryptographic random numbers. */
export function createRealRandom(): Random {
  const page = new Uint32Array(PAGE_WORDS);
  let next = PAGE_WORDS;
  function uint32(): number {
    if (next === PAGE_WORDS) {
      randomFillSync(page);
      next = 0;
    }
    return page[next++] ?? 0;
  }
  return {
    uint32,
    // 53 bits, the most a number below 1 can hold evenly: 26 high, 27 low.
    float: () => ((uint32() >>> 6) * 2 ** 27 + (uint32() >>> 5)) / 2 ** 53,
    bytes: (length) => new Uint8Array(randomBytes(length)),
  };
}
