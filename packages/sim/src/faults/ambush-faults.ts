/**
 * Faults that wait for a moment: a power cut or kill within milliseconds of an election, of a snapshot on its way or of a start, and often a quick return.
 * By chance alone such moments are seldom hit.
 */
import type { FaultKind } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { chance, pick } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';

type AmbushFault = 'cutNewLeader' | 'cutInElection' | 'cutInSnapshot' | 'cutAfterStart' | 'cutAtVoteSync';

/** A cut comes at most so long after the moment. */
const DELAY_MS_MAX = 30;

/** Each counts when the moment has come. */
export const ambushFaults: Record<AmbushFault & FaultKind, (cluster: FaultyCluster) => boolean> = {
  cutNewLeader: (cluster) => lieInWait(cluster, 'cutNewLeader', /^role changed .*"role":"leader"/),
  cutInElection: (cluster) => lieInWait(cluster, 'cutInElection', /^role changed .*"role":"candidate"/),
  cutInSnapshot: (cluster) => lieInWait(cluster, 'cutInSnapshot', /^sending a snapshot/),
  cutAfterStart: (cluster) => lieInWait(cluster, 'cutAfterStart', /^up$/),
  /** The power of a candidate or a voter goes when it syncs its term and vote: what it has sent by then must not depend on them. */
  cutAtVoteSync(cluster) {
    const { random, machines } = cluster;
    cluster.when(/^role changed .*"role":"candidate"/, (candidate) => {
      const victim = chance(random, 0.5) ? candidate : pick(random, machines);
      victim.weather.fail({
        operations: ['append'],
        code: undefined,
        skip: 0,
        onHit: () => {
          cluster.count('cutAtVoteSync');
          end(cluster, victim);
        },
      });
    });
    return false;
  },
};

function lieInWait(cluster: FaultyCluster, kind: FaultKind, moment: RegExp): false {
  const { random, machines } = cluster;
  cluster.when(moment, (machine) => {
    const isOther = kind !== 'cutAfterStart' && chance(random, 0.5);
    const victim = isOther ? pick(random, machines) : machine;
    // Mostly soon.
    const part = random.float();
    cluster.later(part * part * part * DELAY_MS_MAX, () => {
      if (!victim.isOn) return;
      cluster.count(kind);
      end(cluster, victim);
    });
  });
  return false;
}

function end(cluster: FaultyCluster, victim: Machine): void {
  if (chance(cluster.random, 0.7)) victim.cutPower();
  else victim.kill();
  if (chance(cluster.random, 0.5)) cluster.startLater(victim);
  else cluster.later(cluster.random.float() * DELAY_MS_MAX, () => cluster.start(victim));
}
