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

export class EntryReader {
  readonly #disk: Disk;
  readonly #files = new Map<number, Promise<DiskFile>>();
  readonly #findSegment: (number: number) => Segment | undefined;

  constructor(disk: Disk, findSegment: (number: number) => Segment | undefined) {
    this.#disk = disk;
    this.#findSegment = findSegment;
  }

  /** Entries [lo, hi) up to `bytesMax`, at least one. They may be compacted while they are read. */
  async read(shard: ShardId, log: ShardLog, lo: number, hi: number, bytesMax: number): Promise<Entry[]> {
    if (lo <= log.logStart.index) throw new WalCompactedError(shard, lo, log.logStart.index);
    if (hi > log.lastIndex + 1)
      throw new RangeError(`entry ${hi - 1} of shard ${shard} is behind its last, ${log.lastIndex}`);
    for (;;) {
      const runs = planRuns(log, lo, hi, bytesMax);
      const entries: Entry[] = [];
      try {
        for (const run of runs) await this.#readRun(run, entries);
        return entries;
      } catch (error) {
        if (lo <= log.logStart.index) throw new WalCompactedError(shard, lo, log.logStart.index);
        // Copied forward while it was read, and its segment freed: look for it again.
        if (runs.every((run) => this.#findSegment(run.segment) !== undefined)) throw error;
      }
    }
  }

  async forget(segment: number): Promise<void> {
    const file = this.#files.get(segment);
    this.#files.delete(segment);
    if (file !== undefined) await file.then((opened) => opened.close()).catch(() => undefined);
  }

  async close(): Promise<void> {
    for (const segment of [...this.#files.keys()]) await this.forget(segment);
  }

  async #readRun(run: Run, entries: Entry[]): Promise<void> {
    const segment = this.#findSegment(run.segment);
    assert(segment !== undefined, 'a live entry in a freed segment');
    const file = await this.#open(segment);
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

  #open(segment: Segment): Promise<DiskFile> {
    let file = this.#files.get(segment.number);
    if (file === undefined) {
      file = this.#disk.open(segment.path, 'read');
      this.#files.set(segment.number, file);
    }
    return file;
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
