/** A store's snapshot as a stream of chunks: one loop turn per chunk, and not longer than a reader may be held. */
import { writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import { assert } from '@kvorum/core/base/assert.js';
import { decodeMeta } from '@kvorum/core/kv/meta.js';
import { writeRevisionKey } from '@kvorum/core/kv/revision.js';
import { ContentHash } from '@kvorum/core/kv/state-hash.js';
import type { Clock } from '../env/env.js';
import type { StoreSnapshot } from './revision-store.js';
import {
  ROW_HEADER_BYTES,
  SECTION,
  SECTION_HEADER_BYTES,
  sealSection,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_FORMAT,
  SNAPSHOT_MAGIC,
  SnapshotError,
  TRAILER_BYTES,
} from './snapshot-format.js';

/** Longest time a snapshot may take to send: a held reader makes the store's file grow. */
export const SNAPSHOT_SEND_MS_MAX = 10 * 60 * 1_000;

/** Limits of one encoding. */
export interface SnapshotEncoderOptions {
  /** Payload bytes of a chunk, for tests. Default and maximum: 256 KiB. */
  readonly chunkBytes?: number;
  readonly sendMsMax?: number;
}

/**
 * Encodes all of `snapshot`; each chunk is one section, newly allocated. Closes the snapshot when it ends, fails or is abandoned by
 * `return`; who never starts it closes the snapshot. Throws {@link SnapshotError} (too slow; rows that do not add up to the meta's content hash).
 */
export async function* encodeSnapshot(
  clock: Pick<Clock, 'nowMs' | 'defer'>,
  snapshot: StoreSnapshot,
  shard: number,
  options: SnapshotEncoderOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const endMs = clock.nowMs() + (options.sendMsMax ?? SNAPSHOT_SEND_MS_MAX);
  try {
    const { meta } = snapshot;
    assert(meta !== undefined, 'a store without a meta row has no snapshot');
    const sections = new SectionWriter(options.chunkBytes ?? SNAPSHOT_CHUNK_BYTES_MAX);
    const hash = new ContentHash({ low: 0, high: 0 });
    const from = { main: 0, sub: 0, rows: 0, isEnd: false };
    sections.addHeader(shard, meta);
    while (!from.isEnd) {
      fillChunk(snapshot, sections, hash, from);
      yield* sections.take();
      await new Promise<void>((resolve) => clock.defer(resolve));
      if (clock.nowMs() > endMs) throw new SnapshotError('SNAPSHOT_TOO_SLOW', 'it took too long to send');
    }
    const { low, high } = hash.value;
    const expected = decodeMeta(meta).contentHash;
    const isWhole = expected.low === low && expected.high === high;
    if (!isWhole)
      throw new SnapshotError('SNAPSHOT_DAMAGED', "the store's rows do not have the content hash of its meta row");
    sections.addTrailer(from.rows, low, high);
    yield* sections.take();
  } finally {
    snapshot.close();
  }
}

interface Position {
  main: number;
  sub: number;
  rows: number;
  isEnd: boolean;
}

/** Adds rows until a chunk is full, or all that are left. */
function fillChunk(snapshot: StoreSnapshot, sections: SectionWriter, hash: ContentHash, from: Position): void {
  from.isEnd = true;
  snapshot.scan(from.main, from.sub, (main, sub, record) => {
    hash.add(main, sub, record, 0, record.length);
    sections.addRow(main, sub, record);
    from.rows += 1;
    if (!sections.isFull) return true;
    from.main = main;
    from.sub = sub + 1;
    from.isEnd = false;
    return false;
  });
}

/** Packs payload bytes into sections of equal size. */
class SectionWriter {
  readonly #chunkBytes: number;
  readonly #rowHeader = new Uint8Array(ROW_HEADER_BYTES);
  #ready: Uint8Array[] = [];
  #rows: Uint8Array;
  #used = 0;
  #sequence = 0;
  #crc = 0;

  constructor(chunkBytes: number) {
    assert(chunkBytes > 0 && chunkBytes <= SNAPSHOT_CHUNK_BYTES_MAX, 'chunk bytes out of range');
    this.#chunkBytes = chunkBytes;
    this.#rows = this.#newRows();
  }

  /** At least one chunk is waiting to be taken. */
  get isFull(): boolean {
    return this.#ready.length > 0;
  }

  addHeader(shard: number, meta: Uint8Array): void {
    assert(8 + meta.length <= SNAPSHOT_CHUNK_BYTES_MAX, 'the meta row does not fit a snapshot header');
    const section = new Uint8Array(SECTION_HEADER_BYTES + 8 + meta.length);
    writeU32(section, SECTION_HEADER_BYTES, SNAPSHOT_FORMAT);
    writeU32(section, SECTION_HEADER_BYTES + 4, shard);
    section.set(meta, SECTION_HEADER_BYTES + 8);
    this.#crc = sealSection(section, SECTION.header, this.#sequence, this.#crc);
    this.#sequence += 1;
    const chunk = new Uint8Array(SNAPSHOT_MAGIC.length + section.length);
    chunk.set(SNAPSHOT_MAGIC);
    chunk.set(section, SNAPSHOT_MAGIC.length);
    this.#ready.push(chunk);
  }

  addRow(main: number, sub: number, record: Uint8Array): void {
    writeRevisionKey(this.#rowHeader, 0, main, sub);
    writeU32(this.#rowHeader, 12, record.length);
    this.#addBytes(this.#rowHeader);
    this.#addBytes(record);
  }

  addTrailer(rows: number, low: number, high: number): void {
    if (this.#used > 0) this.#endChunk();
    const section = new Uint8Array(SECTION_HEADER_BYTES + TRAILER_BYTES);
    writeU64(section, SECTION_HEADER_BYTES, rows);
    writeU32(section, SECTION_HEADER_BYTES + 8, low);
    writeU32(section, SECTION_HEADER_BYTES + 12, high);
    this.#seal(section, SECTION.trailer);
  }

  /** The chunks that are ready, in order. */
  take(): readonly Uint8Array[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  #addBytes(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const count = Math.min(bytes.length - at, this.#chunkBytes - this.#used);
      this.#rows.set(bytes.subarray(at, at + count), SECTION_HEADER_BYTES + this.#used);
      this.#used += count;
      at += count;
      if (this.#used === this.#chunkBytes) this.#endChunk();
    }
  }

  #endChunk(): void {
    this.#seal(this.#rows.subarray(0, SECTION_HEADER_BYTES + this.#used), SECTION.rows);
    this.#rows = this.#newRows();
    this.#used = 0;
  }

  #seal(section: Uint8Array, type: number): void {
    this.#crc = sealSection(section, type, this.#sequence, this.#crc);
    this.#sequence += 1;
    this.#ready.push(section);
  }

  #newRows(): Uint8Array {
    return new Uint8Array(SECTION_HEADER_BYTES + this.#chunkBytes);
  }
}
