/** A log on a memory disk, and shorthand for what goes in and comes out. */
import { MemoryDisk } from '../../../env/testing/memory-disk.js';
import { ManualClock } from '../../../env/testing/manual-clock.js';
import { silentLog } from '../../../env/silent-log.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import { openWal } from '../open-wal.js';
import type { RecoveredShard, ShardAppend, Wal, WalOptions } from '../wal.js';

export const WAL_DIR = '/wal';

/** Small segments, no reserve. */
export const SMALL: Partial<WalOptions> = {
  segmentBytes: 4096,
  batchBytesMax: 2048,
  reserveBytes: 0,
  copyForwardBytes: 1 << 30,
};

export interface OpenedFixture {
  readonly wal: Wal;
  readonly disk: MemoryDisk;
  readonly clock: ManualClock;
  readonly recovered: ReadonlyMap<number, RecoveredShard>;
  readonly isFresh: boolean;
  readonly failures: Error[];
  readonly space: boolean[];
}

export async function newDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.makeDir(WAL_DIR);
  return disk;
}

export async function openFixture(disk: MemoryDisk, options: Partial<WalOptions> = SMALL): Promise<OpenedFixture> {
  const failures: Error[] = [];
  const space: boolean[] = [];
  const clock = new ManualClock();
  const events = {
    onFailure: (error: Error) => failures.push(error),
    onSpace: (isNoSpace: boolean) => space.push(isNoSpace),
  };
  const opened = await openWal({ disk, clock, log: silentLog }, WAL_DIR, { ...SMALL, ...options }, events);
  return { ...opened, disk, clock, failures, space };
}

/** An append that resolves when it is durable. */
export function write(wal: Wal, ...updates: ShardAppend[]): Promise<void> {
  return new Promise((resolve) => wal.append(updates, resolve));
}

export function entry(index: number, term: number, size = 8): Entry {
  const data = new Uint8Array(size);
  for (let at = 0; at < size; at++) data[at] = (index * 31 + term * 7 + at) & 0xff;
  return { index, term, type: 'normal', data };
}

export function entries(lo: number, hi: number, term: number, size = 8): Entry[] {
  return Array.from({ length: hi - lo }, (_, at) => entry(lo + at, term, size));
}

export function state(term: number, vote: number, commit: number): HardState {
  return { term, vote, commit };
}

/** `index:term` of each entry. */
export function shape(shard: RecoveredShard | undefined): string {
  return (shard?.entries ?? []).map((one) => `${one.index}:${one.term}`).join(' ');
}
