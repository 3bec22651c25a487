/** Turns what `node:fs` throws into a {@link DiskError}. */
import { DiskError } from './disk.js';

/** The system's code of an error (`ENOSPC`, …); `EUNKNOWN` when it has none. */
export function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return 'EUNKNOWN';
}

/** Runs one disk call; whatever it throws comes out as a {@link DiskError} naming the operation and the path. */
export async function asDiskCall<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof DiskError) throw error;
    throw new DiskError(operation, path, errorCode(error), error);
  }
}
