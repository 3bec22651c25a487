/**
 * The sealed file CORRUPT in a shard's directory: this replica was found corrupt and must not serve again, whatever its store says (R14). It stays until
 * the replica is rebuilt.
 */
import type { Disk } from '../env/disk.js';
import { replaceFile, type ReplaceFileDeps } from '../env/replace-file.js';
import { isCount, readSealed, seal, SealedFileError } from './sealed-file.js';

const CORRUPTION_FORMAT = 1;

/** Why a replica stopped serving. */
export interface Corruption {
  /** `minority`, `noMajority`: as its comparison with others showed. `record`: a read found a record that contradicts the rest. */
  readonly cause: 'minority' | 'noMajority' | 'record';
  /** Applied index of the comparison, or of the replica when the record was read. */
  readonly index: number;
  /** For people. */
  readonly detail: string;
}

/** Undefined where there is no mark. Fails with SealedFileError or DiskError. */
export async function readCorruption(disk: Disk, path: string, shard: number): Promise<Corruption | undefined> {
  const content = await readSealed(disk, path);
  if (content === undefined) return undefined;
  const { format, shard: markedShard, cause, index, detail } = content;
  const isKnown = cause === 'minority' || cause === 'noMajority' || cause === 'record';
  if (format !== CORRUPTION_FORMAT || markedShard !== shard || !isKnown) {
    throw new SealedFileError(path, 'it has a wrong field');
  }
  if (!isCount(index, 0) || typeof detail !== 'string') throw new SealedFileError(path, 'it has a wrong field');
  return { cause, index, detail };
}

/** Durable when it resolves. */
export function writeCorruption(
  deps: ReplaceFileDeps,
  path: string,
  shard: number,
  corruption: Corruption,
): Promise<void> {
  const { cause, index, detail } = corruption;
  const content = seal({ format: CORRUPTION_FORMAT, shard, cause, index, detail });
  return replaceFile(deps, path, content, 'corrupt');
}
