/** The simulated cluster itself: machines, what lies between them, and what they say. It knows no faults, nothing of what clients do, and no checkers. */
import { MemoryNetwork } from '@kvorum/server/internal/env/testing/memory-network.js';
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import { hex } from './checkers/replica-view.js';
import type { Knobs } from './knobs.js';
import type { ClientHost } from './api-clients/client-host.js';
import { loggedNetwork } from './machine/logged-network.js';
import { Machine, type MachineEvents } from './machine/machine.js';
import { Processor } from './machine/processor.js';
import { stream } from './world/chance.js';
import { EventLog } from './world/event-log.js';
import { EventQueue } from './world/event-queue.js';
import { SimTiming } from './world/sim-network.js';

export interface SimClusterOptions {
  readonly seed: number;
  readonly knobs: Knobs;
  /** Gets every line of the event log. */
  readonly print?: ((line: string) => void) | undefined;
}

/** What the cluster tells whoever runs it. */
export interface ClusterEvents extends Omit<MachineEvents, 'log'> {
  /** A machine has written a line into the event log. */
  onSaid(machine: Machine, what: string): void;
}

/** Shards that the cluster has: the system's and the default keyspace's. */
const SHARDS: readonly number[] = [0, defaultShard];

export class SimCluster {
  readonly queue = new EventQueue();
  readonly log: EventLog;
  readonly timing: SimTiming;
  readonly network: MemoryNetwork;
  readonly machines: readonly Machine[];
  /** Processes of clients, by the names of their hosts. */
  readonly #clientHosts = new Map<string, Processor>();
  readonly #seed: number;
  readonly #turnMs: number;
  /** Every node has taken part in the cluster at some time: from here on a lost directory is noticed. */
  isFormed = false;

  constructor({ seed, knobs, print }: SimClusterOptions, events: ClusterEvents) {
    const { queue } = this;
    this.#seed = seed;
    this.#turnMs = knobs.turnMs;
    this.log = new EventLog({ nowMs: () => queue.nowMs, print });
    const byName = new Map<string, Machine>();
    const inputOf = (host: string) => {
      const processor = byName.get(host)?.processor ?? this.#clientHosts.get(host);
      return processor === undefined ? undefined : (run: () => void) => processor.input(run);
    };
    this.timing = new SimTiming(queue, stream(seed, 'network'), inputOf, knobs);
    this.network = new MemoryNetwork(this.timing);
    const log = (who: string, what: string): void => {
      this.log.add(who, what);
      const machine = byName.get(who);
      if (machine !== undefined) events.onSaid(machine, what);
    };
    const deps = { seed, knobs, queue, network: this.network, events: { ...events, log } };
    this.machines = Array.from({ length: knobs.nodes }, (_, i) => new Machine(i + 1, deps));
    for (const machine of this.machines) byName.set(machine.name, machine);
  }

  start(): void {
    for (const machine of this.machines) machine.start();
  }

  /** A process on a host of its own, whose connections go through the network. */
  addClientHost(name: string): ClientHost {
    const { queue } = this;
    const random = stream(this.#seed, `${name} process`);
    const log = (what: string): void => this.log.add(name, what);
    const pace = { rate: 1, turnMsMax: this.#turnMs, lookMsMax: 0, wallOffsetMs: 0 };
    const processor = new Processor({ queue, random, pace, log });
    this.#clientHosts.set(name, processor);
    return { name, processor, network: loggedNetwork({ network: this.network.host(name), processor, log }), random };
  }

  /** Names of the hosts of clients. */
  get clientHosts(): ReadonlyMap<string, Processor> {
    return this.#clientHosts;
  }

  /** Looks whether the cluster has formed; once it has, it has. */
  noteFormed(): void {
    this.isFormed ||= this.machines.every((machine) => machine.noteFormed());
  }

  /** Of each shard the machine that says that it leads it. */
  leaders(): (Machine | undefined)[] {
    return SHARDS.map((shard) => this.leaderOf(shard));
  }

  /** A machine that leads the default keyspace's shard, as it says. */
  leader(): Machine | undefined {
    return this.leaderOf(defaultShard);
  }

  /** A machine that leads the shard, as it says. */
  leaderOf(shard: number): Machine | undefined {
    return this.machines.find(({ shards }) => shards?.shard(shard)?.replica.isLeader === true);
  }

  /** Of each shard, index and hashes of all replicas that serve, on nodes that are up and members of it. */
  states(isMember: (shard: number, id: number) => boolean): string[][] {
    return SHARDS.map((shard) => {
      const replicas = this.machines
        .filter(({ isOn, isDoomed, id }) => isOn && !isDoomed && isMember(shard, id))
        .map(({ shards, name }) => ({ name, replica: shards?.shard(shard)?.replica }))
        .filter(({ replica }) => replica?.isServing !== false);
      // How far physical compaction is shows in the content.
      const isCompacting = replicas.some(({ replica }) => replica?.machine?.isCompacting === true);
      return replicas.map(({ name, replica }) => {
        const machine = replica?.machine;
        if (machine === undefined) return name;
        const content = isCompacting ? '' : hex(machine.contentHash);
        return `${machine.appliedIndex} ${hex(machine.chainHash)} ${content}`;
      });
    });
  }

  /** Everything works again, but for what was destroyed; whatever is off is started. */
  heal(): void {
    this.network.heal();
    this.timing.slow.clear();
    for (const machine of this.machines) {
      machine.heal();
      machine.start();
    }
    for (const processor of this.#clientHosts.values()) processor.resume();
  }

  /** The end of the run. */
  abandon(): void {
    for (const machine of this.machines) machine.abandon();
    for (const processor of this.#clientHosts.values()) processor.end();
  }
}
