/**
 * Files of seeds: of each line a seed, the knobs that it is run with as JSON, and a word why. What a seed draws changes with the simulator, so the knobs
 * are written down.
 */
import { readFileSync } from 'node:fs';
import { optionError, readKnobs } from './fixed-knobs.js';
import type { FixedKnobs } from './knobs.js';

/** Seeds are 32 bits wide. */
export const SEED_MAX = 2 ** 32 - 1;

/** A run that is asked for. */
export interface PlannedRun {
  readonly seed: number;
  readonly fixed: FixedKnobs;
}

/** A line of a file of seeds. */
export interface KnownSeed extends PlannedRun {
  readonly cause: string;
}

/** Throws an option error that names file and line. */
export function readSeedsFile(path: string): readonly KnownSeed[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw optionError('--seeds-file', path, 'a file that can be read');
  }
  const known = text.split('\n').flatMap((line, i) => readLine(line, `${path}:${i + 1}`));
  if (known.length === 0) throw optionError('--seeds-file', path, 'a file with at least one seed');
  return known;
}

function readLine(line: string, where: string): KnownSeed[] {
  if (line.trim() === '' || line.startsWith('#')) return [];
  const [, seed, knobs, cause] = /^(\d{1,10}) (\{.*?\}) (.+)$/.exec(line) ?? [];
  if (cause === undefined) throw optionError(where, line, 'a seed, knobs as JSON, the cause');
  if (Number(seed) > SEED_MAX) throw optionError(`${where} seed`, Number(seed), `an integer from 0 to ${SEED_MAX}`);
  return [{ seed: Number(seed), fixed: readKnobs(where, knobs), cause }];
}
