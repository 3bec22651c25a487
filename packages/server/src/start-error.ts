/** What a failed start is reported as. */
import { KvorumError } from '@kvorum/protocol';
import { failureOf } from './node-failure.js';

/** Errors that name what to change keep their type; everything else ended the start. */
export function startError(error: unknown): unknown {
  if (error instanceof KvorumError) return error;
  if (error instanceof Error && 'code' in error && startCodes.has(String(error.code))) return error;
  return failureOf(error);
}

const startCodes: ReadonlySet<string> = new Set([
  'DATA_DIR_LOCKED',
  'DATA_DIR_NEWER_FORMAT',
  'DATA_DIR_OTHER_NODE',
  'DATA_DIR_OTHER_CLUSTER',
  'DATA_DIR_FOREIGN',
  'DATA_DIR_DAMAGED',
  'DATA_DIR_UNUSABLE',
  'WAL_VERSION',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EACCES',
]);
