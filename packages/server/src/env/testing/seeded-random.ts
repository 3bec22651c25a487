/** Repeatable chance: the same seed gives the same numbers (R1). Not for secrets. */
import type { Random } from '../env.js';

/** A {@link Random} from a 32-bit seed: a Weyl sequence through the finalizer of MurmurHash3. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  function uint32(): number {
    state = (state + 0x9e3779b9) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return (word ^ (word >>> 16)) >>> 0;
  }
  return {
    uint32,
    float: () => uint32() / 2 ** 32,
    bytes: (length) => Uint8Array.from({ length }, () => uint32() & 0xff),
  };
}

/** An integer in [0, bound). */
export function below(random: Random, bound: number): number {
  return Math.floor(random.float() * bound);
}
