/** What a fault may do, and to whom: the cluster as the schedule of faults sees it. */
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { MemoryNetwork } from '@kvorum/server/internal/env/testing/memory-network.js';
import type { Knobs } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import type { Processor } from '../machine/processor.js';
import type { EventQueue } from '../world/event-queue.js';
import type { SimTiming } from '../world/sim-network.js';

export interface FaultyCluster {
  readonly knobs: Knobs;
  readonly random: Random;
  readonly queue: EventQueue;
  readonly network: MemoryNetwork;
  readonly timing: SimTiming;
  readonly machines: readonly Machine[];
  /** Processes of real clients, by the names of their hosts. */
  readonly clientHosts: ReadonlyMap<string, Processor>;
  /** Every node has met every other one: from here on a lost directory is noticed. */
  readonly isFormed: boolean;
  /** A machine that leads the default keyspace's shard, as it says. */
  leader(): Machine | undefined;
  /** How long a lasting fault lasts. */
  duration(): number;
  /** Starts the machine after some time, if faults are still on. */
  startLater(machine: Machine): void;
  /** Starts the machine now, if faults are still on. */
  start(machine: Machine): void;
  /** Calls `strike` after `delayMs`, if faults are still on then. */
  later(delayMs: number, strike: () => void): void;
  /** Calls `strike` once, when a node of the cluster says something like this. */
  when(moment: RegExp, strike: (machine: Machine) => void): void;
  log(what: string): void;
  /** Synced bytes of the machine may be destroyed: with it, those that lost some are a minority of each shard's voters (R2). */
  mayLose(machine: Machine): boolean;
  /** A failure that was planned has happened. */
  count(kind: string): void;
}
