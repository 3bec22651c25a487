/** Reads batches out of a segment's bytes, and looks for valid records behind damage. Pure. */
import { RECORD_ALIGNMENT, readRecord, type WalRecord } from './record.js';
import { SEGMENT_HEADER_BYTES } from './segment-file.js';

/** How far the log was read: the number of the last whole batch and the CRC of its last record (undefined before the first). */
export interface ReadState {
  readonly batch: number;
  readonly chain: number | undefined;
}

/** A whole batch. */
export interface BatchRead {
  readonly records: readonly WalRecord[];
  readonly end: number;
  readonly state: ReadState;
}

/** The whole batch that starts at `at` and follows `before`, or undefined when there is none. */
export function readBatch(bytes: Uint8Array, at: number, segment: number, before: ReadState): BatchRead | undefined {
  const records: WalRecord[] = [];
  let chain = before.chain;
  let end = at;
  for (;;) {
    const record = readRecord(bytes, end, segment);
    if (record === undefined || record.batchStart !== at || record.batch <= before.batch) return undefined;
    if (chain !== undefined && record.chain !== chain) return undefined;
    if (records[0] !== undefined && records[0].batch !== record.batch) return undefined;
    records.push(record);
    chain = record.crc;
    end = record.end;
    if (record.isLast) return { records, end, state: { batch: record.batch, chain } };
  }
}

/** A valid record where none should be. */
export interface Stray {
  readonly offset: number;
  readonly chain: number;
  readonly batch: number;
  readonly batchStart: number;
}

/** One stray of each batch at or after `from`, at every alignment; at most two, which is enough to know. */
export function findStrays(bytes: Uint8Array, from: number, segment: number): readonly Stray[] {
  const strays: Stray[] = [];
  let at = Math.max(from, SEGMENT_HEADER_BYTES);
  while (at < bytes.length && strays.length < 2) {
    const record = readRecord(bytes, at, segment);
    if (record === undefined) {
      at += RECORD_ALIGNMENT;
      continue;
    }
    const { offset, chain, batch, batchStart } = record;
    if (strays[0]?.batch !== batch) strays.push({ offset, chain, batch, batchStart });
    at = record.end;
  }
  return strays;
}

const ZEROS = new Uint8Array(64 * 1024);

/** Whether everything from `from` on is zero. */
export function isBlank(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at += ZEROS.length) {
    const piece = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}
