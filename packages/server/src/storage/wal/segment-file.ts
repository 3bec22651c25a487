/**
 * Segment files: their names, and their header, written and synced before the file gets its name. So a file with a segment's name is whole:
 * a bad header or another size than the header tells is damage, never a crash while it was made.
 *
 * Header: 0 magic (8 bytes), 8 u32 format, 12 u32 segment number, 16 u32 bytes of the file, 20 u32 CRC32 of bytes 0–19; padded to 64 bytes.
 * Magic, format and their places stay the same in every format.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { crc32 } from 'node:zlib';
import { readU32, writeU32 } from '@kvorum/core/base/bytes.js';
import type { Disk } from '../../env/disk.js';
import type { Failpoints } from '../../env/failpoints.js';
import { WalDamagedError, WalVersionError } from './wal-errors.js';

export const SEGMENT_FORMAT = 1;
export const SEGMENT_HEADER_BYTES = 64;
const MAGIC = new TextEncoder().encode('kvorumWL');
const FORMAT_AT = 8;
const CRC_AT = 20;

/** Zeros are written in pieces of this size, each synced by itself when others use the disk (docs/adr/wal.md has the measurement). */
const PIECE_BYTES = 256 * 1024;

const NAME_DIGITS = 10;
const SEGMENT_NAME = /^(\d{10})\.wal$/;
const TEMPORARY_NAME = 'next-segment.tmp';

/** A segment on disk. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  readonly bytes: number;
}

/** Where a segment lies. */
export function segmentPath(directory: string, number: number): string {
  return `${directory}/${String(number).padStart(NAME_DIGITS, '0')}.wal`;
}

/** The number in a segment's file name; undefined for other names. */
export function segmentNumber(name: string): number | undefined {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A segment to be made. */
export interface NewSegment {
  readonly number: number;
  readonly bytes: number;
  /** Nobody waits for it: appends to the segment in use go first. */
  readonly isAhead: boolean;
}

/** Makes a segment of zeros behind a header, replacing one of the same number. Durable, name included, when it resolves (N15). */
export async function createSegment(
  { disk, failpoints }: { readonly disk: Disk; readonly failpoints?: Failpoints | undefined },
  directory: string,
  { number, bytes, isAhead }: NewSegment,
): Promise<Segment> {
  const temporary = `${directory}/${TEMPORARY_NAME}`;
  const path = segmentPath(directory, number);
  failpoints?.hit('segmentBeforeWrite');
  const file = await disk.open(temporary, 'create');
  try {
    const zeros = new Uint8Array(Math.min(PIECE_BYTES, bytes));
    for (let at = 0; at < bytes; at += zeros.length) {
      await file.write(at, zeros.subarray(0, Math.min(zeros.length, bytes - at)));
      if (isAhead) await file.sync();
    }
    await file.truncate(bytes);
    await file.write(0, encodeHeader(number, bytes));
    failpoints?.hit('segmentBeforeSync');
    await file.sync();
  } finally {
    await file.close();
  }
  failpoints?.hit('segmentBeforeRename');
  await disk.rename(temporary, path);
  failpoints?.hit('segmentBeforeDirSync');
  if (!isMutated('directoryNotSynced')) await disk.syncDir(directory);
  failpoints?.hit('segmentAfterDirSync');
  return { number, path, bytes };
}

/** Removes what a crash while a segment was made may have left. */
export async function removeTemporary(disk: Disk, directory: string): Promise<void> {
  await disk.remove(`${directory}/${TEMPORARY_NAME}`);
}

/** Checks header and size of a whole segment file. */
export function checkSegment(content: Uint8Array, path: string, number: number): void {
  const isWhole =
    content.length >= SEGMENT_HEADER_BYTES && readU32(content, CRC_AT) === crc32(content.subarray(0, CRC_AT));
  if (!isWhole || !MAGIC.every((byte, at) => content[at] === byte)) {
    throw new WalDamagedError(path, 0, 'the header of the segment is not valid');
  }
  const format = readU32(content, FORMAT_AT);
  if (format !== SEGMENT_FORMAT) throw new WalVersionError(path, format, SEGMENT_FORMAT);
  if (readU32(content, 12) !== number)
    throw new WalDamagedError(path, 12, `the header names segment ${readU32(content, 12)}`);
  const bytes = readU32(content, 16);
  if (bytes !== content.length) {
    throw new WalDamagedError(path, content.length, `the file has ${content.length} bytes, its header says ${bytes}`);
  }
}

function encodeHeader(number: number, bytes: number): Uint8Array {
  const header = new Uint8Array(SEGMENT_HEADER_BYTES);
  header.set(MAGIC);
  writeU32(header, FORMAT_AT, SEGMENT_FORMAT);
  writeU32(header, 12, number);
  writeU32(header, 16, bytes);
  writeU32(header, CRC_AT, crc32(header.subarray(0, CRC_AT)));
  return header;
}
