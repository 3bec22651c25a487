/** Reads durable entries back from segment files. */
import { assert } from '@kvorum/core/base/assert.js';
import type { Disk, DiskFile } from '../../env/disk.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import { readEntry } from './payload.js';
import { readRecord } from './record.js';
import type { Segment } from './segment-file.js';
import type { ShardLog } from './shard-log.js';
import type { ShardId } from './wal.js';
import { WalCompactedError, WalDamagedError } from './wal-errors.js';

/** Neighbouring records are read with one call up to this size. */
const RUN_BYTES_MAX = 1024 * 1024;

/** Records next to each other in one segment. */
interface Run {
  readonly segment: number;
  readonly offset: number;
  end: number;
  readonly records: { readonly offset: number; readonly index: number; readonly term: number }[];
}

/** Where entries lie, and which of them may be read. */
export interface EntryReaderDeps {
  readonly disk: Disk;
  readonly findSegment: (number: number) => Segment | undefined;
  /** Whether a sync covers the segment up to `end`. */
  readonly isDurable: (segment: number, end: number) => boolean;
  /** Resolves when copies of the shard's entries that are being written are durable; undefined when there are none. */
  readonly whenCopied: (shard: ShardId) => Promise<void> | undefined;
}

/** An open segment file. It is not closed, and so not removed, while it is read. */
interface OpenFile {
  readonly file: Promise<DiskFile>;
  readonly reads: Set<Promise<void>>;
}

/** One per open log. Reads may run side by side, also beside appends, copies and freed segments. */
export class EntryReader {
  readonly #deps: EntryReaderDeps;
  readonly #files = new Map<number, OpenFile>();
  readonly #reads = new Set<Promise<unknown>>();

  constructor(deps: EntryReaderDeps) {
    this.#deps = deps;
  }

  /** Entries [lo, hi) up to `bytesMax`, at least one. They may be compacted, replaced or copied while they are read. */
  async read(shard: ShardId, log: ShardLog, lo: number, hi: number, bytesMax: number): Promise<Entry[]> {
    if (lo <= log.logStart.index) throw new WalCompactedError(shard, lo, log.logStart.index);
    if (hi > log.lastIndex + 1)
      throw new RangeError(`entry ${hi - 1} of shard ${shard} is behind its last, ${log.lastIndex}`);
    const reading = this.#readPlanned(shard, log, lo, hi, bytesMax);
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Closes the file of a segment that is about to be removed, when nobody reads it any more. */
  async forget(segment: number): Promise<void> {
    const open = this.#files.get(segment);
    this.#files.delete(segment);
    if (open === undefined) return;
    await Promise.allSettled(open.reads);
    await open.file.then((file) => file.close()).catch(() => undefined);
  }

  /** Waits for the reads under way. None may be asked for after. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#reads);
    for (const segment of [...this.#files.keys()]) await this.forget(segment);
  }

  async #readPlanned(shard: ShardId, log: ShardLog, lo: number, hi: number, bytesMax: number): Promise<Entry[]> {
    for (let attempt = 1; ; attempt++) {
      if (lo <= log.logStart.index) throw new WalCompactedError(shard, lo, log.logStart.index);
      // Later attempts find less when entries were replaced meanwhile.
      const runs = planRuns(log, lo, Math.min(hi, log.lastIndex + 1), bytesMax);
      if (!runs.every((run) => this.#deps.isDurable(run.segment, run.end))) {
        const copied = this.#deps.whenCopied(shard);
        if (copied === undefined && attempt > 1) return [];
        if (copied === undefined) throw new RangeError(`entries of shard ${shard} from ${lo} on are not durable yet`);
        await copied;
        continue;
      }
      const entries: Entry[] = [];
      try {
        for (const run of runs) await this.#readRun(run, entries);
        return entries;
      } catch (error) {
        // Copied forward while it was read, and its segment freed: look for it again.
        if (runs.every((run) => this.#deps.findSegment(run.segment) !== undefined)) throw error;
      }
    }
  }

  #readRun(run: Run, entries: Entry[]): Promise<void> {
    const segment = this.#deps.findSegment(run.segment);
    assert(segment !== undefined, 'a live entry in a freed segment');
    const open = this.#open(segment);
    const reading = readRun(segment, open.file, run, entries).finally(() => open.reads.delete(reading));
    open.reads.add(reading);
    return reading;
  }

  #open(segment: Segment): OpenFile {
    let open = this.#files.get(segment.number);
    if (open === undefined) {
      open = { file: this.#deps.disk.open(segment.path, 'read'), reads: new Set() };
      this.#files.set(segment.number, open);
    }
    return open;
  }
}

async function readRun(segment: Segment, opened: Promise<DiskFile>, run: Run, entries: Entry[]): Promise<void> {
  const file = await opened;
  const bytes = new Uint8Array(run.end - run.offset);
  const count = await file.read(run.offset, bytes);
  for (const { offset, index, term } of run.records) {
    const record = readRecord(bytes.subarray(0, count), offset - run.offset, run.segment, run.offset);
    const entry = record === undefined ? undefined : readEntry(record.payload);
    if (entry?.index !== index || entry.term !== term) {
      throw new WalDamagedError(segment.path, offset, `entry ${index} can not be read back`);
    }
    entries.push(entry);
  }
}

function planRuns(log: ShardLog, lo: number, hi: number, bytesMax: number): Run[] {
  const { places } = log;
  const runs: Run[] = [];
  let total = 0;
  for (let index = lo; index < hi; index++) {
    const [segment, offset, size] = [places.segment(index), places.offset(index), places.size(index)];
    total += size;
    if (total > bytesMax && index > lo) break;
    const record = { offset, index, term: places.term(index) };
    const run = runs.at(-1);
    const isNear = run?.segment === segment && offset >= run.end && offset + size - run.offset <= RUN_BYTES_MAX;
    if (run !== undefined && isNear) {
      run.records.push(record);
      run.end = offset + size;
    } else runs.push({ segment, offset, end: offset + size, records: [record] });
  }
  return runs;
}
