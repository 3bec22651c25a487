/**
 * One record of the revision store, format 1: a header and the canonical KeyValue bytes.
 *
 * | offset | field (little-endian) |
 * |---|---|
 * | 0 | format u8 = 1 |
 * | 1 | flags u8: 1 tombstone, 2 expired |
 * | 2 | reserved u16, zero |
 * | 4 | chainDepth u32: place in the run of records that `jump` skips over (`version-chain.ts`) |
 * | 8 | previous.main u64: the key's record before this one, 0 for none |
 * | 16 | jump.main u64: an older record of the key, 0 for none |
 * | 24 | previous.sub u32 |
 * | 28 | jump.sub u32 |
 * | 32 | author u64, 0 for none |
 * | 40 | deadline ms of shardTime u64, 0 for none |
 * | 48 | mvccpb.KeyValue (`key-value.ts`) |
 *
 * `previous` and `jump` may point to records that compaction has removed; they and chainDepth never enter a state hash.
 */
import { byteAt, isSafeU64, readU32, readU64, writeU32, writeU64 } from '../base/bytes.js';

/** Version of the record format. */
export const RECORD_FORMAT = 1;

/** Format of a row of a side table (`side-row.ts`), which takes a record's place. */
export const SIDE_ROW_FORMAT = 2;

/** Bytes before the KeyValue. */
export const RECORD_HEADER_BYTES = 48;

/** Flags of a record. */
export const RECORD_TOMBSTONE = 1;
export const RECORD_EXPIRED = 2;

/** Pointers of a record to older records of its key; {0, 0} for none. One object is filled again and again. */
export class RecordLinks {
  chainDepth = 0;
  previousMain = 0;
  previousSub = 0;
  jumpMain = 0;
  jumpSub = 0;

  /** No older record. */
  clear(): void {
    this.chainDepth = 0;
    this.previousMain = 0;
    this.previousSub = 0;
    this.jumpMain = 0;
    this.jumpSub = 0;
  }

  /** Reads the links of the record at `at`. */
  read(bytes: Uint8Array, at: number): void {
    this.chainDepth = readU32(bytes, at + 4);
    this.previousMain = readU64(bytes, at + 8);
    this.jumpMain = readU64(bytes, at + 16);
    this.previousSub = readU32(bytes, at + 24);
    this.jumpSub = readU32(bytes, at + 28);
  }
}

/** Writes a record header at `at`. */
export function writeRecordHeader(target: Uint8Array, at: number, flags: number, links: RecordLinks): void {
  target[at] = RECORD_FORMAT;
  target[at + 1] = flags;
  target[at + 2] = 0;
  target[at + 3] = 0;
  writeU32(target, at + 4, links.chainDepth);
  writeU64(target, at + 8, links.previousMain);
  writeU64(target, at + 16, links.jumpMain);
  writeU32(target, at + 24, links.previousSub);
  writeU32(target, at + 28, links.jumpSub);
  for (let zero = at + 32; zero < at + RECORD_HEADER_BYTES; zero += 1) target[zero] = 0;
}

/** Whether `record` has a well-formed header of this format; the KeyValue is not looked at. */
export function isRecordHeader(record: Uint8Array): boolean {
  if (record.length < RECORD_HEADER_BYTES || record[0] !== RECORD_FORMAT) return false;
  if (byteAt(record, 1) > (RECORD_TOMBSTONE | RECORD_EXPIRED) || byteAt(record, 2) !== 0 || byteAt(record, 3) !== 0)
    return false;
  return isSafeU64(record, 8) && isSafeU64(record, 16);
}

/** Flags of a record. */
export function recordFlags(record: Uint8Array): number {
  return byteAt(record, 1);
}

/** Whether the record is a deletion. */
export function isTombstone(record: Uint8Array): boolean {
  return (byteAt(record, 1) & RECORD_TOMBSTONE) !== 0;
}
