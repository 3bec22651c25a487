/** Turns what lmdb throws into {@link StoreError}: its errors carry LMDB's or the system's error number, the reason of a failed commit in a promise. */
import { StoreError, type StoreErrorCode } from './revision-store.js';

/** LMDB's own return codes that mean damage (lmdb.h). */
const DAMAGED: ReadonlySet<number> = new Set([-30797, -30796, -30795, -30794, -30793]);

/** System error numbers that mean no room: ENOSPC, EDQUOT, EFBIG; and LMDB's MDB_MAP_FULL. */
const FULL: ReadonlySet<number> = new Set([28, 122, 27, -30792]);

/** Why a store could not be opened. */
export function openFailure(path: string, error: unknown): StoreError {
  const code = codeOf(error);
  return new StoreError(code, `opening the store ${path} failed: ${messageOf(error)}`, error);
}

/** Why a read failed; an error that is not lmdb's (a visitor's own) comes back as it is. */
export function readFailure(path: string, error: unknown): unknown {
  if (numberOf(error) === undefined) return error;
  return new StoreError(codeOf(error), `a read of the store ${path} failed: ${messageOf(error)}`, error);
}

/** Why a commit failed. lmdb rejects with an error whose `commitError` is a promise that rejects with the reason. */
export async function commitFailure(path: string, error: unknown): Promise<StoreError> {
  const reason = await reasonOf(error);
  return new StoreError(codeOf(reason), `a commit to the store ${path} failed: ${messageOf(reason)}`, reason);
}

async function reasonOf(error: unknown): Promise<unknown> {
  const reason: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'commitError') : undefined;
  if (!(reason instanceof Promise)) return error;
  try {
    await reason;
    return error;
  } catch (cause) {
    return cause;
  }
}

function codeOf(error: unknown): StoreErrorCode {
  const number = numberOf(error);
  if (number === undefined) return 'STORE_IO';
  if (DAMAGED.has(number)) return 'STORE_DAMAGED';
  return FULL.has(number) ? 'STORE_FULL' : 'STORE_IO';
}

function numberOf(error: unknown): number | undefined {
  const number: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof number === 'number' ? number : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
