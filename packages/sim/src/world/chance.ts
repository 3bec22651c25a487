/** Chance of a simulated world. Everything that draws has a stream of its own, so that one more draw here does not change what happens there. */
import type { Random } from '@kvorum/server/internal/env/env.js';
import { createSeededRandom } from '@kvorum/server/internal/env/testing/seeded-random.js';
import { exp, ln } from './exact-math.js';

/** A stream that depends on the seed and its own name only. */
export function stream(seed: number, name: string): Random {
  let hash = seed >>> 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return createSeededRandom(Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0);
}

/** An integer in [min, max]. */
export function integerIn(random: Random, min: number, max: number): number {
  return min + Math.floor(random.float() * (max - min + 1));
}

/** A number in [min, max), small ones as likely as large ones: for quantities that span magnitudes. */
export function spread(random: Random, min: number, max: number): number {
  return min * exp(ln(max / min) * random.float());
}

/** True with the probability. */
export function chance(random: Random, probability: number): boolean {
  return random.float() < probability;
}

/** One of several. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[Math.floor(random.float() * from.length)];
  if (found === undefined) throw new RangeError('nothing to pick from');
  return found;
}

/** The same elements in a random order. */
export function shuffled<T>(random: Random, from: readonly T[]): T[] {
  const left = [...from];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(Math.floor(random.float() * left.length), 1));
  return out;
}

/** A waiting time with the mean, as between events that know nothing of each other. */
export function exponential(random: Random, mean: number): number {
  return -ln(1 - random.float()) * mean;
}
