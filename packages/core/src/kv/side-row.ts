/**
 * Rows of side tables: state of a shard that belongs to no revision. They lie beside the records in the store, below all of them, as {main 0, sub}:
 * so they commit, travel and are hashed with the records (R9, R14).
 *
 * | sub | table |
 * |---|---|
 * | 0 to 2^24 - 1 | sessions, one row for each, in the lowest place that was free (`session-codec.ts`) |
 *
 * A row begins like a record, with its own format, so that a program that knows no side tables refuses it:
 *
 * | offset | field |
 * |---|---|
 * | 0 | format u8 = 2 |
 * | 1 | zero up to 48 |
 * | 48 | body, as the table has it |
 */
import { byteAt, readU32 } from '../base/bytes.js';
import { RECORD_HEADER_BYTES, SIDE_ROW_FORMAT } from './record.js';

/** `main` of all rows of side tables. */
export const SIDE_ROW_MAIN = 0;

/** Bytes before a row's body. */
export const SIDE_ROW_HEADER_BYTES = RECORD_HEADER_BYTES;

/** An empty row with a body of so many bytes. */
export function startSideRow(bodyBytes: number): Uint8Array {
  const row = new Uint8Array(SIDE_ROW_HEADER_BYTES + bodyBytes);
  row[0] = SIDE_ROW_FORMAT;
  return row;
}

/** Whether `row` begins as a row of a side table does. */
export function isSideRow(row: Uint8Array): boolean {
  if (row.length < SIDE_ROW_HEADER_BYTES || row[0] !== SIDE_ROW_FORMAT) return false;
  if (byteAt(row, 1) !== 0 || byteAt(row, 2) !== 0 || byteAt(row, 3) !== 0) return false;
  for (let at = 4; at < SIDE_ROW_HEADER_BYTES; at += 4) if (readU32(row, at) !== 0) return false;
  return true;
}
