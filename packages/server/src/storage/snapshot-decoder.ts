/**
 * Takes a snapshot stream into a staging store, or only verifies it (a backup, offline). Every byte is checked: chunk checksums and their chain,
 * order of the rows, their count, and the content hash against trailer and meta row. A stream with anything wrong is refused by a typed error,
 * never taken as empty (R15): the staging store gets its real meta row in the last commit, when everything was found right.
 */
import { isSafeU64, readU32, readU64 } from '@kvorum/core/base/bytes.js';
import { decodeMeta, type ShardMeta } from '@kvorum/core/kv/meta.js';
import { REVISION_KEY_BYTES, revisionKeyMain, revisionKeySub } from '@kvorum/core/kv/revision.js';
import { ContentHash } from '@kvorum/core/kv/state-hash.js';
import type { Failpoints } from '../env/failpoints.js';
import { RECORD_BYTES_MAX } from './gathered-batch.js';
import type { RevisionStore, StorePut } from './revision-store.js';
import {
  ROW_HEADER_BYTES,
  SECTION,
  type Section,
  SectionReader,
  SNAPSHOT_FORMAT,
  SnapshotError,
  TRAILER_BYTES,
} from './snapshot-format.js';

/** Rows and bytes that one commit into the staging store takes, about. */
const COMMIT_ROWS = 5_000;
const COMMIT_BYTES = 2 * 1024 * 1024;

/** Meta row of a staging store whose snapshot is not whole yet: no format has it. */
const UNFINISHED_META = Uint8Array.of(0);

/** What a whole and correct stream held. */
export interface SnapshotContent {
  readonly meta: ShardMeta;
  readonly rows: number;
}

/**
 * Writes the stream's rows and meta into `target`, an empty store, with bounded memory. When it resolves all is durable in the target and may be activated;
 * when it rejects (SnapshotError, StoreError, or what `chunks` throws) the target must be dropped.
 */
export async function installSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  shard: number,
  target: RevisionStore,
  failpoints?: Failpoints,
): Promise<SnapshotContent> {
  const decoder = new SnapshotDecoder(shard);
  const commit = async (puts: readonly StorePut[], meta: Uint8Array): Promise<void> => {
    failpoints?.hit('snapshotBeforeCommit');
    await target.commit({ puts, deletes: [], meta });
    failpoints?.hit('snapshotAfterCommit');
  };
  for await (const chunk of chunks) {
    decoder.push(chunk);
    if (decoder.isBatchFull) await commit(decoder.takeRows(), UNFINISHED_META);
  }
  const { content, metaBytes } = decoder.finish();
  await commit(decoder.takeRows(), metaBytes);
  return content;
}

/** Checks a stream without keeping it. Rejects as {@link installSnapshot}. */
export async function verifySnapshot(chunks: AsyncIterable<Uint8Array>, shard: number): Promise<SnapshotContent> {
  const decoder = new SnapshotDecoder(shard);
  for await (const chunk of chunks) {
    decoder.push(chunk);
    decoder.takeRows();
  }
  return decoder.finish().content;
}

/** Checks pieces of a stream as they come and gathers their rows. */
class SnapshotDecoder {
  readonly #shard: number;
  readonly #sections = new SectionReader();
  readonly #hash = new ContentHash({ low: 0, high: 0 });
  #meta: ShardMeta | undefined;
  #metaBytes = UNFINISHED_META;
  /** Bytes of a row that is not whole yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #gathered: StorePut[] = [];
  #gatheredBytes = 0;
  #rows = 0;
  #lastMain = -1;
  #lastSub = 0;
  #isEnded = false;

  constructor(shard: number) {
    this.#shard = shard;
  }

  get isBatchFull(): boolean {
    return this.#gathered.length >= COMMIT_ROWS || this.#gatheredBytes >= COMMIT_BYTES;
  }

  push(piece: Uint8Array): void {
    this.#sections.push(piece, (section) => this.#take(section));
  }

  takeRows(): readonly StorePut[] {
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    return gathered;
  }

  finish(): { content: SnapshotContent; metaBytes: Uint8Array } {
    if (!this.#isEnded || this.#meta === undefined || !this.#sections.isBetweenSections) {
      throw new SnapshotError('SNAPSHOT_INCOMPLETE', 'the stream ends before its trailer');
    }
    return { content: { meta: this.#meta, rows: this.#rows }, metaBytes: this.#metaBytes };
  }

  #take({ type, payload }: Section): void {
    if (this.#isEnded) throw damaged('something follows the trailer');
    if ((this.#meta === undefined) !== (type === SECTION.header)) throw damaged('the header is not the first section');
    if (type === SECTION.header) return this.#takeHeader(payload);
    if (type === SECTION.rows) return this.#takeRows(payload);
    if (type === SECTION.trailer) return this.#takeTrailer(payload);
    throw damaged('a section has an unknown type');
  }

  #takeHeader(payload: Uint8Array): void {
    if (payload.length < 8) throw damaged('the header is too short');
    const format = readU32(payload, 0);
    if (format !== SNAPSHOT_FORMAT) {
      const what = `the stream has format ${format}, this version of kvorum reads format ${SNAPSHOT_FORMAT}`;
      throw new SnapshotError('SNAPSHOT_NEWER_FORMAT', what);
    }
    const shard = readU32(payload, 4);
    if (shard !== this.#shard) {
      throw new SnapshotError('SNAPSHOT_OTHER_SHARD', `the stream is of shard ${shard}, not ${this.#shard}`);
    }
    this.#metaBytes = payload.slice(8);
    try {
      this.#meta = decodeMeta(this.#metaBytes);
    } catch (error) {
      throw new SnapshotError('SNAPSHOT_DAMAGED', 'the meta row is damaged', error);
    }
  }

  #takeRows(payload: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? payload : concat(this.#rest, payload);
    let at = 0;
    while (bytes.length - at >= ROW_HEADER_BYTES) {
      const length = readU32(bytes, at + REVISION_KEY_BYTES);
      if (length === 0 || length > RECORD_BYTES_MAX) throw damaged('a record has no valid length');
      if (bytes.length - at < ROW_HEADER_BYTES + length) break;
      this.#takeRow(bytes.subarray(at, at + ROW_HEADER_BYTES + length));
      at += ROW_HEADER_BYTES + length;
    }
    this.#rest = bytes.slice(at);
  }

  #takeRow(row: Uint8Array): void {
    const main = revisionKeyMain(row);
    const sub = revisionKeySub(row);
    const isNext = main > this.#lastMain || (main === this.#lastMain && sub > this.#lastSub);
    if (!isNext || !Number.isSafeInteger(main)) throw damaged('rows are not in order');
    this.#lastMain = main;
    this.#lastSub = sub;
    this.#rows += 1;
    const record = row.subarray(ROW_HEADER_BYTES);
    this.#hash.add(main, sub, record, 0, record.length);
    this.#gathered.push({ key: row.subarray(0, REVISION_KEY_BYTES), record });
    this.#gatheredBytes += row.length;
  }

  #takeTrailer(payload: Uint8Array): void {
    if (payload.length !== TRAILER_BYTES || this.#rest.length > 0)
      throw damaged('the trailer is wrong, or a row is cut off');
    if (!isSafeU64(payload, 0) || readU64(payload, 0) !== this.#rows) throw damaged('the row count is wrong');
    const { low, high } = this.#hash.value;
    const isAsSent = readU32(payload, 8) === low && readU32(payload, 12) === high;
    const isAsMeta = this.#meta?.contentHash.low === low && this.#meta.contentHash.high === high;
    if (!isAsSent || !isAsMeta) throw damaged('the content hash is wrong');
    this.#isEnded = true;
  }
}

function damaged(reason: string): SnapshotError {
  return new SnapshotError('SNAPSHOT_DAMAGED', reason);
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
