/**
 * One run: a cluster of production nodes, clients and faults from one seed. First faults and load together; then everything is healed, and the cluster must
 * serve again within ten election timeouts and come to one state (R4). Checkers look on all the while and at the history in the end (R8).
 */
import { MemoryNetwork } from '@kvorum/server/internal/env/testing/memory-network.js';
import { NodeFailedError } from '@kvorum/server/internal/node-failed-error.js';
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import { checkAcknowledgedWrites } from './checkers/acknowledged-writes.js';
import { hex } from './checkers/replica-view.js';
import type { Violation } from './checkers/violation.js';
import type { FaultyCluster } from './faults/cluster-faults.js';
import { FaultSchedule } from './faults/schedule.js';
import { InsideChecks } from './inside-checks.js';
import { drawKnobs, type FixedKnobs, type Knobs } from './knobs.js';
import { Machine } from './machine/machine.js';
import { checkHistory, finalStateOf } from './outside-checks.js';
import { pump } from './pump.js';
import { Client } from './workload/client.js';
import { History } from './workload/history.js';
import { perform } from './workload/perform.js';
import { exponential, stream } from './world/chance.js';
import { codeOf, cutNames, textOf } from './words.js';
import { EventLog } from './world/event-log.js';
import { EventQueue } from './world/event-queue.js';
import { SimTiming } from './world/sim-network.js';
import { Tally } from './world/tally.js';

export interface RunReport {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly violations: readonly Violation[];
  /** Times that a node ended by a bug, where the run went on (`goesOnAfterBugs`). */
  readonly endedByBug: number;
  /** Of the event log. */
  readonly digest: string;
  readonly lines: number;
  readonly simulatedMs: number;
  readonly operations: number;
  readonly acknowledged: number;
  /** How many of what a run has to show that it did. */
  readonly counts: readonly (readonly [string, number])[];
  readonly faults: readonly (readonly [string, number])[];
  /** Last lines of the event log. */
  readonly tail: readonly string[];
}

export interface RunOptions {
  readonly fixed?: FixedKnobs | undefined;
  readonly print?: ((line: string) => void) | undefined;
  /** A node that ends by a bug is started again: to see what checkers say (R7). */
  readonly goesOnAfterBugs?: boolean;
}

/** Looks at the inside of nodes. */
const LOOK_EVERY_MS = 50;
/** The load goes on for so long after everything was healed. */
const RECOVERY_LOAD_MS = 3000;
/** Time for replicas to come to one state once nobody writes. */
const CONVERGENCE_MS_MAX = 20_000;
const RUN_MS_MIN = 30_000;
const RUN_MS_MAX = 120_000;
/** A run with so many violations is over: the rest tells nothing new. */
const VIOLATIONS_MAX = 20;
/** A connection that was silent for so long is given up, and a lost one is dialed again after at most so long (transport options). */
const RECONNECT_MS = 3000 + 1000;

/** Runs one seed to its end. Rejects only when the simulator itself is wrong. */
export function runSeed(seed: number, options: RunOptions = {}): Promise<RunReport> {
  return new Simulation(seed, options).run();
}

class Simulation {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly queue = new EventQueue();
  readonly log: EventLog;
  readonly history = new History();
  readonly faults = new Tally();
  readonly counts = new Tally();
  readonly violations: Violation[] = [];
  readonly checks: InsideChecks;
  readonly timing: SimTiming;
  readonly network: MemoryNetwork;
  readonly machines: readonly Machine[];
  readonly clients: readonly Client[];
  readonly schedule: FaultSchedule;
  readonly random;
  areFaultsOn = true;
  ambushes: readonly { readonly moment: RegExp; readonly strike: (machine: Machine) => void }[] = [];
  isFormed = false;
  endedByBug = 0;
  readonly goesOnAfterBugs: boolean;

  constructor(seed: number, options: RunOptions) {
    this.seed = seed;
    this.goesOnAfterBugs = options.goesOnAfterBugs === true;
    this.knobs = drawKnobs(seed, options.fixed);
    this.random = stream(seed, 'faults');
    const { knobs, queue } = this;
    this.log = new EventLog({ nowMs: () => queue.nowMs, print: options.print });
    const byName = new Map<string, Machine>();
    const inputOf = (host: string) => {
      const processor = byName.get(host)?.processor;
      return processor === undefined ? undefined : (run: () => void) => processor.input(run);
    };
    this.timing = new SimTiming(queue, stream(seed, 'network'), inputOf, knobs);
    this.network = new MemoryNetwork(this.timing);
    this.checks = new InsideChecks((checker, message) => this.violate(checker, message));
    this.machines = Array.from({ length: knobs.nodes }, (_, i) => new Machine(i + 1, this.machineDeps()));
    for (const machine of this.machines) byName.set(machine.name, machine);
    this.clients = Array.from({ length: knobs.clients }, (_, i) => this.newClient(i));
    this.schedule = new FaultSchedule(this.faultyCluster());
  }

  async run(): Promise<RunReport> {
    const onRejection = (reason: unknown): void => this.violate('no unhandled rejection', textOf(reason));
    process.on('unhandledRejection', onRejection);
    try {
      await this.runPhases();
    } catch (error) {
      this.violate('no uncaught exception', textOf(error));
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    this.checkHistory();
    for (const machine of this.machines) machine.abandon();
    return this.report();
  }

  violate(checker: string, message: string): void {
    this.log.add('!!', `${checker}: ${message}`);
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ checker, message });
  }

  private async runPhases(): Promise<void> {
    const { queue, knobs } = this;
    this.log.add('--', JSON.stringify({ seed: this.seed, ...knobs }));
    for (const machine of this.machines) machine.start();
    for (const client of this.clients) client.start();
    this.lookEvery();
    this.schedule.start();
    await this.until(() => queue.nowMs >= knobs.faultsMs);
    this.heal();
    await this.serveAgain();
    const loadUntilMs = Math.max(queue.nowMs + RECOVERY_LOAD_MS, RUN_MS_MIN);
    await this.until(() => queue.nowMs >= loadUntilMs && (this.isEnough() || queue.nowMs >= RUN_MS_MAX));
    for (const client of this.clients) client.stop();
    await this.converge();
  }

  /** Runs until `isDone`; at once when so much is wrong that nothing more can be learnt. */
  private until(isDone: () => boolean): Promise<void> {
    return pump(this.queue, () => isDone() || this.violations.length > 0);
  }

  /** A run that only waits for faults to pass proves little: so much has to happen in each half minute. */
  private isEnough(): boolean {
    const halfMinutes = this.queue.nowMs / 30_000;
    return this.history.acknowledged >= 500 * halfMinutes && this.log.lines >= 10_000 * halfMinutes;
  }

  private heal(): void {
    this.log.add('--', 'heal');
    this.areFaultsOn = false;
    this.schedule.stop();
    this.network.heal();
    this.timing.slow.clear();
    for (const machine of this.machines) {
      machine.heal();
      machine.start();
    }
  }

  /** R4: every shard has a leader and the default keyspace serves a write, within ten election timeouts of the last start. */
  private async serveAgain(): Promise<void> {
    const { queue, knobs } = this;
    const healedMs = queue.nowMs;
    const limitMs = healedMs + 10 * knobs.electionTimeoutMs + RECONNECT_MS;
    let isServed = false;
    let attempts = 0;
    const tryWrite = (): void => {
      if (isServed || queue.nowMs > limitMs) return;
      const up = this.machines.filter(({ isUp }) => isUp);
      for (const { node, processor, id, starts } of up) {
        if (node === undefined || processor === undefined) continue;
        attempts += 1;
        const request = { kind: 'put', key: 'served', value: `${attempts}` } as const;
        const asked = { client: -1, node: id, process: starts, request, invokedMs: queue.nowMs };
        const operation = this.history.invoke(asked);
        processor.input(() => {
          void perform(node.kv, request).then((answer) => {
            this.history.answer(operation, answer, queue.nowMs);
            isServed ||= answer.kind === 'written';
          });
        });
      }
      queue.after(knobs.electionTimeoutMs / 2, tryWrite);
    };
    tryWrite();
    const isDone = (): boolean => isServed && this.leadersOf().every((leader) => leader !== undefined);
    await this.until(() => isDone() || queue.nowMs > limitMs);
    if (this.violations.length > 0) return;
    this.counts.add('recovery ms', Math.round(queue.nowMs - healedMs));
    if (isDone()) return;
    const states = this.machines.map(
      ({ name, isOn, node }) => `${name} ${node?.status().state ?? (isOn ? 'starting' : 'off')}`,
    );
    const what = `no write was served and led within ${limitMs - healedMs} ms: ${states.join(', ')}`;
    this.violate('liveness', `${what}; leaders ${this.leadersOf().map(String).join(' ')}`);
  }

  /** R4, R14: all replicas come to an equal state. */
  private async converge(): Promise<void> {
    const limitMs = this.queue.nowMs + CONVERGENCE_MS_MAX;
    await this.until(() => this.queue.nowMs > limitMs || new Set(this.stateNames()).size === 1);
    if (this.violations.length > 0) return;
    for (const machine of this.machines) this.checks.look(machine);
    const states = this.stateNames();
    if (new Set(states).size !== 1) this.violate('convergence', `replicas differ: ${states.join(' | ')}`);
  }

  /** Of each node that is up, index and hash of all its shards. */
  private stateNames(): string[] {
    return this.machines
      .filter(({ isOn, isDoomed }) => isOn && !isDoomed)
      .map(({ shards, name }) => {
        const all = shards === undefined ? [] : [...shards.all];
        return all.length === 0
          ? name
          : all
              .map(({ replica: { machine } }) =>
                machine === undefined ? name : `${machine.appliedIndex} ${hex(machine.chainHash)}`,
              )
              .join(' ');
      });
  }

  private leadersOf(): (number | undefined)[] {
    return [0, defaultShard].map((shard) => {
      const leading = this.machines.find(({ shards }) => shards?.shard(shard)?.replica.isLeader === true);
      return leading?.id;
    });
  }

  private checkHistory(): void {
    checkHistory(this.history.operations, (checker, message) => this.violate(checker, message));
    const { machine } =
      this.machines.find(({ isUp, isDoomed }) => isUp && !isDoomed)?.shards?.shard(defaultShard)?.replica ?? {};
    if (machine === undefined || this.violations.length > 0) return;
    const report = (message: string): void => this.violate('acknowledged writes', message);
    const checked = checkAcknowledgedWrites(this.history.operations, finalStateOf(machine), report);
    this.counts.add('writes found again', checked);
  }

  private lookEvery(): void {
    this.queue.after(LOOK_EVERY_MS, () => {
      for (const machine of this.machines) this.checks.look(machine);
      this.isFormed ||= this.machines.every((machine) => machine.noteFormed());
      this.lookEvery();
    });
  }

  private machineDeps() {
    const { seed, knobs, queue, network } = this;
    const events = {
      log: (who: string, what: string) => {
        this.log.add(who, what);
        this.noteSaid(who, what);
      },
      onUp: () => this.counts.add('starts'),
      onFailed: (machine: Machine, error: unknown) => this.failed(machine, error),
      onRole: (machine: Machine, shard: number, role: string, term: number) => {
        if (role === 'leader') this.checks.leads(machine, shard, term);
      },
      onCut: (fate: string, count: number) => {
        const name = cutNames[fate] ?? fate;
        (name.startsWith('kept') ? this.counts : this.faults).add(name, count);
      },
    };
    return { seed, knobs, queue, network, events };
  }

  private noteSaid(who: string, what: string): void {
    if (what.startsWith('snapshot installed')) this.counts.add('snapshots installed');
    const due = this.ambushes.filter(({ moment }) => moment.test(what));
    if (due.length === 0) return;
    this.ambushes = this.ambushes.filter((one) => !due.includes(one));
    const machine = this.machines.find(({ name }) => name === who);
    if (machine !== undefined && this.areFaultsOn) for (const { strike } of due) strike(machine);
  }

  /** A node ended by itself: because of what was done to it, or because of a bug. */
  private failed(machine: Machine, error: unknown): void {
    const kind = error instanceof NodeFailedError ? error.kind : codeOf(error);
    this.counts.add(`node failed: ${kind}`);
    const isExcused =
      (kind === 'disk' && machine.isFailureExpected) ||
      (machine.isDamaged && kind !== 'internal') ||
      (kind === 'identityRefused' && machine.isWiped);
    if (!isExcused) {
      this.endedWithoutCause(machine, kind, error);
      return;
    }
    machine.isDoomed = kind !== 'disk';
    if (machine.isDoomed) return;
    if (this.random.float() < 0.5) machine.cutPower();
    this.startLater(machine);
  }

  private endedWithoutCause(machine: Machine, kind: string, error: unknown): void {
    const what = `${machine.name} ended: ${kind}: ${textOf(error)}`;
    if (damageKinds.has(kind)) this.violate('no damage without a cause', what);
    else if (!this.goesOnAfterBugs) this.violate('nodes run', what);
    else {
      this.endedByBug += 1;
      this.startLater(machine);
    }
  }

  private startLater(machine: Machine): void {
    this.queue.after(exponential(this.random, this.knobs.faultLastsMs), () => {
      if (!machine.isDoomed) machine.start();
    });
  }

  private newClient(id: number): Client {
    const { seed, queue, history, machines, knobs } = this;
    const log = (who: string, what: string): void => this.log.add(who, what);
    return new Client(id, { queue, random: stream(seed, `client ${id}`), history, machines, log }, knobs);
  }

  private faultyCluster(): FaultyCluster {
    const { knobs, random, queue, network, timing, machines } = this;
    const isFormed = (): boolean => this.isFormed;
    return {
      knobs,
      random,
      queue,
      network,
      timing,
      machines,
      get isFormed() {
        return isFormed();
      },
      leader: () => machines.find(({ id }) => id === this.leadersOf()[1]),
      duration: () => Math.round(exponential(random, knobs.faultLastsMs)) + 1,
      startLater: (machine) => this.startLater(machine),
      start: (machine) => {
        if (!machine.isDoomed && this.areFaultsOn) machine.start();
      },
      when: (moment, strike) => (this.ambushes = [...this.ambushes, { moment, strike }]),
      log: (what) => this.log.add('--', what),
      count: (kind) => this.faults.add(kind),
    };
  }

  private report(): RunReport {
    const { seed, knobs, violations, log, queue, history, checks } = this;
    this.counts.add('elections', checks.elections.elections);
    this.counts.add('states compared', checks.states.comparisons);
    const diskSpikes = this.machines.reduce((sum, { weather }) => sum + weather.spikes, 0);
    this.counts.add('disk spikes', diskSpikes);
    this.counts.add('network spikes', this.timing.spikes);
    this.counts.add('split chunks', this.timing.splits);
    const operations = history.operations.length;
    const { acknowledged } = history;
    for (const { request, answer } of history.operations) {
      this.counts.add(`${request.kind} ${answer.kind}`);
    }
    return {
      seed,
      knobs,
      violations,
      endedByBug: this.endedByBug,
      digest: log.digest(),
      lines: log.lines,
      simulatedMs: queue.nowMs,
      operations,
      acknowledged,
      counts: this.counts.entries(),
      faults: this.faults.entries(),
      tail: log.tail(),
    };
  }
}

/** A node calls itself damaged. Nothing but destroyed bytes may make it so: what was synced is whole (R9, R10, R16). */
const damageKinds: ReadonlySet<string> = new Set(['damaged', 'DATA_DIR_DAMAGED']);
