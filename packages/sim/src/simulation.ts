/**
 * One run: a cluster of production nodes, clients and faults from one seed. First faults and load together; then everything is healed, and the cluster must
 * serve again and come to one state (R4). Checkers look on all the while and at the history in the end (R8).
 */
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import { clientsOf, watchesOf } from './all-clients.js';
import { ApiClient } from './api-clients/api-client.js';
import type { ApiWatch } from './api-clients/api-watch.js';
import { checkAcknowledgedWrites } from './checkers/acknowledged-writes.js';
import { checkStaleness } from './checkers/staleness.js';
import type { Violation } from './checkers/violation.js';
import { checkWatches } from './checkers/watches.js';
import { FailpointCuts } from './faults/failpoint-cuts.js';
import { faultyClusterOf } from './faults/faulty-cluster.js';
import { Moments } from './faults/moments.js';
import { FaultSchedule } from './faults/schedule.js';
import { SureFaults } from './faults/sure-faults.js';
import { InsideChecks } from './inside-checks.js';
import { type Activity, isBehind, missedFloors } from './floors.js';
import { drawKnobs, type FaultKind, faultKinds, type Knobs } from './knobs.js';
import { firstVotersOf, type Machine } from './machine/machine.js';
import { MemberBook } from './membership/member-book.js';
import { MembershipChanges } from './membership/membership-changes.js';
import { NodeEnds } from './node-ends.js';
import { checkHistory, finalStateOf } from './outside-checks.js';
import { pump } from './pump.js';
import { converge, type RecoveryDeps, serveAgain, writeEverywhere } from './recovery.js';
import type { RunOptions, RunReport } from './run-report.js';
import { type ClusterEvents, SimCluster } from './sim-cluster.js';
import { cutNames, textOf } from './words.js';
import type { Client } from './workload/client.js';
import type { Workload } from './workload/requests.js';
import { History } from './workload/history.js';
import type { WatchClient } from './workload/watch-client.js';
import { stream } from './world/chance.js';
import { Tally } from './world/tally.js';

/** Looks at the inside of nodes. */
const LOOK_EVERY_MS = 50;
/** The load goes on for so long after everything was healed. */
const RECOVERY_LOAD_MS = 3000;
const RUN_MS_MIN = 30_000;
/** A run in which too little has happened goes on at most for so long. */
const RUN_MS_MAX = 90_000;
/** So much more than the least is aimed at: nothing new happens at the end of a run, while replicas come to one state. */
const LOAD_MARGIN = 1.2;
const FAULTS_MARGIN = 2;
/** Time for failpoints that were not reached under faults. */
const FAILPOINTS_MS_MAX = 18_000;
/** Watches are at the end of the history so long after replicas have come to one state. */
const WATCHES_MS_MAX = 30_000;
/** The write that ends the history is waited for so long. */
const LAST_WRITE_MS_MAX = 3_000;
/** Beyond the number of any write that shows that the cluster serves again. */
const FIRST_LAST_WRITE = 1_000_000;
/** A run with so many violations is over: the rest tells nothing new. */
const VIOLATIONS_MAX = 20;

/** Runs one seed to its end. Rejects only when the simulator itself is wrong. */
export function runSeed(seed: number, options: RunOptions = {}): Promise<RunReport> {
  return new Simulation(seed, options).run();
}

class Simulation {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly cluster: SimCluster;
  readonly history = new History();
  readonly faults = new Tally();
  readonly counts = new Tally();
  readonly violations: Violation[] = [];
  readonly checks: InsideChecks;
  readonly clients: readonly (Client | ApiClient)[];
  readonly watches: readonly (WatchClient | ApiWatch)[];
  readonly ends: NodeEnds;
  readonly moments = new Moments();
  readonly schedule: FaultSchedule;
  readonly sureFaults: SureFaults;
  readonly failpoints: FailpointCuts;
  readonly stepsMax: number;
  /** Clients ask. */
  isLoaded = true;
  /** Whoever chooses the faults, or an early end, chooses how much happens. */
  readonly isFloored: boolean;
  readonly book: MemberBook;
  readonly membership: MembershipChanges;

  constructor(seed: number, { fixed, print, steps, goesOnAfterBugs = false }: RunOptions) {
    this.seed = seed;
    this.stepsMax = steps ?? Number.POSITIVE_INFINITY;
    this.isFloored = steps === undefined && fixed?.faults === undefined && fixed?.faultsMs === undefined;
    this.knobs = drawKnobs(seed, fixed);
    const { knobs, counts } = this;
    const random = stream(seed, 'faults');
    const violate = this.violate.bind(this);
    this.checks = new InsideChecks(violate);
    this.cluster = new SimCluster({ seed, knobs, print }, this.clusterEvents());
    const { queue } = this.cluster;
    this.ends = new NodeEnds({ queue, random, counts, violate }, { offMs: knobs.faultLastsMs, goesOnAfterBugs });
    const { cluster, history } = this;
    const onDone = (workload: Workload): void => counts.add(`workload ${workload}`);
    const ofClients = { seed, knobs, cluster, history, isQuiet: () => this.isQuiet(), onDone };
    this.clients = clientsOf(ofClients);
    this.watches = watchesOf(ofClients);
    const isQuiet = (): boolean => isBehind(this.activity(), 'faults', FAULTS_MARGIN);
    const areNodesNeeded = (): boolean => this.failpoints.areNodesNeeded;
    this.book = new MemberBook(this.cluster.machines, confStateOf(firstVotersOf(knobs)));
    const { book, ends, moments, faults } = this;
    const ofAll = { cluster, book, ends, moments, faults, areNodesNeeded };
    const ofSure = faultyClusterOf({ ...ofAll, random: stream(seed, 'sure faults') }, knobs);
    this.sureFaults = new SureFaults(ofSure, { count: (kind) => faults.count(kind) });
    const holdsBack = (kind: FaultKind): boolean => this.sureFaults.holdsBack(kind);
    this.schedule = new FaultSchedule(faultyClusterOf({ ...ofAll, random }, knobs), { isQuiet, holdsBack });
    this.failpoints = new FailpointCuts(faultyClusterOf({ ...ofAll, random: stream(seed, 'failpoints') }, knobs));
    const membershipDeps = { cluster, book, random: stream(seed, 'membership'), faults, counts };
    this.membership = new MembershipChanges(membershipDeps, knobs);
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
    this.cluster.abandon();
    return this.report();
  }

  violate(checker: string, message: string): void {
    this.cluster.log.add('!!', `${checker}: ${message}`);
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ checker, message });
  }

  private async runPhases(): Promise<void> {
    const { cluster, book, knobs, clients, history, counts } = this;
    const { queue } = cluster;
    cluster.log.add('--', JSON.stringify({ seed: this.seed, ...knobs }));
    this.failpoints.start();
    cluster.start();
    for (const client of clients) client.start();
    for (const watch of this.watches) watch.start();
    this.lookEvery();
    this.schedule.start();
    this.sureFaults.start();
    this.membership.start();
    if (!(await this.until(() => queue.nowMs >= knobs.faultsMs))) return;
    await this.reachTheRest();
    this.heal();
    const until = this.until.bind(this);
    const recovery: RecoveryDeps = { cluster, book, history, counts, violate: this.violate.bind(this), until };
    await serveAgain(recovery, knobs);
    const loadUntilMs = Math.max(queue.nowMs + RECOVERY_LOAD_MS, RUN_MS_MIN);
    await this.until(() => queue.nowMs >= loadUntilMs && (!this.isQuiet() || queue.nowMs >= RUN_MS_MAX));
    this.isLoaded = false;
    for (const client of clients) client.stop();
    await converge(recovery);
    if (this.isCutShort) return;
    // Nothing more is asked while watches come to the end.
    const activity = this.activity();
    await this.finishWatches();
    if (this.isCutShort) return;
    // What was under way when the load ended may have been carried out, and told, since replicas were one.
    await converge(recovery);
    if (this.isCutShort) return;
    if (this.isFloored) for (const missed of missedFloors(activity)) this.violate('enough happens', missed);
    for (const machine of cluster.machines) this.checks.look(machine);
  }

  /** Runs until `isDone`; false at once when so much is wrong that nothing more can be learnt, or all steps are done. */
  private async until(isDone: () => boolean): Promise<boolean> {
    await pump(this.cluster.queue, () => isDone() || this.isOver);
    return !this.isOver;
  }

  private get isOver(): boolean {
    return this.violations.length > 0 || this.isCutShort;
  }

  private get isCutShort(): boolean {
    return this.cluster.queue.steps >= this.stepsMax;
  }

  private activity(): Activity {
    const { cluster, history, faults } = this;
    return {
      simulatedMs: cluster.queue.nowMs,
      acknowledged: history.acknowledged,
      faults: faultKinds.reduce((sum, kind) => sum + faults.count(kind), 0),
      lines: cluster.log.lines,
    };
  }

  /** Too little was asked and answered up to now. */
  private isQuiet(): boolean {
    const activity = this.activity();
    return isBehind(activity, 'acknowledged', LOAD_MARGIN) || isBehind(activity, 'lines', LOAD_MARGIN);
  }

  /** A snapshot of a wrong state would make others wrong too, and then nobody could tell who is: no byte of it leaves. */
  private endBeforeSnapshot(machine: Machine): void {
    this.cluster.queue.after(0, () => {
      machine.kill();
      machine.isDoomed = true;
    });
  }

  /** Failpoints, and faults that the seed is sure to have, from which other faults have kept the cluster come in good weather. */
  private async reachTheRest(): Promise<void> {
    const { cluster, failpoints, sureFaults, knobs } = this;
    const isDone = (): boolean => failpoints.isDone && sureFaults.isDone;
    if (isDone()) return;
    cluster.log.add('--', 'good weather');
    this.schedule.stop();
    cluster.heal();
    const limitMs = knobs.faultsMs + FAILPOINTS_MS_MAX;
    await this.until(() => isDone() || cluster.queue.nowMs >= limitMs);
  }

  private heal(): void {
    this.cluster.log.add('--', 'heal');
    this.schedule.stop();
    this.membership.stop();
    this.moments.stop();
    this.sureFaults.stop();
    this.failpoints.stop();
    this.cluster.heal();
  }

  private checkHistory(): void {
    this.checks.corrupt.check(this.history.operations);
    this.checkWatches();
    this.checkStaleness();
    const { keys, undecided } = checkHistory(this.history.operations, this.violate.bind(this));
    this.counts.add('keys searched for an order', keys);
    this.counts.add('keys left undecided', undecided);
    const isWhole = ({ isUp, isDoomed, id, misreader }: Machine): boolean =>
      isUp && !isDoomed && !misreader.hasMisread && this.book.isMember(defaultShard, id);
    const { machine } = this.cluster.machines.find(isWhole)?.shards?.shard(defaultShard)?.replica ?? {};
    if (machine === undefined || this.isOver) return;
    const report = (message: string): void => this.violate('acknowledged writes', message);
    const checked = checkAcknowledgedWrites(this.history.operations, finalStateOf(machine), report);
    this.counts.add('writes found again', checked);
  }

  private checkStaleness(): void {
    const report = (message: string): void => this.violate('staleness', message);
    const rateMin = this.faults.count('clockDrift') === 0 ? 1 : 1 - this.knobs.clockDriftMax;
    this.counts.add('ages of reads checked', checkStaleness(this.history.operations, rateMin, report));
  }

  private checkWatches(): void {
    const records = new Map(this.watches.map((watch) => [watch.name, watch.record]));
    const report = (message: string): void => this.violate('watches', message);
    for (const { bugs } of this.watches) for (const bug of bugs) this.violate('typed errors', bug);
    this.counts.add('writes found in watches', checkWatches(records, this.history.operations, report));
    this.counts.add(
      'watches resumed',
      this.watches.reduce((sum, { resumed }) => sum + resumed, 0),
    );
    const missed = [...records.values()].flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'missed'));
    this.counts.add('watches told of compaction', missed.length);
  }

  private lookEvery(): void {
    this.cluster.queue.after(LOOK_EVERY_MS, () => {
      for (const machine of this.cluster.machines) {
        this.checks.look(machine);
        this.book.look(machine);
      }
      this.cluster.noteFormed();
      this.lookEvery();
    });
  }

  private clusterEvents(): ClusterEvents {
    return {
      onSaid: (machine, what) => {
        if (what.startsWith('snapshot installed'))
          this.counts.add(this.isLoaded ? 'snapshots during load' : 'snapshots after load');
        this.moments.said(machine, what);
        this.checks.corrupt.said(
          { ...idOf(machine), isWrong: machine.misreader.hasMisread },
          what,
          this.cluster.queue.nowMs,
        );
        if (machine.misreader.hasMisread && what.startsWith('sending a snapshot')) this.endBeforeSnapshot(machine);
      },
      onUp: () => this.counts.add('starts'),
      onFailed: (machine, error) => this.ends.ended(machine, error),
      onFailpoint: (machine, name) => this.failpoints.hit(machine, name),
      onRole: (machine, shard, role, term) => {
        if (role === 'leader') this.checks.leads(machine, shard, term);
      },
      onReadBack: (entries) => {
        this.counts.add('reads of the log');
        this.counts.add('entries read back', entries);
      },
      onCut: (fate, count) => {
        const name = cutNames[fate] ?? fate;
        (name.startsWith('kept') ? this.counts : this.faults).add(name, count);
      },
    };
  }

  /** Watches come to where the replicas are: nothing is left untold. */
  private async finishWatches(): Promise<void> {
    const { cluster, watches } = this;
    await this.writeOnceMore();
    const revision = Math.max(...cluster.machines.map(({ shards }) => revisionOf(shards)));
    const limitMs = cluster.queue.nowMs + WATCHES_MS_MAX;
    const behind = () => watches.filter((watch) => !watch.hasReached(revision));
    await this.until(() => cluster.queue.nowMs > limitMs || behind().length === 0);
    if (this.isCutShort) return;
    for (const { name } of behind()) this.violate('watches', `${name} is not told of revision ${revision} in the end`);
    for (const watch of watches) watch.stop();
  }

  /** A change that is told at once: watches of real clients are told only now and then that nothing happens. */
  private async writeOnceMore(): Promise<void> {
    if (this.knobs.apiClients === 0) return;
    const { queue } = this.cluster;
    const limitMs = queue.nowMs + LAST_WRITE_MS_MAX;
    let isWritten = false;
    writeEverywhere(this, FIRST_LAST_WRITE, () => (isWritten = true));
    await this.until(() => isWritten || queue.nowMs > limitMs);
  }

  private report(): RunReport {
    const { seed, knobs, violations, history, checks, counts } = this;
    const { log, queue, machines, timing } = this.cluster;
    for (const client of this.clients) if (client instanceof ApiClient) client.tell(counts);
    counts.add('elections', checks.elections.elections);
    counts.add('states compared', checks.states.comparisons);
    counts.add('corrupt replicas found', checks.corrupt.found);
    const diskSpikes = machines.reduce((sum, { weather }) => sum + weather.spikes, 0);
    counts.add('disk spikes', diskSpikes);
    counts.add('network spikes', timing.spikes);
    counts.add('split chunks', timing.splits);
    for (const { request, answer } of history.operations) counts.add(`${request.kind} ${answer.kind}`);
    return {
      seed,
      knobs,
      violations,
      endedByBug: this.ends.byBug,
      digest: log.digest(),
      lines: log.lines,
      steps: queue.steps,
      simulatedMs: queue.nowMs,
      operations: history.operations.length,
      acknowledged: history.acknowledged,
      counts: counts.entries(),
      faults: this.faults.entries(),
      failpoints: this.failpoints.counts(),
      tail: log.tail(),
    };
  }
}

function revisionOf(shards: Machine['shards']): number {
  return shards?.shard(defaultShard)?.replica.machine?.currentRevision ?? 0;
}

function idOf({ id, starts }: Machine): Pick<Machine, 'id' | 'starts'> {
  return { id, starts };
}
