/**
 * One record of the log as bytes. Little-endian, 8-byte aligned, 40 bytes of header:
 *
 *  0 u32 crc         CRC32 of all that follows: the header from byte 4 on and the padded payload
 *  4 u32 payload bytes, without padding
 *  8 u32 segment     number of its segment
 * 12 u32 offset      its own offset in the segment
 * 16 u64 batch       number of its batch, never used twice
 * 24 u32 batchStart  offset of the batch's first record; a batch lies in one segment
 * 28 u32 chain       crc of the record before it in the log, across segments
 * 32 u32 shard
 * 36 u16 magic
 * 38 u8  type
 * 39 u8  flags       1: last of its batch
 *
 * Segment, offset and batch under the CRC make a record valid at one place and time only: bytes of a former use, a misdirected write or a
 * copied file never pass. The chain makes a lost record visible though its neighbours are whole.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { crc32 } from 'node:zlib';
import { readU32, readU64, writeU32, writeU64 } from '@kvorum/core/base/bytes.js';

export const RECORD_HEADER_BYTES = 40;
export const RECORD_ALIGNMENT = 8;
const MAGIC = 0x564b;
const FLAG_LAST = 1;

/** Numbers on disk; never reuse one. */
export const RECORD_TYPE = {
  /** First record of a segment: the count of `tableShard` records behind it. */
  tableHead: 1,
  /** What the log knows of one shard at the start of a segment. */
  tableShard: 2,
  /** Written at each open, so that batch numbers are never used again. */
  opened: 3,
  entry: 4,
  /** An entry copied from an old segment. Replay never truncates for it. */
  copied: 5,
  hardState: 6,
  snapshot: 7,
  logStart: 8,
  removed: 9,
} as const;

/** The number of a type. */
export type RecordType = (typeof RECORD_TYPE)[keyof typeof RECORD_TYPE];

/** Which batch a record belongs to. */
export interface BatchPlace {
  readonly segment: number;
  readonly batch: number;
  readonly batchStart: number;
}

/** A valid record; `payload` is a view of the segment's bytes. */
export interface WalRecord extends BatchPlace {
  readonly offset: number;
  readonly end: number;
  readonly crc: number;
  readonly chain: number;
  readonly shard: number;
  readonly type: number;
  readonly isLast: boolean;
  readonly payload: Uint8Array;
}

/** Rounds up to the alignment. */
export function align(bytes: number): number {
  return (bytes + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT;
}

/** Size of a record in the log. */
export function recordBytes(payloadBytes: number): number {
  return RECORD_HEADER_BYTES + align(payloadBytes);
}

/** Header fields that the batch does not tell. One object is used again and again. */
export interface HeaderFields {
  payloadBytes: number;
  offset: number;
  chain: number;
  shard: number;
  type: RecordType;
  isLast: boolean;
}

/** Writes the header of the record at `at`; the padded payload must be there already. Returns the CRC. */
export function writeHeader(target: Uint8Array, at: number, place: BatchPlace, fields: HeaderFields): number {
  writeU32(target, at + 4, fields.payloadBytes);
  writeU32(target, at + 8, place.segment);
  writeU32(target, at + 12, fields.offset);
  writeU64(target, at + 16, place.batch);
  writeU32(target, at + 24, place.batchStart);
  writeU32(target, at + 28, fields.chain);
  writeU32(target, at + 32, fields.shard);
  target[at + 36] = MAGIC & 0xff;
  target[at + 37] = MAGIC >>> 8;
  target[at + 38] = fields.type;
  target[at + 39] = fields.isLast ? FLAG_LAST : 0;
  const crc = crc32(target.subarray(at + 4, at + recordBytes(fields.payloadBytes)));
  writeU32(target, at, crc);
  return crc;
}

/** The record at offset `at` of segment `segment`, or undefined when there is no valid one. `bytes` begins at the segment's offset `base`. */
export function readRecord(bytes: Uint8Array, at: number, segment: number, base = 0): WalRecord | undefined {
  const bodyAt = at + RECORD_HEADER_BYTES;
  if (bodyAt > bytes.length || !looksLikeRecord(bytes, at, segment, base + at)) return undefined;
  const payloadBytes = readU32(bytes, at + 4);
  const end = bodyAt + align(payloadBytes);
  if (payloadBytes > bytes.length || end > bytes.length) return undefined;
  const crc = readU32(bytes, at);
  if (crc32(bytes.subarray(at + 4, end)) !== crc && !isMutated('tornRecordAccepted')) return undefined;
  return {
    segment,
    batch: readU64(bytes, at + 16),
    batchStart: readU32(bytes, at + 24),
    offset: base + at,
    end: base + end,
    crc,
    chain: readU32(bytes, at + 28),
    shard: readU32(bytes, at + 32),
    type: bytes[at + 38] ?? 0,
    isLast: bytes[at + 39] === FLAG_LAST,
    payload: bytes.subarray(bodyAt, bodyAt + payloadBytes),
  };
}

/** The cheap part of the check, for scanning at every alignment. */
function looksLikeRecord(bytes: Uint8Array, at: number, segment: number, offset: number): boolean {
  return (
    bytes[at + 36] === (MAGIC & 0xff) &&
    bytes[at + 37] === MAGIC >>> 8 &&
    readU32(bytes, at + 12) === offset &&
    readU32(bytes, at + 8) === segment
  );
}
