/**
 * Cuts the power of simulated machines again and again while clients write, lets them start on what the cut left, and checks that nothing acknowledged is
 * missing. Everything but LMDB (where it is used) runs on one seed: time, network, disk and the moment of each cut.
 */
import type { Log, Random } from '../../env/env.js';
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
import { checkStates, readEverything } from './verify.js';
import { Writer } from './writer.js';

export interface PowerCutPlan {
  readonly seed: number;
  readonly nodes: number;
  /** Cuts at least; those of several machines in one moment count once. */
  readonly cuts: number;
  readonly testing?: NonNullable<StartDeps['testing']>;
  /** Default: in memory. */
  readonly stores?: (machine: number) => CutStores;
  /** Gives work outside the seed's control (LMDB's thread) time, once per step. */
  readonly breathe?: () => Promise<void>;
}

export interface PowerCutReport {
  readonly cuts: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** Cuts that hit a node before it was started. */
  readonly duringStart: number;
  readonly snapshots: number;
  readonly flushes: number;
  /** The first broken promise, with what repeats it. */
  readonly violation: Violation | undefined;
}

const writers = 8;
/** Virtual time of one step and microtasks that run in it. */
const stepMsMax = 20;
const stepTicksMax = 60;
/** Virtual time in which nodes must be back. */
const recoveryMsMax = 60_000;

/** Timings are virtual; sizes are small, so that segments, retention, copies and flushes happen between any two cuts. */
const nodeOptions: StartOptions = {
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

export async function cutPower(plan: PowerCutPlan): Promise<PowerCutReport> {
  const run = new PowerCutRun(plan);
  let violation: Violation | undefined;
  try {
    while (run.cuts < plan.cuts) await run.round();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = new Violation(
      error.kind,
      `${error.message}\n  cut ${run.cuts}; KVORUM_SEED=${plan.seed} gives the same run`,
    );
  } finally {
    run.end();
  }
  return run.report(violation);
}

class PowerCutRun {
  cuts = 0;
  readonly #plan: PowerCutPlan;
  readonly #random: Random;
  readonly #clock = new ManualClock();
  readonly #kept = new KeptWrites();
  readonly #machines: Machine[];
  readonly #writers: Writer[];
  readonly #counts = { duringStart: 0, snapshots: 0, flushes: 0 };

  constructor(plan: PowerCutPlan) {
    this.#plan = plan;
    this.#random = createSeededRandom(plan.seed);
    const network = new MemoryNetwork(this.#clock);
    network.delayMs = 1;
    const world = { clock: this.#clock, random: this.#random, network, log: this.#log() };
    const ids = Array.from({ length: plan.nodes }, (_, at) => at + 1);
    const peers = Object.fromEntries(ids.map((id) => [id, `${hostOf(id)}:2380`]));
    const node = plan.nodes === 1 ? nodeOptions : { ...nodeOptions, peers };
    const testing = plan.testing ?? {};
    this.#machines = ids.map((id) => {
      const stores = plan.stores?.(id) ?? this.#memoryStores();
      return new Machine({ world, random: this.#random, stores }, id, { node, testing });
    });
    const lives = () => this.#lives();
    this.#writers = Array.from(
      { length: writers },
      (_, at) => new Writer({ clock: this.#clock, random: this.#random, kept: this.#kept, lives }, `w${at}`),
    );
  }

  /** Load, cuts, recovery, check. */
  async round(): Promise<void> {
    for (const machine of this.#machines) if (machine.life === undefined) await this.#start(machine);
    for (const writer of this.#writers) writer.start();
    await this.#steps(20 + below(this.#random, 120));
    await this.#cutSome();
    // Survivors go on meanwhile; or the power fails again while nodes start.
    await this.#steps(below(this.#random, 40));
    for (const machine of this.#machines) if (machine.life === undefined) await this.#start(machine);
    if (below(this.#random, 3) === 0) await this.#cutSome();
    await this.#steps(below(this.#random, 30));
    for (const machine of this.#machines) if (machine.life === undefined) await this.#start(machine);
    await this.#until(() => this.#isRecovered(), 'all nodes to be back and agree on a leader');
    await this.#stopWriters();
    await this.#until(() => this.#isSettled(), 'all nodes to have applied the same');
    await this.#verify();
  }

  end(): void {
    for (const { life } of this.#machines) life?.kill();
  }

  report(violation: Violation | undefined): PowerCutReport {
    const { acknowledged, unknown } = this.#kept;
    return { cuts: this.cuts, acknowledged, unknown, ...this.#counts, violation };
  }

  /** Starts a node; now and then the power goes before it is up. */
  async #start(machine: Machine): Promise<void> {
    machine.start();
    while (below(this.#random, 10) === 0) {
      await ticks(below(this.#random, 400));
      if (machine.life?.node === undefined) this.#counts.duringStart += 1;
      machine.cut();
      this.cuts += 1;
      machine.start();
    }
  }

  /** One moment: all machines, or any of them. */
  async #cutSome(): Promise<void> {
    this.#clock.advance(1 + below(this.#random, stepMsMax));
    await ticks(below(this.#random, stepTicksMax));
    this.#check();
    const isAll = this.#machines.length === 1 || below(this.#random, 2) === 0;
    const hit = this.#machines.filter(() => isAll || below(this.#random, 2) === 0);
    if (hit.length === 0) return;
    for (const machine of hit) {
      if (machine.life !== undefined && machine.life.node === undefined) this.#counts.duringStart += 1;
      machine.cut();
    }
    this.cuts += 1;
  }

  async #stopWriters(): Promise<void> {
    let isStopped = false;
    void Promise.all(this.#writers.map((writer) => writer.stop())).then(() => (isStopped = true));
    await this.#until(() => isStopped, 'the last requests to be answered');
  }

  async #verify(): Promise<void> {
    const nodes = this.#nodes();
    const reader = nodes[below(this.#random, nodes.length)];
    if (reader === undefined) throw new Violation('ended', 'no node runs');
    checkStates(nodes);
    let result: Violation | 'well' | undefined;
    readEverything(reader, this.#kept).then(
      () => (result = 'well'),
      (error: unknown) => {
        result = error instanceof Violation ? error : new Violation('ended', `reading everything: ${String(error)}`);
      },
    );
    await this.#until(() => result !== undefined, 'all keys to be read');
    if (result instanceof Violation) throw result;
  }

  #isRecovered(): boolean {
    const nodes = this.#nodes();
    if (nodes.length < this.#machines.length) return false;
    const leaders = new Set(nodes.map((node) => defaultShardOf(node).leader));
    return leaders.size === 1 && !leaders.has(undefined);
  }

  #isSettled(): boolean {
    if (!this.#isRecovered()) return false;
    const shards = this.#nodes().map(defaultShardOf);
    const first = shards[0]?.appliedIndex;
    return shards.every(({ appliedIndex, lastIndex }) => appliedIndex === first && lastIndex === first);
  }

  #lives(): ProcessLife[] {
    return this.#machines.flatMap(({ life }) => life ?? []);
  }

  #nodes(): KvorumNode[] {
    return this.#lives().flatMap(({ node }) => node ?? []);
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    const untilMs = this.#clock.nowMs() + recoveryMsMax;
    while (!isTrue()) {
      if (this.#clock.nowMs() > untilMs) {
        throw new Violation('ended', `waited ${recoveryMsMax} ms in vain for ${what}: ${this.#describe()}`);
      }
      await this.#step();
    }
  }

  #describe(): string {
    const states = this.#machines.map(({ name, life }) => {
      if (life?.node === undefined) return `${name} has not started`;
      const { role, leader, term, appliedIndex, lastIndex } = defaultShardOf(life.node);
      return `${name} ${life.node.status().state} ${JSON.stringify({ role, leader, term, appliedIndex, lastIndex })}`;
    });
    return states.join('; ');
  }

  async #steps(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.#step();
  }

  async #step(): Promise<void> {
    this.#clock.advance(1 + below(this.#random, stepMsMax));
    await ticks(below(this.#random, stepTicksMax));
    await this.#plan.breathe?.();
    this.#check();
  }

  /** No node ends by itself, no client saw a broken promise. */
  #check(): void {
    for (const machine of this.#machines) {
      const failure = machine.life?.failure;
      if (failure !== undefined) throw new Violation('ended', `${machine.name}: ${failure.stack ?? failure.message}`);
    }
    for (const { violation } of this.#writers) if (violation !== undefined) throw violation;
  }

  #memoryStores(): CutStores {
    const wait = () => ticks(below(this.#random, 100));
    const flush = async () => {
      await wait();
      this.#counts.flushes += 1;
    };
    return new MemoryStoreDisk({ commit: wait, flush });
  }

  #log(): Log {
    return {
      ...silentLog,
      info: (message) => {
        if (message === 'snapshot installed') this.#counts.snapshots += 1;
      },
    };
  }
}

async function ticks(count: number): Promise<void> {
  for (let i = count; i > 0; i -= 1) await Promise.resolve();
}
