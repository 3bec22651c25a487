/** Faults of disks and stores: slow, stalled, failing, full, and bytes that change after they were synced (R2). */
import type { FaultKind } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { integerIn, pick, spread } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';

type DiskFault =
  | 'diskSlow'
  | 'diskStall'
  | 'failedRead'
  | 'failedWrite'
  | 'failedSync'
  | 'failedAppend'
  | 'fullDisk'
  | 'storeFailed'
  | 'storeStalled'
  | 'bitFlip'
  | 'zeroedSector'
  | 'misdirectedWrite';

const SECTOR_BYTES = 512;
/** Looks for a sector that holds something. */
const TRIES = 30;

/** Each answers whether it did something; a planned failure counts when it happens. */
export const diskFaults: Record<DiskFault & FaultKind, (cluster: FaultyCluster) => boolean> = {
  diskSlow(cluster) {
    const { weather, name } = pick(cluster.random, cluster.machines);
    const forMs = cluster.duration();
    weather.slowness = spread(cluster.random, 2, 50);
    cluster.log(`${name} disk slower by ${weather.slowness} for ${forMs}`);
    cluster.queue.after(forMs, () => (weather.slowness = 1));
    return true;
  },
  diskStall(cluster) {
    const { weather, name } = pick(cluster.random, cluster.machines);
    const forMs = cluster.duration() * integerIn(cluster.random, 1, 4);
    cluster.log(`${name} disk stalls for ${forMs}`);
    weather.stalledUntilMs = cluster.queue.nowMs + forMs;
    return true;
  },
  failedRead: (cluster) => planFailure(cluster, 'failedRead', ['read', 'readFile']),
  failedWrite: (cluster) => planFailure(cluster, 'failedWrite', ['write', 'rename']),
  failedSync: (cluster) => planFailure(cluster, 'failedSync', ['sync', 'syncDir']),
  failedAppend: (cluster) => planFailure(cluster, 'failedAppend', ['append']),
  storeFailed: (cluster) => planFailure(cluster, 'storeFailed', ['storeCommit', 'storeFlush']),
  fullDisk(cluster) {
    const machine = pick(cluster.random, cluster.machines);
    const used = machine.disk.files().reduce((sum, { inode }) => sum + inode.live.size, 0);
    const forMs = cluster.duration();
    cluster.log(`${machine.name} disk full for ${forMs}`);
    machine.isFailureExpected = true;
    machine.setCapacity(used + integerIn(cluster.random, 0, 2 * cluster.knobs.segmentBytes));
    cluster.queue.after(forMs, () => machine.setCapacity(undefined));
    return true;
  },
  storeStalled(cluster) {
    const { weather, name } = pick(cluster.random, cluster.machines);
    const forMs = cluster.duration() * integerIn(cluster.random, 1, 4);
    cluster.log(`${name} store stalls for ${forMs}`);
    weather.storeStalledUntilMs = cluster.queue.nowMs + forMs;
    return true;
  },
  bitFlip: (cluster) =>
    damage(cluster, (bytes, from, to) => {
      const at = integerIn(cluster.random, from, to - 1);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << integerIn(cluster.random, 0, 7));
    }),
  zeroedSector: (cluster) => damage(cluster, (bytes, from, to) => bytes.fill(0, from, to)),
  misdirectedWrite: (cluster) =>
    damage(cluster, (bytes, from, to) => {
      // What was written elsewhere lies here, and not where it should.
      const other = SECTOR_BYTES * integerIn(cluster.random, 0, Math.floor((bytes.length - 1) / SECTOR_BYTES));
      bytes.set(bytes.slice(other, other + (to - from)), from);
    }),
};

function planFailure(cluster: FaultyCluster, kind: FaultKind, operations: readonly string[]): false {
  const machine = pick(cluster.random, cluster.machines);
  const skip = integerIn(cluster.random, 0, 5);
  machine.weather.fail({
    operations,
    code: 'EIO',
    skip,
    onHit: () => {
      machine.isFailureExpected = true;
      cluster.count(kind);
    },
  });
  return false;
}

/** Cuts the power of a machine and changes synced bytes of one of its files, but never of the last synced batch. */
function damage(cluster: FaultyCluster, change: (bytes: Uint8Array, from: number, to: number) => void): boolean {
  const machine = pick(cluster.random, cluster.machines);
  if (!cluster.isFormed || machine.isDamaged || machine.isWiped || !cluster.mayLose(machine)) return false;
  if (machine.isOn) machine.cutPower();
  const place = findSector(cluster, machine);
  if (place !== undefined) {
    cluster.log(`${machine.name} damaged at ${place.path} ${place.from}`);
    machine.isDamaged = true;
    place.damage((bytes) => change(bytes, place.from, Math.min(place.to, bytes.length)));
  }
  cluster.startLater(machine);
  return place !== undefined;
}

function findSector(cluster: FaultyCluster, machine: Machine) {
  const { random } = cluster;
  const files = machine.disk.files().filter(({ inode }) => inode.live.size > 0);
  for (let i = 0; i < TRIES && files.length > 0; i++) {
    const { path, inode } = pick(random, files);
    const bytes = inode.live.view();
    const from = SECTOR_BYTES * integerIn(random, 0, Math.floor((bytes.length - 1) / SECTOR_BYTES));
    const to = Math.min(bytes.length, from + SECTOR_BYTES);
    if (bytes.subarray(from, to).every((byte) => byte === 0)) continue;
    const isLast = machine.lastAppends.some(
      (append) => append.path === path && from < append.position + append.length && to > append.position,
    );
    if (!isLast) return { path, from, to, damage: (run: (all: Uint8Array) => void) => inode.damage(run) };
  }
  return undefined;
}
