/**
 * A look at an LMDB data file before lmdb gets it. When lmdb refuses a file (wrong magic, wrong version) it ends the process by a segmentation fault (its
 * clean-up frees twice), and a file that was cut off ends it by SIGBUS at the first read behind the end. A person should read which file is damaged instead.
 *
 * Layout (lmdb.h of the lmdb package, data version 2, 64 bit, little-endian): pages 0 and 1 are meta pages; behind a page header of 24 bytes: magic u32,
 * version u32, address u64, map size u64, two trees of 48 bytes (first u32 of the first: page size; last u64 of each: root page or all ones).
 */
import { readU32 } from '@kvorum/core/base/bytes.js';
import type { Disk } from '../env/disk.js';
import { StoreError } from './revision-store.js';

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_AT = 24;
const PAGE_SIZE_AT = META_AT + 24;
const ROOTS_AT: readonly number[] = [META_AT + 24 + 40, META_AT + 72 + 40];
const META_BYTES = META_AT + 144;
const NO_PAGE = 0xffff_ffff;

/** Refuses a store whose data file is missing, could not be opened by lmdb or was cut off before a root page. Fails with {@link StoreError} or DiskError. */
export async function checkLmdbStore(disk: Disk, directory: string): Promise<void> {
  const path = `${directory}/data.mdb`;
  if (!(await disk.exists(path))) throw damaged(path, 'it is missing');
  const file = await disk.open(path, 'read');
  try {
    const size = await file.size();
    const first = new Uint8Array(META_BYTES);
    const isRead = (await file.read(0, first)) === META_BYTES;
    const pageSize = readU32(first, PAGE_SIZE_AT);
    const isPageSize = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
    if (!isRead || !isPageSize) throw damaged(path, 'its first page is not one of a store');
    const second = new Uint8Array(META_BYTES);
    await file.read(pageSize, second);
    for (const meta of [first, second]) checkMeta(path, meta, pageSize, size);
  } finally {
    await file.close();
  }
}

function checkMeta(path: string, meta: Uint8Array, pageSize: number, size: number): void {
  const isMeta = readU32(meta, META_AT) === MAGIC && (readU32(meta, META_AT + 4) & 0xffff) === DATA_VERSION;
  if (!isMeta || readU32(meta, PAGE_SIZE_AT) !== pageSize) throw damaged(path, 'a meta page is wrong');
  for (const at of ROOTS_AT) {
    const [low, high] = [readU32(meta, at), readU32(meta, at + 4)];
    const isEmpty = low === NO_PAGE && high === NO_PAGE;
    if (!isEmpty && (high !== 0 || (low + 1) * pageSize > size)) throw damaged(path, `it was cut off at ${size} bytes`);
  }
}

function damaged(path: string, reason: string): StoreError {
  return new StoreError('STORE_DAMAGED', `the store file ${path} is damaged: ${reason}`);
}
