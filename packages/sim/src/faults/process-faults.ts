/** Faults of processes and their clocks: kills, power cuts, lost directories, pauses, clocks that jump and drift, too little CPU (R5). */
import type { FaultKind } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { chance, integerIn, pick, spread } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';

type ProcessFault =
  | 'powerCut'
  | 'processKill'
  | 'allPowerCut'
  | 'wipe'
  | 'pause'
  | 'clockJump'
  | 'clockDrift'
  | 'cpuStarved'
  | 'silentCorruption';

/** Kinds of disk calls at which a process is ended; one of them is chosen first, so that rare ones get their turn. */
const CALLS = [
  'append',
  'append',
  'append',
  'write',
  'sync',
  'syncDir',
  'rename',
  'remove',
  'open',
  'makeDir',
  'storeCommit',
  'storeFlush',
] as const;

const HOUR_MS = 3_600_000;
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 60_000;

/** Each answers whether it did something. */
export const processFaults: Record<ProcessFault & FaultKind, (cluster: FaultyCluster) => boolean> = {
  powerCut: (cluster) => endAtDiskCall(cluster, 'powerCut', (machine) => machine.cutPower()),
  processKill: (cluster) => endAtDiskCall(cluster, 'processKill', (machine) => machine.kill()),
  allPowerCut(cluster) {
    const on = cluster.machines.filter(({ isOn }) => isOn);
    for (const machine of on) {
      machine.cutPower();
      cluster.startLater(machine);
    }
    return on.length > 0;
  },
  wipe(cluster) {
    const machine = pick(cluster.random, cluster.machines);
    if (!cluster.isFormed || machine.isDamaged || machine.isWiped || !cluster.mayLose(machine)) return false;
    machine.wipe();
    cluster.startLater(machine);
    return true;
  },
  pause(cluster) {
    const { processor, name } = pick(cluster.random, cluster.machines);
    if (processor === undefined || processor.isPaused) return false;
    const forMs = Math.round(spread(cluster.random, PAUSE_MS_MIN, PAUSE_MS_MAX));
    cluster.log(`${name} pauses for ${forMs}`);
    processor.pause(forMs);
    return true;
  },
  clockJump(cluster) {
    const { pace, name } = pick(cluster.random, cluster.machines);
    pace.wallOffsetMs = integerIn(cluster.random, -HOUR_MS, HOUR_MS);
    cluster.log(`${name} wall clock off by ${pace.wallOffsetMs}`);
    return true;
  },
  clockDrift(cluster) {
    const machine = pick(cluster.random, cluster.machines);
    const { clockDriftMax } = cluster.knobs;
    const rate = 1 - clockDriftMax + 2 * clockDriftMax * cluster.random.float();
    cluster.log(`${machine.name} clock runs at ${rate.toFixed(3)}`);
    if (machine.processor === undefined) machine.pace.rate = rate;
    else machine.processor.setRate(rate);
    return true;
  },
  cpuStarved(cluster) {
    const { pace, name } = pick(cluster.random, cluster.machines);
    const forMs = cluster.duration();
    cluster.log(`${name} starves for ${forMs}`);
    pace.turnMsMax = spread(cluster.random, 5, 200);
    const lookMsMax = spread(cluster.random, 0.01, 2);
    // The time of such looks is the machine's alone: a clock that runs ahead, by no bound.
    pace.lookMsMax = cluster.knobs.linearizableReads === 'lease' ? 0 : lookMsMax;
    cluster.queue.after(forMs, () => {
      pace.turnMsMax = cluster.knobs.turnMs;
      pace.lookMsMax = 0;
    });
    return true;
  },
  silentCorruption: corruptSilently,
};

/** From now on the machine carries out one put wrongly, which it must find out by comparing its state with others (R14). */
function corruptSilently(cluster: FaultyCluster): boolean {
  const { random } = cluster;
  const machine = pick(random, cluster.machines);
  const isLost = machine.isDamaged || machine.isWiped || machine.misreader.isArmed;
  if (!cluster.isFormed || isLost || !cluster.mayLose(machine)) return false;
  cluster.log(`${machine.name} will carry out a put wrongly`);
  machine.misreader.arm(1 << integerIn(random, 0, 7));
  return true;
}

/** Ends a process now, or in the middle of one of its next disk calls: before that call's work is durable (R6). */
function endAtDiskCall(cluster: FaultyCluster, kind: FaultKind, end: (machine: Machine) => void): boolean {
  const machine = pick(cluster.random, cluster.machines);
  if (!machine.isOn) return false;
  if (chance(cluster.random, 0.3)) {
    end(machine);
    cluster.startLater(machine);
    return true;
  }
  machine.weather.fail({
    operations: [pick(cluster.random, CALLS)],
    code: undefined,
    skip: integerIn(cluster.random, 0, 3),
    onHit: (operation) => {
      end(machine);
      cluster.startLater(machine);
      cluster.count(kind);
      cluster.count(`${kind} in ${operation}`);
    },
  });
  return false;
}
