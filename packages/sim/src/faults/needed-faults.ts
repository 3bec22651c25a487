/**
 * A node that lost synced bytes is needed for the quorum: first others miss what it acknowledges, then the bytes go, then those who still have them are out of reach.
 * A node that does not notice its loss helps to elect a leader that lacks committed entries (R16).
 */
import type { FaultKind } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { integerIn, pick, shuffled } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';

type NeededFault = 'damageNeeded';

type Link = readonly [from: string, to: string];

/** Newest appends of which none is damaged: one of them is the last synced batch (R2). */
const APPENDS_SPARED = 2;

/** Each answers whether it did something; this one counts when the bytes go. */
export const neededFaults: Record<NeededFault & FaultKind, (cluster: FaultyCluster) => boolean> = {
  damageNeeded(cluster) {
    const { random, machines, knobs, network } = cluster;
    // With an even number of nodes those who are left would be no quorum.
    if (machines.length % 2 === 0) return false;
    const victim = shuffled(random, machines).find((machine) => machine.isUp && mayDamage(cluster, machine));
    if (victim === undefined) return false;
    const others = shuffled(random, machines).filter((machine) => machine !== victim);
    const absent = others.slice(0, Math.floor(machines.length / 2));
    const holders = others.slice(absent.length);
    // Without a leader nothing would be missed; and links that are broken already may be mended at any time.
    if (cluster.leader() === undefined || linksOf(machines, machines).some(([from, to]) => network.isCut(from, to)))
      return false;
    cluster.log(`${namesOf(absent)} will miss what ${victim.name} loses and ${namesOf(holders)} has`);
    const apart = linksOf(absent, holders);
    cut(cluster, [...apart, ...linksOf(absent, [victim])]);
    cluster.later(knobs.electionTimeoutMs * integerIn(random, 2, 8), () => {
      const isLost = victim.isOn && mayDamage(cluster, victim) && flipBit(cluster, victim);
      if (isLost) makeNeeded(cluster, victim, [...apart, ...linksOf([victim], holders)]);
      else mend(cluster, apart);
      mend(cluster, linksOf(absent, [victim]));
    });
    return false;
  },
};

/** The victim comes back to those who missed something, without those who have it. */
function makeNeeded(cluster: FaultyCluster, victim: Machine, without: readonly Link[]): void {
  const { random, knobs } = cluster;
  cluster.count('damageNeeded');
  cut(cluster, without);
  cluster.later(knobs.electionTimeoutMs * integerIn(random, 4, 15), () => mend(cluster, without));
  cluster.later(random.float() * knobs.electionTimeoutMs, () => cluster.start(victim));
}

function mayDamage(cluster: FaultyCluster, machine: Machine): boolean {
  return cluster.isFormed && !machine.isDamaged && !machine.isWiped && cluster.mayLose(machine);
}

function linksOf(some: readonly Machine[], others: readonly Machine[]): Link[] {
  return some.flatMap((a) =>
    others.flatMap((b): Link[] => [
      [a.name, b.name],
      [b.name, a.name],
    ]),
  );
}

function cut({ network }: FaultyCluster, links: readonly Link[]): void {
  for (const [from, to] of links) network.cut(from, to);
}

function mend({ network }: FaultyCluster, links: readonly Link[]): void {
  for (const [from, to] of links) network.mend(from, to);
}

/** Cuts the power and flips a bit in something that was synced not long ago. */
function flipBit(cluster: FaultyCluster, machine: Machine): boolean {
  const { random } = cluster;
  const older = machine.appends.slice(0, -APPENDS_SPARED);
  if (older.length === 0) return false;
  const { path, position, length } = pick(random, older);
  machine.cutPower();
  const file = machine.disk.files().find((one) => one.path === path);
  const at = position + integerIn(random, 0, length - 1);
  if (file === undefined || at >= file.inode.live.size) {
    cluster.startLater(machine);
    return false;
  }
  cluster.log(`${machine.name} damaged at ${path} ${at}`);
  machine.isDamaged = true;
  file.inode.damage((bytes) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << integerIn(random, 0, 7));
  });
  return true;
}

function namesOf(machines: readonly Machine[]): string {
  return machines.map(({ name }) => name).join(' ');
}
