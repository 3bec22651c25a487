/**
 * Format 1 of the snapshot stream, which is the backup format too (architecture 6):
 *
 * ```
 * magic    8 bytes `kvsnap\r\n`
 * section  type u8, 3 zero bytes, sequence u32, payload length u32, crc u32, payload (at most 256 KiB)
 * …
 * ```
 * Numbers are little-endian. Sequences count from 0 without gaps. Each crc is the CRC32 of the section's first 12 bytes and its payload, begun with
 * the crc of the section before: a section of another stream does not fit in.
 *
 * | type | payload |
 * |---|---|
 * | 1 header, once, first | format u32, shard u32, meta row |
 * | 2 rows | a piece of the rows' bytes, cut anywhere; a row: key (main u64, sub u32, big-endian), record length u32, record |
 * | 3 trailer, once, last | row count u64, content hash low u32, high u32 |
 */
import { crc32 } from 'node:zlib';
import { readU32, writeU32 } from '@kvorum/core/base/bytes.js';

/** The stream format this program writes, and the newest it reads. */
export const SNAPSHOT_FORMAT = 1;

export const SNAPSHOT_MAGIC: Uint8Array = new TextEncoder().encode('kvsnap\r\n');

/** Longest payload of a section; a receiver never buffers more than this and one record. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 256 * 1024;

export const SECTION_HEADER_BYTES = 16;

/** Bytes of a row before its record. */
export const ROW_HEADER_BYTES = 16;

export const TRAILER_BYTES = 16;

export const SECTION = { header: 1, rows: 2, trailer: 3 } as const;

/** Why a snapshot stream was refused. */
export type SnapshotErrorCode =
  /** A byte is wrong, or what it says contradicts itself. */
  | 'SNAPSHOT_DAMAGED'
  /** It ends before its trailer. */
  | 'SNAPSHOT_INCOMPLETE'
  | 'SNAPSHOT_NEWER_FORMAT'
  | 'SNAPSHOT_OTHER_SHARD'
  /** Sending took longer than a reader may be held. */
  | 'SNAPSHOT_TOO_SLOW';

/** A snapshot stream that can't be made or taken. Nothing of it counts (R15). */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code: SnapshotErrorCode;
  readonly retryable: boolean;

  constructor(code: SnapshotErrorCode, message: string, cause?: unknown) {
    super(`snapshot: ${message}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = code === 'SNAPSHOT_DAMAGED' || code === 'SNAPSHOT_INCOMPLETE' || code === 'SNAPSHOT_TOO_SLOW';
  }
}

/** Writes a section's header in front of its payload, in one buffer; returns its crc. */
export function sealSection(section: Uint8Array, type: number, sequence: number, previousCrc: number): number {
  writeU32(section, 0, type);
  writeU32(section, 4, sequence);
  writeU32(section, 8, section.length - SECTION_HEADER_BYTES);
  const crc = sectionCrc(section, previousCrc);
  writeU32(section, 12, crc);
  return crc;
}

/** One whole section with a correct crc and sequence. */
export interface Section {
  readonly type: number;
  /** Owned by the receiver. */
  readonly payload: Uint8Array;
}

/** Cuts a byte stream into sections and checks their chain. Pieces may be cut anywhere; they are copied. */
export class SectionReader {
  /** Grows with what has come, not with what a length field announces. */
  #buffer = new Uint8Array(SECTION_HEADER_BYTES);
  #have = 0;
  #isMagicSeen = false;
  #sequence = 0;
  #crc = 0;

  /** True when no section has begun that is not whole. */
  get isBetweenSections(): boolean {
    return this.#isMagicSeen && this.#have === 0;
  }

  /** Adds a piece, calls `take` with each section that it completes. @throws SnapshotError and what `take` throws */
  push(piece: Uint8Array, take: (section: Section) => void): void {
    let at = 0;
    while (at < piece.length) {
      const wanted = this.#wantedBytes();
      const end = Math.min(piece.length, at + wanted - this.#have);
      this.#append(piece.subarray(at, end), wanted);
      at = end;
      if (this.#have < this.#wantedBytes()) continue;
      if (this.#isMagicSeen) take(this.#endSection());
      else this.#endMagic();
    }
  }

  /** Bytes up to the end of the magic, of the section header, or of the section, whichever is known to come next. */
  #wantedBytes(): number {
    if (!this.#isMagicSeen) return SNAPSHOT_MAGIC.length;
    if (this.#have < SECTION_HEADER_BYTES) return SECTION_HEADER_BYTES;
    const length = readU32(this.#buffer, 8);
    if (length > SNAPSHOT_CHUNK_BYTES_MAX) throw new SnapshotError('SNAPSHOT_DAMAGED', 'a section is too long');
    return SECTION_HEADER_BYTES + length;
  }

  #append(bytes: Uint8Array, wanted: number): void {
    const have = this.#have + bytes.length;
    if (have > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(wanted, have * 2));
      larger.set(this.#buffer.subarray(0, this.#have));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#have);
    this.#have = have;
  }

  #endMagic(): void {
    if (!SNAPSHOT_MAGIC.every((byte, at) => this.#buffer[at] === byte)) {
      throw new SnapshotError('SNAPSHOT_DAMAGED', 'this is not a snapshot stream');
    }
    this.#isMagicSeen = true;
    this.#have = 0;
  }

  #endSection(): Section {
    const bytes = this.#buffer.subarray(0, this.#have);
    const crc = sectionCrc(bytes, this.#crc);
    const isInChain = readU32(bytes, 12) === crc && readU32(bytes, 4) === this.#sequence;
    if (!isInChain) throw new SnapshotError('SNAPSHOT_DAMAGED', `section ${this.#sequence} has a wrong checksum`);
    this.#crc = crc;
    this.#sequence += 1;
    this.#buffer = new Uint8Array(SECTION_HEADER_BYTES);
    this.#have = 0;
    return { type: readU32(bytes, 0), payload: bytes.subarray(SECTION_HEADER_BYTES) };
  }
}

function sectionCrc(section: Uint8Array, previousCrc: number): number {
  return crc32(section.subarray(SECTION_HEADER_BYTES), crc32(section.subarray(0, 12), previousCrc));
}
