/**
 * Reads a log back after a stop of any kind, by one rule (R16). At most one batch was under way when the power went, and it was not
 * acknowledged. So behind the last whole batch there may be pieces of exactly one later batch, which started right there: a torn tail,
 * which is cut. Any other valid record behind it proves that something acknowledged is lost: the log is damaged, and nothing is changed.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import type { Disk } from '../../env/disk.js';
import type { Failpoints } from '../../env/failpoints.js';
import { RECORD_TYPE } from './record.js';
import { Replay } from './replay.js';
import { findStrays, isBlank, type ReadState, readBatch, type Stray } from './scan.js';
import {
  checkSegment,
  removeTemporary,
  type Segment,
  SEGMENT_HEADER_BYTES,
  segmentNumber,
  segmentPath,
} from './segment-file.js';
import { WalDamagedError } from './wal-errors.js';

const ZEROS_BYTES = 1024 * 1024;

/** What a recovery works on. */
export interface RecoveryDeps {
  readonly disk: Disk;
  readonly failpoints?: Failpoints | undefined;
}

/** A log that was read and repaired. */
export interface RecoveredLog {
  readonly replay: Replay;
  /** In order; the last one is written next. Empty when there was no log. */
  readonly segments: readonly Segment[];
  /** A blank segment behind the last one. */
  readonly prepared: Segment | undefined;
  /** Where the next batch goes in the last segment. */
  readonly tailOffset: number;
  readonly nextBatch: number;
  readonly chain: number;
}

/** Reads the log in `directory`, cuts a torn tail and syncs. Rejects with WalDamagedError or WalVersionError before it changes anything. */
export async function recoverLog(deps: RecoveryDeps, directory: string): Promise<RecoveredLog> {
  const { disk } = deps;
  const scan = new LogScan();
  const segments = await findSegments(disk, directory);
  for (const segment of segments) {
    const content = await disk.open(segment.path, 'read').then(async (file) => {
      const bytes = new Uint8Array(segment.bytes);
      const count = await file.read(0, bytes);
      await file.close();
      return bytes.subarray(0, count);
    });
    checkSegment(content, segment.path, segment.number);
    scan.read(segment, content);
  }
  scan.finish();
  deps.failpoints?.hit('recoveryBeforeRepair');
  await removeTemporary(disk, directory);
  return repair(deps, directory, segments, scan);
}

async function findSegments(disk: Disk, directory: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of await disk.list(directory)) {
    const number = segmentNumber(name);
    if (number === undefined) continue;
    const path = segmentPath(directory, number);
    const last = segments.at(-1);
    if (last !== undefined && number !== last.number + 1) {
      throw new WalDamagedError(path, 0, `segment ${last.number + 1} before it is missing`);
    }
    const file = await disk.open(path, 'read');
    segments.push({ number, path, bytes: await file.size() });
    await file.close();
  }
  return segments;
}

/** Reads segment after segment. */
class LogScan {
  readonly replay = new Replay();
  state: ReadState = { batch: 0, chain: undefined };
  /** The end of the last whole batch, and its bytes; none in a log without one. */
  end: { readonly segment: Segment; readonly offset: number; readonly batch: Uint8Array } | undefined;
  batchMax = 0;
  /** Segments whose bytes behind the last whole batch are all zero. */
  readonly blank = new Set<number>();
  #stray: { readonly segment: Segment; readonly stray: Stray } | undefined;
  #isEnded = false;

  read(segment: Segment, bytes: Uint8Array): void {
    let at = SEGMENT_HEADER_BYTES;
    let lastStart = at;
    while (!this.#isEnded) {
      const batch = readBatch(bytes, at, segment.number, this.state);
      if (batch === undefined) break;
      this.#requireNoStray();
      if (at === SEGMENT_HEADER_BYTES && batch.records[0]?.type !== RECORD_TYPE.tableHead) {
        throw new WalDamagedError(segment.path, at, 'the segment does not begin with its table');
      }
      this.#apply(segment, batch);
      lastStart = at;
      at = batch.end;
    }
    // A copy: the whole segment is not to be kept for it.
    if (at > lastStart) this.end = { segment, offset: at, batch: bytes.slice(lastStart, at) };
    if (isBlank(bytes, at)) this.blank.add(segment.number);
    else this.#examine(segment, at, findStrays(bytes, at, segment.number));
    // A segment without a whole batch ends the log; nothing valid may come behind it.
    if (at === SEGMENT_HEADER_BYTES) this.#isEnded = true;
    this.end ??= { segment, offset: SEGMENT_HEADER_BYTES, batch: new Uint8Array(0) };
  }

  finish(): void {
    if (this.end === undefined) return;
    const { segment, offset } = this.end;
    const isEmpty = offset === SEGMENT_HEADER_BYTES;
    if (isEmpty && segment.number !== 1)
      throw new WalDamagedError(segment.path, offset, 'the segments before it are missing');
    const wrong = this.replay.check();
    if (wrong !== undefined) throw new WalDamagedError(segment.path, offset, wrong);
  }

  #apply(segment: Segment, batch: NonNullable<ReturnType<typeof readBatch>>): void {
    for (const record of batch.records) {
      const wrong = this.replay.apply(record);
      if (wrong !== undefined) throw new WalDamagedError(segment.path, record.offset, wrong);
    }
    this.state = batch.state;
    this.batchMax = batch.state.batch;
  }

  /** Strays are pieces of the one torn batch if they agree on it and it started at `at`, the end of the log. */
  #examine(segment: Segment, at: number, strays: readonly Stray[]): void {
    const [stray, another] = strays;
    if (stray === undefined) return;
    this.#requireNoStray();
    this.#stray = { segment, stray };
    this.batchMax = Math.max(this.batchMax, stray.batch);
    if (another !== undefined || this.#isEnded || !this.#startsAtEnd(segment, at, stray)) this.#requireNoStray();
  }

  #startsAtEnd(segment: Segment, at: number, stray: Stray): boolean {
    if (stray.batch <= this.state.batch || stray.batchStart !== at) return false;
    // A batch goes to a new segment when it finds no room in the old one, whose rest is then still zero.
    const end = this.end?.segment ?? segment;
    if (end.number !== segment.number && !this.blank.has(end.number)) return false;
    const isFirst = stray.offset === stray.batchStart;
    return !isFirst || this.state.chain === undefined || stray.chain === this.state.chain;
  }

  /** A stray followed by anything valid is no torn tail. */
  #requireNoStray(): void {
    if (this.#stray === undefined || isMutated('damageInMiddleCut')) return;
    const { segment, stray } = this.#stray;
    const where = this.end ?? { segment, offset: SEGMENT_HEADER_BYTES };
    throw new WalDamagedError(
      where.segment.path,
      where.offset,
      `records behind it are whole (${segment.path}, offset ${stray.offset}, batch ${stray.batch}), so acknowledged ones are lost`,
    );
  }
}

/** Makes what was read the whole content of the disk: nothing behind the end, and all of it synced. */
async function repair(
  deps: RecoveryDeps,
  directory: string,
  segments: readonly Segment[],
  scan: LogScan,
): Promise<RecoveredLog> {
  const { disk, failpoints } = deps;
  const { replay, end, state, batchMax } = scan;
  if (end === undefined) return { replay, segments: [], prepared: undefined, tailOffset: 0, nextBatch: 1, chain: 0 };
  // A killed process leaves names that it did not sync.
  await disk.syncDir(directory);
  // A first segment without a batch is not in use: what is written into it has to begin with its table.
  const lastUsed = end.offset === SEGMENT_HEADER_BYTES ? 0 : end.segment.number;
  const kept = segments.filter((segment) => segment.number <= lastUsed);
  let prepared: Segment | undefined;
  // From the last one down, each removal synced: a crash in between leaves no gap.
  for (const segment of segments.slice(kept.length).reverse()) {
    if (segment.number === lastUsed + 1 && scan.blank.has(segment.number)) {
      prepared = segment;
      continue;
    }
    failpoints?.hit('recoveryBeforeRemove');
    await disk.remove(segment.path);
    failpoints?.hit('recoveryAfterRemove');
    await disk.syncDir(directory);
  }
  if (lastUsed > 0) await syncTail(deps, end.segment, end, scan.blank.has(lastUsed));
  // One more than any number that may ever have been written, though what was torn left no trace.
  const nextBatch = Math.max(batchMax, state.batch + 1) + 1;
  return { replay, segments: kept, prepared, tailOffset: end.offset, nextBatch, chain: state.chain ?? 0 };
}

/**
 * A killed process leaves bytes that are written but not synced: they count as read, so they are synced now. After a *failed* sync the system may take
 * such bytes for clean and never write them, so the last batch, which alone can be in that state, is written anew.
 */
async function syncTail(
  { disk, failpoints }: RecoveryDeps,
  segment: Segment,
  { offset, batch }: { readonly offset: number; readonly batch: Uint8Array },
  isBlankBehind: boolean,
): Promise<void> {
  const file = await disk.open(segment.path, 'write');
  try {
    if (batch.length > 0) await file.write(offset - batch.length, batch);
    if (!isBlankBehind) {
      failpoints?.hit('recoveryBeforeZeroing');
      const zeros = new Uint8Array(Math.min(ZEROS_BYTES, segment.bytes - offset));
      for (let at = offset; at < segment.bytes; at += zeros.length) {
        await file.write(at, zeros.subarray(0, Math.min(zeros.length, segment.bytes - at)));
      }
    }
    failpoints?.hit('recoveryBeforeSync');
    await file.sync();
    failpoints?.hit('recoveryAfterSync');
  } finally {
    await file.close();
  }
}
