/**
 * Machines, clients and time of a power-cut test. Everything but LMDB (where it is used) runs on one seed: time, network, disk, and what a cut leaves.
 * Who decides when to cut is another file's.
 */
import type { Log, Random } from '../../env/env.js';
import type { Failpoint } from '../../env/failpoints.js';
import { silentLog } from '../../env/silent-log.js';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { MemoryNetwork } from '../../env/testing/memory-network.js';
import { below, createSeededRandom } from '../../env/testing/seeded-random.js';
import type { KvorumNode, StartOptions } from '../../node.js';
import type { StartDeps } from '../../start-deps.js';
import { MemoryStoreDisk } from '../../storage/memory-revision-store.js';
import { defaultShardOf } from '../cluster.js';
import { KeptWrites, Violation } from './kept-writes.js';
import { type CutStores, hostOf, Machine, type ProcessLife } from './machine.js';
import type { ProcessWorld } from './process-env.js';
import { checkStates, readEverything } from './verify.js';
import { Writer } from './writer.js';

export interface CutWorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly testing?: NonNullable<StartDeps['testing']>;
  /** Default: in memory. */
  readonly stores?: (machine: number) => CutStores;
  /** Gives work outside the seed's control (LMDB's thread) time, once per step. */
  readonly breathe?: () => Promise<void>;
  readonly onHit?: (machine: Machine, name: Failpoint) => void;
}

const writers = 8;
/** Virtual time of one step and microtasks that run in it. */
const stepMsMax = 20;
const stepTicksMax = 60;
/** Virtual time in which nodes must be back. */
const recoveryMsMax = 60_000;

/** Timings are virtual; sizes are small, so that segments, retention, copies and flushes happen between any two cuts. */
export const cutNodeOptions: StartOptions = {
  dataDir: 'data',
  clientAddress: 'off',
  diskReserveBytes: 0,
  walSegmentBytes: 8 * 1024,
  logRetainBytes: 24 * 1024,
  logRetainBytesNode: 32 * 1024,
  heartbeatMs: 20,
  electionTimeoutMs: 100,
  requestTimeoutMs: 1500,
  connectTimeoutMs: 100,
};

export class CutWorld {
  readonly random: Random;
  readonly clock = new ManualClock();
  readonly kept = new KeptWrites();
  readonly machines: readonly Machine[];
  readonly processWorld: ProcessWorld;
  readonly counts = { snapshots: 0, flushes: 0 };
  readonly #breathe: (() => Promise<void>) | undefined;
  readonly #writers: readonly Writer[];

  constructor(options: CutWorldOptions) {
    this.random = createSeededRandom(options.seed);
    this.#breathe = options.breathe;
    const network = new MemoryNetwork(this.clock);
    network.delayMs = 1;
    const { clock, random, kept } = this;
    this.processWorld = { clock, random, network, log: this.#log() };
    const ids = Array.from({ length: options.nodes }, (_, at) => at + 1);
    const peers = Object.fromEntries(ids.map((id) => [id, `${hostOf(id)}:2380`]));
    const node = options.nodes === 1 ? cutNodeOptions : { ...cutNodeOptions, peers };
    const { testing = {}, onHit } = options;
    this.machines = ids.map((id) => {
      const stores = options.stores?.(id) ?? this.memoryStores();
      const deps = { world: this.processWorld, random, stores, ...(onHit === undefined ? {} : { onHit }) };
      return new Machine(deps, id, { node, testing });
    });
    const lives = () => this.lives();
    this.#writers = Array.from({ length: writers }, (_, at) => new Writer({ clock, random, kept, lives }, `w${at}`));
  }

  startWriters(): void {
    for (const writer of this.#writers) writer.start();
  }

  async stopWriters(): Promise<void> {
    let isStopped = false;
    void Promise.all(this.#writers.map((writer) => writer.stop())).then(() => (isStopped = true));
    await this.until(() => isStopped, 'the last requests to be answered');
  }

  /** All nodes are back; load ends; nothing acknowledged is missing and replicas are equal. Throws a {@link Violation}. */
  async settleAndVerify(): Promise<void> {
    await this.until(() => this.isRecovered(), 'all nodes to be back and agree on a leader');
    await this.stopWriters();
    await this.until(() => this.#isSettled(), 'all nodes to have applied the same');
    await this.#verify();
  }

  end(): void {
    for (const { life } of this.machines) life?.kill();
  }

  lives(): ProcessLife[] {
    return this.machines.flatMap(({ life }) => life ?? []);
  }

  nodes(): KvorumNode[] {
    return this.lives().flatMap(({ node }) => node ?? []);
  }

  isRecovered(): boolean {
    const nodes = this.nodes();
    if (nodes.length < this.machines.length) return false;
    const leaders = new Set(nodes.map((node) => defaultShardOf(node).leader));
    return leaders.size === 1 && !leaders.has(undefined);
  }

  async until(isTrue: () => boolean, what: string): Promise<void> {
    const untilMs = this.clock.nowMs() + recoveryMsMax;
    while (!isTrue()) {
      if (this.clock.nowMs() > untilMs) {
        throw new Violation('ended', `waited ${recoveryMsMax} ms in vain for ${what}: ${this.#describe()}`);
      }
      await this.step();
    }
  }

  async steps(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.step();
  }

  /** A little time passes, and some of what follows happens. */
  async step(): Promise<void> {
    this.clock.advance(1 + below(this.random, stepMsMax));
    await ticks(below(this.random, stepTicksMax));
    await this.#breathe?.();
    this.check();
  }

  /** No node ends by itself, no client saw a broken promise. Throws a {@link Violation}. */
  check(): void {
    for (const machine of this.machines) {
      const failure = machine.life?.failure;
      if (failure !== undefined) throw new Violation('ended', `${machine.name}: ${failure.stack ?? failure.message}`);
    }
    for (const { violation } of this.#writers) if (violation !== undefined) throw violation;
  }

  memoryStores(): MemoryStoreDisk {
    const wait = () => ticks(below(this.random, 100));
    const flush = async () => {
      await wait();
      this.counts.flushes += 1;
    };
    return new MemoryStoreDisk({ commit: wait, flush });
  }

  async #verify(): Promise<void> {
    const nodes = this.nodes();
    const reader = nodes[below(this.random, nodes.length)];
    if (reader === undefined) throw new Violation('ended', 'no node runs');
    checkStates(nodes);
    let result: Violation | 'well' | undefined;
    readEverything(reader, this.kept).then(
      () => (result = 'well'),
      (error: unknown) => {
        result = error instanceof Violation ? error : new Violation('ended', `reading everything: ${String(error)}`);
      },
    );
    await this.until(() => result !== undefined, 'all keys to be read');
    if (result instanceof Violation) throw result;
  }

  #isSettled(): boolean {
    if (!this.isRecovered()) return false;
    const shards = this.nodes().map(defaultShardOf);
    const first = shards[0]?.appliedIndex;
    if (!shards.every(({ appliedIndex, lastIndex }) => appliedIndex === first && lastIndex === first)) return false;
    // Until its physical deletes are done a replica holds, and hashes, more than another (R14).
    const replicas = this.lives().flatMap((life) => [...(life.shards?.all ?? [])].map(({ replica }) => replica));
    return replicas.every(({ machine }) => machine?.isCompacting === false);
  }

  #describe(): string {
    const states = this.machines.map(({ name, life }) => {
      if (life?.node === undefined) return `${name} has not started`;
      const { role, leader, term, appliedIndex, lastIndex } = defaultShardOf(life.node);
      return `${name} ${life.node.status().state} ${JSON.stringify({ role, leader, term, appliedIndex, lastIndex })}`;
    });
    return states.join('; ');
  }

  #log(): Log {
    return {
      ...silentLog,
      info: (message) => {
        if (message === 'snapshot installed') this.counts.snapshots += 1;
      },
    };
  }
}

/** Lets so many microtasks run. */
export async function ticks(count: number): Promise<void> {
  for (let i = count; i > 0; i -= 1) await Promise.resolve();
}
