/** The simulated cluster as faults see it. */
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Knobs } from '../knobs.js';
import type { MemberBook } from '../membership/member-book.js';
import type { NodeEnds } from '../node-ends.js';
import type { SimCluster } from '../sim-cluster.js';
import { exponential } from '../world/chance.js';
import type { Tally } from '../world/tally.js';
import type { FaultyCluster } from './cluster-faults.js';
import type { Moments } from './moments.js';

export interface FaultyClusterDeps {
  readonly cluster: SimCluster;
  readonly book: MemberBook;
  readonly ends: NodeEnds;
  readonly moments: Moments;
  /** Counts what happened. */
  readonly faults: Tally;
  readonly random: Random;
  /** Something is still to be done for which one node more than a quorum has to be able to run. */
  readonly areNodesNeeded: () => boolean;
}

export function faultyClusterOf(deps: FaultyClusterDeps, knobs: Knobs): FaultyCluster {
  const { cluster, book, ends, moments, faults, random, areNodesNeeded } = deps;
  const { queue, network, timing, machines, clientHosts, log } = cluster;
  const isOneSpare = (): boolean => book.lost().size + 2 <= (machines.length - 1) >> 1;
  return {
    knobs,
    random,
    queue,
    network,
    timing,
    machines,
    clientHosts,
    get isFormed() {
      return cluster.isFormed;
    },
    leader: () => cluster.leader(),
    duration: () => Math.round(exponential(random, knobs.faultLastsMs)) + 1,
    startLater: (machine) => ends.startLater(machine),
    start: (machine) => {
      if (!machine.isDoomed && !moments.isOver) machine.start();
    },
    later: (delayMs, strike) => {
      queue.after(delayMs, () => {
        if (!moments.isOver) strike();
      });
    },
    when: (moment, strike) => moments.when(moment, strike),
    log: (what) => log.add('--', what),
    mayLose: (machine) => (!areNodesNeeded() || isOneSpare()) && book.mayLose(machine),
    count: (kind) => faults.add(kind),
  };
}
