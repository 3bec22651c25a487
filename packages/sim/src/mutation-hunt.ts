/** The proof that checkers and faults are worth something (R7): historic bugs are brought back one at a time, and each has to be noticed. */
import { activateMutation, type Mutation, mutations } from '@kvorum/core/base/mutation.js';
import { runSeed } from './simulation.js';

/** A bug that takes longer counts as not noticed. */
export const SEEDS_PER_MUTATION_MAX = 2000;

/** Hunts all of them and prints a table. Exit code 1 when one escapes. */
export async function huntMutations(baseSeed: number, seedsMax: number): Promise<number> {
  let escaped = 0;
  for (const mutation of mutations) {
    const found = await hunt(mutation, baseSeed, seedsMax);
    if (found === undefined) escaped += 1;
    const what =
      found === undefined ? `ESCAPED ${seedsMax} seeds` : `${found.seeds} seeds, ${found.checker}: ${found.message}`;
    console.log(`${mutation.padEnd(28)} ${what.slice(0, 200)}`);
  }
  console.log(`${mutations.length} mutations, ${escaped} escaped`);
  return escaped === 0 ? 0 : 1;
}

interface Found {
  readonly seeds: number;
  readonly checker: string;
  readonly message: string;
}

async function hunt(mutation: Mutation, baseSeed: number, seedsMax: number): Promise<Found | undefined> {
  activateMutation(mutation);
  try {
    for (let seeds = 1; seeds <= seedsMax; seeds++) {
      const { violations } = await runSeed(baseSeed + seeds - 1);
      const [first] = violations;
      if (first !== undefined) return { seeds, ...first };
    }
    return undefined;
  } finally {
    activateMutation(undefined);
  }
}
