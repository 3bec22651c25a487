/**
 * Faults of the network: cuts in one direction, splits, bridges, chains, a leader cut off, swizzled cuts, resets, slow links (R3); and the partial
 * connectivity that the OmniPaxos paper describes (R27): quorum loss, constrained election, chain.
 */
import type { FaultKind } from '../knobs.js';
import { integerIn, pick, shuffled, spread } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';

type NetworkFault =
  | 'cutOneWay'
  | 'splitNodes'
  | 'bridge'
  | 'chain'
  | 'isolateLeader'
  | 'swizzle'
  | 'resetLink'
  | 'slowLink'
  | 'quorumLoss'
  | 'constrainedElection';

type Direction = readonly [from: string, to: string];

/** Every node reaches the one before and the one after it only. */
export function chainCuts(names: readonly string[]): Direction[] {
  return names.flatMap((name, i) => bothWays([name], names.slice(i + 2)));
}

/** Every node reaches the hub only. With five nodes a leader that is not the hub has lost its quorum, and yet a follower. */
export function hubCuts(others: readonly string[]): Direction[] {
  return others.flatMap((name, i) => bothWays([name], others.slice(i + 1)));
}

/** The leader, one of the others, reaches nobody, everybody else the hub only: nobody but the hub can be elected. */
export function constrainedCuts(others: readonly string[], hub: string, leader: string): Direction[] {
  return [...hubCuts(others), ...bothWays([leader], [hub])];
}

/** Each answers whether it did something. */
export const networkFaults: Record<NetworkFault & FaultKind, (cluster: FaultyCluster) => boolean> = {
  cutOneWay(cluster) {
    const [from, to] = shuffled(cluster.random, namesOf(cluster));
    return from !== undefined && to !== undefined && cutForAWhile(cluster, [[from, to]]);
  },
  splitNodes(cluster) {
    const names = shuffled(cluster.random, namesOf(cluster));
    if (names.length < 2) return false;
    const size = integerIn(cluster.random, 1, names.length - 1);
    return cutForAWhile(cluster, bothWays(names.slice(0, size), names.slice(size)));
  },
  bridge(cluster) {
    const [, ...names] = shuffled(cluster.random, namesOf(cluster));
    const half = names.length >> 1;
    return half > 0 && cutForAWhile(cluster, bothWays(names.slice(0, half), names.slice(half)));
  },
  chain(cluster) {
    const far = chainCuts(shuffled(cluster.random, namesOf(cluster)));
    return far.length > 0 && cutForAWhile(cluster, far);
  },
  quorumLoss: (cluster) => aroundHub(cluster, hubCuts),
  constrainedElection: (cluster) => aroundHub(cluster, constrainedCuts),
  isolateLeader(cluster) {
    const leader = cluster.leader()?.name;
    const others = namesOf(cluster).filter((name) => name !== leader);
    if (leader === undefined || others.length === 0) return false;
    const cuts = bothWays([leader], others);
    // All of it, or one direction only, or all but one node.
    const kind = integerIn(cluster.random, 0, 3);
    if (kind === 0)
      return cutForAWhile(
        cluster,
        cuts.filter(([from]) => from === leader),
      );
    if (kind === 1)
      return cutForAWhile(
        cluster,
        cuts.filter(([, to]) => to === leader),
      );
    const spared = kind === 2 ? pick(cluster.random, others) : undefined;
    return cutForAWhile(
      cluster,
      cuts.filter((cut) => spared === undefined || !cut.includes(spared)),
    );
  },
  swizzle(cluster) {
    const { network, random, knobs } = cluster;
    const names = namesOf(cluster);
    if (names.length < 2) return false;
    const chosen = shuffled(random, names).slice(0, integerIn(random, 1, names.length));
    const forMs = cluster.duration();
    cluster.log(`swizzle ${chosen.join(' ')} for ${forMs}`);
    const each = (run: (direction: Direction) => void) => (name: string) => {
      const at = random.float() * forMs;
      cluster.later(at, () =>
        bothWays(
          [name],
          names.filter((other) => other !== name),
        ).forEach(run),
      );
    };
    chosen.forEach(each(([from, to]) => network.cut(from, to)));
    cluster.later(forMs + knobs.heartbeatMs, () => chosen.forEach(each(([from, to]) => network.mend(from, to))));
    return true;
  },
  resetLink(cluster) {
    const [a, b] = shuffled(cluster.random, namesOf(cluster));
    if (a === undefined || b === undefined) return false;
    cluster.log(`reset ${a} ${b}`);
    return cluster.network.resetLink(a, b) > 0;
  },
  slowLink(cluster) {
    const { random, timing, queue } = cluster;
    const [a, b] = shuffled(random, namesOf(cluster));
    if (a === undefined || b === undefined) return false;
    const key = `${a} ${b}`;
    const ms = spread(random, 5, 1000);
    const forMs = cluster.duration();
    cluster.log(`link ${key} slower by ${ms} for ${forMs}`);
    timing.slow.set(key, ms);
    queue.after(forMs, () => timing.slow.delete(key));
    return true;
  },
};

function aroundHub(
  cluster: FaultyCluster,
  cutsOf: (others: readonly string[], hub: string, leader: string) => Direction[],
): boolean {
  const leader = cluster.leader()?.name;
  const names = namesOf(cluster);
  if (leader === undefined || names.length < 3) return false;
  const hub = pick(
    cluster.random,
    names.filter((name) => name !== leader),
  );
  const others = names.filter((name) => name !== hub);
  return cutForAWhile(cluster, cutsOf(others, hub, leader));
}

/** Cuts all of these ways for some time; false when there are none. */
export function cutForAWhile(cluster: FaultyCluster, cuts: readonly Direction[]): boolean {
  const { network, queue } = cluster;
  const forMs = cluster.duration();
  cluster.log(`cut ${cuts.map((cut) => cut.join('>')).join(' ')} for ${forMs}`);
  for (const [from, to] of cuts) network.cut(from, to);
  queue.after(forMs, () => {
    for (const [from, to] of cuts) network.mend(from, to);
  });
  return cuts.length > 0;
}

/** Every way between the two groups. */
export function bothWays(some: readonly string[], others: readonly string[]): Direction[] {
  return some.flatMap((a) =>
    others.flatMap((b): Direction[] => [
      [a, b],
      [b, a],
    ]),
  );
}

function namesOf(cluster: FaultyCluster): string[] {
  return cluster.machines.map(({ name }) => name);
}
