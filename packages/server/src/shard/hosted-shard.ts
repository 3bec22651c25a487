/**
 * One shard on this node: a replica and what it lives on: outbox, store, log, snapshots in and out. Puts them together, and answers for the whole towards
 * the host. Here is wiring only; each part decides for itself.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import type { CorruptError } from '@kvorum/core/kv/errors.js';
import type { StateMachine, StateMachineOptions } from '@kvorum/core/kv/state-machine.js';
import { type Entry, entriesBytes } from '@kvorum/core/raft/entry.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { Role } from '@kvorum/core/raft/types.js';
import type { Clock, Log } from '../env/env.js';
import type { Failpoints } from '../env/failpoints.js';
import type { ShardMetrics, StoreMetrics } from '../env/node-metrics.js';
import type { Corruption } from '../storage/corruption-mark.js';
import type { FlushGate } from '../storage/flush-gate.js';
import type { FlushPolicy } from '../storage/flush-policy.js';
import type { ShardStore } from '../storage/shard-stores.js';
import type { ComparisonMessage } from '../transport/comparison-codec.js';
import type { IncomingSnapshot, Transport } from '../transport/transport.js';
import { LogCutter } from './log/log-cutter.js';
import { LogFetcher } from './log/log-fetcher.js';
import type { ShardLog } from './log/shard-log.js';
import type { FailureReason } from './outcome.js';
import { Outbox } from './outbox.js';
import type { OpenedShard } from './recovery/open-shard.js';
import { Replica, type ReplicaOptions } from './replica.js';
import type { ReplicaHost } from './replica-host.js';
import { BackupSource, type ShardBackup } from './snapshots/backup-source.js';
import { SnapshotInstaller } from './snapshots/snapshot-installer.js';
import { SnapshotOffers } from './snapshots/snapshot-offers.js';
import { StateKeeper } from './state/state-keeper.js';
import { CorruptionGuard } from './state-comparison/corruption-guard.js';

/** What a hosted shard needs of the node. */
export interface HostedShardDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly shardLog: ShardLog;
  readonly gate: FlushGate;
  readonly storeMetrics: StoreMetrics;
  readonly shardMetrics: ShardMetrics;
  readonly store: ShardStore;
  readonly transport: () => Transport | undefined;
  /** The shard has work for the next turn. */
  readonly schedule: (shard: HostedShard) => void;
  /** Resolves at the end of the next turn. */
  readonly turnEnd: () => Promise<void>;
  readonly onRoleChange: (shard: number, leader: number | undefined, role: Role, term: number) => void;
  /** The node must end (R17). */
  readonly fail: (error: unknown) => void;
  readonly failpoints?: Failpoints | undefined;
}

/** Limits of one shard on this node. */
export interface HostedShardOptions extends ReplicaOptions {
  readonly logCapBytes: number;
  readonly machine: StateMachineOptions;
  readonly flushPolicy?: FlushPolicy | undefined;
}

/** One per shard of the node. `close` or `abandon` ends it, after the host has ended its replica. */
export class HostedShard {
  readonly replica: Replica;
  readonly outbox: Outbox;
  /** Snapshots that other replicas need. */
  readonly offers: SnapshotOffers;
  private readonly state: StateKeeper;
  private readonly installer: SnapshotInstaller;
  private readonly fetcher: LogFetcher;
  private readonly cutter: LogCutter;
  private readonly backups: BackupSource;
  private readonly guard: CorruptionGuard;
  private readonly listeners = new Set<() => void>();
  private readonly deps: HostedShardDeps;
  private readonly options: HostedShardOptions;

  constructor(deps: HostedShardDeps, options: HostedShardOptions, opened: OpenedShard) {
    this.deps = deps;
    this.options = options;
    const { clock, failpoints } = deps;
    const { shard } = options;
    this.outbox = new Outbox(deps.transport, shard);
    this.replica = this.newReplica(opened);
    this.state = this.newStateKeeper(opened.machine);
    const { log, confHistory, raw } = this.replica;
    const isLeader = (): boolean => this.replica.isLeader;
    this.cutter = new LogCutter({ log, confHistory, shardLog: deps.shardLog, raw, isLeader }, options);
    this.fetcher = new LogFetcher({
      log,
      read: ({ lo, hi, bytesMax }) => deps.shardLog.readEntries(shard, lo, hi, bytesMax),
      onRead: (entries) => this.countRead(entries),
      onProvided: () => this.tellCore(() => raw.storageReady()),
      fail: deps.fail,
    });
    this.guard = new CorruptionGuard({
      shard,
      log: deps.log,
      metrics: deps.shardMetrics,
      store: deps.store,
      compare: (to, message) => this.outbox.compare(to, message),
      appliedIndex: () => this.replica.machine?.appliedIndex ?? 0,
      stop: (suspects) => this.stopServing(suspects),
      fail: deps.fail,
    });
    this.offers = this.newOffers();
    this.installer = this.newInstaller();
    this.backups = new BackupSource({
      clock,
      shard,
      flush: () => this.state.flush(),
      openSnapshot: () => this.state.openSnapshot(),
      failpoints,
    });
    this.guard.start();
  }

  get shard(): number {
    return this.options.shard;
  }

  /** Why this replica serves no more (R14). */
  get corruption(): Corruption | undefined {
    return this.guard.corruption;
  }

  /** The state, or why it can't be read now. */
  get readable(): StateMachine | FailureReason {
    return this.replica.isServing ? (this.replica.machine ?? 'catchingUp') : 'corrupt';
  }

  /** Whether what the shard applies comes here, too, as far as this replica knows. */
  get isInTouch(): boolean {
    return this.replica.isMember && this.replica.leader !== undefined;
  }

  /** Everything applied up to here is in the store, on disk. */
  get flushedIndex(): number {
    return this.state.flushedIndex;
  }

  tick(): void {
    this.replica.tick();
    this.offers.tick();
  }

  /** One slice of physical revision compaction, when there is any (N11). */
  compactSome(): void {
    if (this.replica.isServing) this.state.compactSome();
  }

  /** Another replica told its state hashes, or its verdict on those of this one. */
  compared(from: number, message: ComparisonMessage): void {
    if (this.replica.isServing) this.replica.comparison.received(from, message);
    this.deps.schedule(this);
  }

  /** A connection to the node is there. */
  connected(node: number): void {
    if (this.replica.isServing) this.replica.comparison.connected(node);
    this.deps.schedule(this);
  }

  /** Calls `listener` when the state may have changed. Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A read met a contradiction in what this replica holds. */
  foundCorrupt(error: CorruptError): void {
    this.guard.contradicted(error);
  }

  /** A snapshot from another node. Resolves with whether it was installed. */
  receive(incoming: IncomingSnapshot): Promise<boolean> {
    return this.replica.isServing ? this.installer.receive(incoming) : Promise.resolve(false);
  }

  /** A backup of all that is applied; undefined when there is no state to read now. */
  openBackup(onEnded: () => void): Promise<ShardBackup | undefined> {
    return this.replica.isServing ? this.backups.open(onEnded) : Promise.resolve(undefined);
  }

  /** Waits for the install and the flush under way, then flushes what is left. The replica must be at rest, the transport closed. */
  async close(): Promise<void> {
    this.backups.close();
    await this.offers.close();
    await this.fetcher.close();
    await this.installer.settled();
    await this.guard.settled();
    await this.state.close();
  }

  /** The node has failed: nothing is written any more. */
  async abandon(): Promise<void> {
    this.backups.close();
    this.offers.stop();
    await Promise.all([this.state.stop(), this.fetcher.close()]);
  }

  private newReplica({ log, hardState, machine }: OpenedShard): Replica {
    const { clock, random, shardLog, shardMetrics: metrics, failpoints } = this.deps;
    const { outbox } = this;
    const host = this.replicaHost();
    const isOutOfSpace = (): boolean => shardLog.isNoSpace;
    const deps = { log, hardState, host, outbox, metrics, isOutOfSpace, clock, random, failpoints };
    return new Replica(deps, this.options, machine);
  }

  private replicaHost(): ReplicaHost {
    const { deps } = this;
    return {
      sendSnapshot: (message) => this.offers.send(message),
      wantSnapshot: () => this.offers.want(),
      wantEntries: () => this.fetcher.start(),
      acceptSnapshot: (snapshot) => this.installer.accept(snapshot),
      install: (snapshot, hardState) => this.installer.install(snapshot, hardState),
      // A snapshot from before the change is of no use to a member that is new.
      onConfChanged: () => this.offers.withdraw(),
      onApplied: () => this.onApplied(),
      onComparison: (outputs) => this.guard.carryOut(outputs),
      onDue: () => deps.schedule(this),
      onRoleChange: (leader, role, term) => deps.onRoleChange(this.shard, leader, role, term),
    };
  }

  private newStateKeeper(machine: StateMachine): StateKeeper {
    const { clock, gate, store, storeMetrics: metrics, fail, failpoints } = this.deps;
    const deps = {
      clock,
      gate,
      store,
      metrics,
      machine: () => this.replica.machine,
      onFlushed: (appliedIndex: number) => this.onFlushed(appliedIndex),
      onMore: () => this.deps.schedule(this),
      onCorrupt: (error: CorruptError) => this.foundCorrupt(error),
      fail,
      failpoints,
    };
    return new StateKeeper(deps, machine, this.options.flushPolicy);
  }

  private newOffers(): SnapshotOffers {
    const { clock, log, transport, fail } = this.deps;
    const { raw, confHistory } = this.replica;
    const deps = {
      clock,
      log,
      transport,
      openSnapshot: () => this.state.openSnapshot()?.source,
      isConfFlushed: () => this.flushedIndex >= confHistory.lastIndex,
      flush: () => this.state.flush(),
      offer: (snapshot: Snapshot | undefined) => this.replica.log.offerSnapshot(snapshot),
      onOffered: () => this.tellCore(() => raw.storageReady()),
      report: (to: number, isDelivered: boolean) => this.tellCore(() => raw.reportSnapshot(to, isDelivered)),
      whileSound: (chunks: AsyncIterable<Uint8Array>) => this.guard.whileSound(chunks),
      fail,
    };
    return new SnapshotOffers(deps, this.shard);
  }

  private newInstaller(): SnapshotInstaller {
    const { clock, log, store, shardLog, turnEnd, fail, failpoints } = this.deps;
    const deps = {
      clock,
      log,
      store,
      shardLog,
      appliedIndex: () => this.replica.machine?.appliedIndex ?? Number.POSITIVE_INFINITY,
      step: (message: Message) => this.replica.step(message),
      schedule: () => this.deps.schedule(this),
      turnEnd,
      release: () => this.releaseStore(),
      installed: (machine: StateMachine) => this.installed(machine),
      fail,
      failpoints,
    };
    return new SnapshotInstaller(deps, this.shard, this.options.machine);
  }

  private tellListeners(): void {
    for (const listener of this.listeners) listener();
  }

  private onApplied(): void {
    this.state.noteApplied();
    this.tellListeners();
    if (isMutated('segmentFreedBeforeFlush')) this.onFlushed(this.replica.machine?.appliedIndex ?? 0);
  }

  private onFlushed(appliedIndex: number): void {
    this.cutter.flushed(appliedIndex);
    // The ring has room again.
    this.deps.schedule(this);
  }

  private async releaseStore(): Promise<void> {
    await this.state.stop();
    this.offers.withdraw();
  }

  private installed(machine: StateMachine): void {
    this.state.restart(machine);
    this.deps.failpoints?.hit('snapshotAfterInstall');
    this.replica.installed(machine);
    this.tellListeners();
  }

  private stopServing(suspects: readonly number[]): void {
    this.backups.close();
    this.offers.withdraw();
    this.replica.stopServing(suspects);
    this.tellListeners();
    this.deps.schedule(this);
  }

  private countRead(entries: readonly Entry[]): void {
    const { shardMetrics } = this.deps;
    shardMetrics.logReads += 1;
    shardMetrics.logReadBytes += entriesBytes(entries);
  }

  /** Tells the core something between turns; what it throws is a bug, and the node's end. */
  private tellCore(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.deps.fail(error);
    }
    this.deps.schedule(this);
  }
}
