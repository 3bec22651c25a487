/**
 * A replica with what it lives on: store, flusher, snapshots in and out, log retention. It answers the replica's requests and keeps the
 * order of an install: staging store, CURRENT, WAL record, new state machine, answer (R15). Longer than 400 lines because all of these meet here.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { assert } from '@kvorum/core/base/assert.js';
import { CorruptError } from '@kvorum/core/kv/errors.js';
import type { StateMachine, StateMachineOptions } from '@kvorum/core/kv/state-machine.js';
import { type Entry, entriesBytes } from '@kvorum/core/raft/entry.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { HardState, Role } from '@kvorum/core/raft/types.js';
import { DiskError } from '../env/disk.js';
import type { Clock, Log } from '../env/env.js';
import type { Failpoints } from '../env/failpoints.js';
import type { ShardMetrics, StoreMetrics } from '../env/node-metrics.js';
import type { Corruption } from '../storage/corruption-mark.js';
import type { FlushGate } from '../storage/flush-gate.js';
import type { FlushPolicy } from '../storage/flush-policy.js';
import { Flusher } from '../storage/flusher.js';
import type { ShardStore, StoreInstall } from '../storage/shard-stores.js';
import { StoreError, type StoreSnapshot } from '../storage/revision-store.js';
import { installSnapshot } from '../storage/snapshot-decoder.js';
import { SnapshotError } from '../storage/snapshot-format.js';
import { encodeSnapshot, SNAPSHOT_SEND_MS_MAX } from '../storage/snapshot-encoder.js';
import type { ComparisonMessage } from '../transport/comparison-codec.js';
import type { IncomingSnapshot, Transport } from '../transport/transport.js';
import { BackupSource, type ShardBackup } from './snapshots/backup-source.js';
import { encodeConfState } from './membership/conf-state-codec.js';
import { CorruptionGuard } from './state-comparison/corruption-guard.js';
import type { FailureReason } from './outcome.js';
import { LogFetcher } from './log/log-fetcher.js';
import type { OpenedShard } from './recovery/open-shard.js';
import type { ForwardVerdict } from './proposals/proposer.js';
import { rebuildMachine } from './recovery/rebuild-machine.js';
import { Replica, type ReplicaHost, type ReplicaOptions } from './replica.js';
import type { LogPosition } from './recovery/reconcile.js';
import { retentionIndex } from './log/retention.js';
import type { ShardLog } from './log/shard-log.js';
import { SnapshotReceiver } from './snapshots/snapshot-receiver.js';
import { SnapshotSender } from './snapshots/snapshot-sender.js';
import type { ComparisonOutput } from './state-comparison/comparer.js';

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
export class HostedShard implements ReplicaHost {
  readonly replica: Replica;
  private flusher: Flusher;
  private readonly sender: SnapshotSender;
  private readonly receiver: SnapshotReceiver;
  private readonly fetcher: LogFetcher;
  /** The last install; never rejects. */
  private installing: Promise<void> = Promise.resolve();
  private readonly backups: BackupSource;
  private readonly guard: CorruptionGuard;
  private readonly deps: HostedShardDeps;
  private readonly options: HostedShardOptions;

  constructor(deps: HostedShardDeps, options: HostedShardOptions, opened: OpenedShard) {
    this.deps = deps;
    this.options = options;
    const { clock, random, failpoints } = deps;
    this.replica = new Replica(
      { log: opened.log, host: this, clock, random, hardState: opened.hardState, failpoints },
      options,
      opened.machine,
    );
    this.flusher = this.newFlusher(opened.machine);
    this.sender = new SnapshotSender({
      openSnapshot: () => (this.replica.machine === undefined ? undefined : deps.store.store.openSnapshot()),
      offer: (snapshot) => this.replica.log.offerSnapshot(snapshot),
      stream: (message, source) => this.stream(message, source),
      report: (to, isDelivered) => this.reportSnapshot(to, isDelivered),
    });
    this.backups = new BackupSource({
      clock,
      shard: options.shard,
      flush: () => this.flushApplied(),
      openSnapshot: () => this.openForBackup(),
      failpoints,
    });
    this.receiver = new SnapshotReceiver({
      appliedIndex: () => this.replica.machine?.appliedIndex ?? Number.POSITIVE_INFINITY,
      beginInstall: () => deps.store.beginInstall(),
      fill: (chunks, install) => this.fill(chunks, install),
      step: (message) => this.stepAndWait(message),
    });
    this.fetcher = new LogFetcher({
      log: opened.log,
      read: ({ lo, hi, bytesMax }) => deps.shardLog.readEntries(options.shard, lo, hi, bytesMax),
      onRead: (entries) => this.countRead(entries),
      onProvided: () => this.storageReady(),
      fail: deps.fail,
    });
    this.guard = new CorruptionGuard({
      shard: options.shard,
      log: deps.log,
      metrics: deps.shardMetrics,
      store: deps.store,
      compare: (to, message) => deps.transport()?.compare(to, options.shard, message),
      appliedIndex: () => this.replica.machine?.appliedIndex ?? 0,
      stop: (suspects) => this.stopServing(suspects),
      fail: deps.fail,
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

  /** Everything applied up to here is in the store, on disk. */
  get flushedIndex(): number {
    return this.flusher.flushedIndex;
  }

  get isOutOfSpace(): boolean {
    return this.deps.shardLog.isNoSpace;
  }

  tick(): void {
    this.replica.tick();
    this.sender.tick();
  }

  send(to: number, message: Message): boolean {
    return this.deps.transport()?.send(to, this.shard, message) ?? false;
  }

  forward(to: number, requestId: number, commands: readonly Uint8Array[]): boolean {
    return this.deps.transport()?.forward(to, this.shard, requestId, commands) ?? false;
  }

  answer(to: number, requestId: number, verdict: ForwardVerdict): void {
    this.deps.transport()?.answer(to, this.shard, requestId, verdict);
  }

  sendSnapshot(message: Message): void {
    this.sender.send(message);
  }

  wantSnapshot(): void {
    // A member added since the last flush is unknown to the store, and would not be of the membership of the snapshot that it is sent.
    if (this.flushedIndex >= this.replica.confHistory.lastIndex) this.offerSnapshot();
    else this.offerAfterFlush();
  }

  /** A snapshot from before the change is of no use to a member that is new. */
  onConfChanged(): void {
    this.sender.withdraw();
  }

  wantEntries(): void {
    this.fetcher.start();
  }

  onApplied(commands: number): void {
    this.deps.shardMetrics.appliedCommands += commands;
    this.flusher.noteApplied();
    if (isMutated('segmentFreedBeforeFlush')) this.onFlushed(this.replica.machine?.appliedIndex ?? 0);
  }

  onComparison(outputs: readonly ComparisonOutput[]): void {
    this.guard.carryOut(outputs);
  }

  onDue(): void {
    this.deps.schedule(this);
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

  /** A read met a contradiction in what this replica holds. */
  foundCorrupt(error: CorruptError): void {
    this.guard.contradicted(error);
  }

  countReads(rounds: number, underLease: number): void {
    this.deps.shardMetrics.readIndexRounds += rounds;
    this.deps.shardMetrics.leaseReads += underLease;
  }

  /** One slice of physical revision compaction, when there is any (N11). */
  compactSome(): void {
    const { machine } = this.replica;
    if (machine === undefined || !machine.isCompacting || machine.isApplying || !this.replica.isServing) return;
    try {
      if (!machine.isFlushing) this.compactSlice(machine);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.foundCorrupt(error);
    }
    this.flusher.noteApplied();
  }

  private compactSlice(machine: StateMachine): void {
    const { failpoints, schedule } = this.deps;
    failpoints?.hit('compactionBeforeSlice');
    const isMore = machine.compactSlice();
    failpoints?.hit('compactionAfterSlice');
    if (isMore) schedule(this);
  }

  onRoleChange(leader: number | undefined, role: Role, term: number): void {
    this.deps.onRoleChange(this.shard, leader, role, term);
  }

  acceptSnapshot(snapshot: Snapshot): void {
    this.receiver.accept(snapshot);
  }

  install(snapshot: Snapshot, hardState: HardState): void {
    this.installing = this.runInstall(snapshot, hardState).catch((error: unknown) => this.deps.fail(error));
  }

  /** A snapshot from another node. Resolves with whether it was installed. */
  async receive(incoming: IncomingSnapshot): Promise<boolean> {
    if (!this.replica.isServing) return false;
    try {
      return await this.receiver.receive(incoming);
    } catch (error) {
      // A stream that breaks is the sender's to repeat; a disk that fails under it ends the node (R17).
      if (error instanceof DiskError || (error instanceof StoreError && error.isFatal)) this.deps.fail(error);
      throw error;
    }
  }

  /** A backup of all that is applied; undefined when there is no state to read now. */
  openBackup(onEnded: () => void): Promise<ShardBackup | undefined> {
    return this.replica.isServing ? this.backups.open(onEnded) : Promise.resolve(undefined);
  }

  /** Waits for the install and the flush under way, then flushes what is left. The replica must be at rest, the transport closed. */
  async close(): Promise<void> {
    this.backups.close();
    await this.sender.close();
    await this.fetcher.close();
    await this.installing;
    await this.guard.settled();
    // What is not flushed stays in the WAL.
    if (this.replica.machine?.isApplying === false) await this.flusher.flush();
    await this.flusher.stop();
  }

  /** The node has failed: nothing is written any more. */
  async abandon(): Promise<void> {
    this.backups.close();
    this.sender.stop();
    await Promise.all([this.flusher.stop(), this.fetcher.close()]);
  }

  private offerAfterFlush(): void {
    this.flushApplied()
      .then(
        () => this.offerSnapshot(),
        // The flusher has told why it failed; and a replica that is being replaced leads nobody.
        () => undefined,
      )
      .catch((error: unknown) => this.deps.fail(error));
  }

  private offerSnapshot(): void {
    if (this.sender.prepare()) this.storageReady();
  }

  private stopServing(suspects: readonly number[]): void {
    this.backups.close();
    this.sender.withdraw();
    this.replica.stopServing(suspects);
    this.deps.schedule(this);
  }

  private flushApplied(): Promise<void> {
    if (this.replica.machine === undefined) return Promise.reject(new Error('the state is being replaced'));
    return this.flusher.flush();
  }

  private openForBackup(): { readonly source: StoreSnapshot; readonly storeBytes: number } | undefined {
    if (this.replica.machine === undefined) return undefined;
    const { store } = this.deps.store;
    return { source: store.openSnapshot(), storeBytes: store.sizeBytes() };
  }

  private async runInstall(snapshot: Snapshot, hardState: HardState): Promise<void> {
    const staged = this.receiver.take(snapshot);
    await this.flusher.stop();
    this.sender.withdraw();
    const { clock, store, failpoints } = this.deps;
    await staged.activate();
    failpoints?.hit('snapshotBeforeRecord');
    await this.recordSnapshot(snapshot, hardState);
    failpoints?.hit('snapshotAfterRecord');
    const confState = encodeConfState(snapshot.confState);
    const machine = await rebuildMachine(store.store, clock, this.options.machine, confState);
    assert(machine.appliedIndex === snapshot.index, 'an installed snapshot must be at its index');
    this.flusher = this.newFlusher(machine);
    failpoints?.hit('snapshotAfterInstall');
    this.replica.installed(machine);
    this.deps.log.info('snapshot installed', { shard: this.shard, index: snapshot.index });
    this.deps.schedule(this);
    this.receiver.installed(snapshot);
  }

  private newFlusher(machine: StateMachine): Flusher {
    const { clock, gate, store, storeMetrics, fail, failpoints } = this.deps;
    const flusherDeps = {
      clock,
      gate,
      source: machine,
      metrics: storeMetrics,
      store: store.store,
      onFlushed: (appliedIndex: number) => this.onFlushed(appliedIndex),
      onFailed: fail,
      failpoints,
    };
    return new Flusher(flusherDeps, this.options.flushPolicy);
  }

  private recordSnapshot(snapshot: Snapshot, hardState: HardState): Promise<void> {
    const { index, term, confState } = snapshot;
    const update = {
      shard: this.shard,
      hardState,
      entries: [],
      snapshot: { index, term, confState: encodeConfState(confState) },
    };
    return new Promise((resolve) => this.deps.shardLog.append([update], resolve));
  }

  private async fill(chunks: AsyncIterable<Uint8Array>, install: StoreInstall): Promise<LogPosition> {
    const { meta } = await installSnapshot(chunks, this.shard, install.store, this.deps.failpoints);
    return { index: meta.appliedIndex, term: meta.appliedTerm };
  }

  private async stepAndWait(message: Message): Promise<void> {
    try {
      this.replica.step(message);
    } catch (error) {
      // A bug in the core ends the node, not just this snapshot.
      this.deps.fail(error);
      throw error;
    }
    this.deps.schedule(this);
    await this.deps.turnEnd();
  }

  private async stream(message: Message, source: StoreSnapshot): Promise<void> {
    const transport = this.deps.transport();
    if (transport === undefined) return Promise.reject(new Error('the node is not connected'));
    this.deps.log.info('sending a snapshot', {
      shard: this.shard,
      to: message.to,
      index: message.snapshot?.index ?? 0,
    });
    const { clock } = this.deps;
    const chunks = encodeSnapshot(clock, source, this.shard);
    // The encoder looks at its time when the next chunk is asked for, which a receiver that takes nothing never does.
    const tooSlow = new AbortController();
    const timer = clock.setTimer(SNAPSHOT_SEND_MS_MAX, () => tooSlow.abort());
    try {
      const sound = this.guard.whileSound(chunks);
      await transport.sendSnapshot(message.to, this.shard, { message, chunks: sound, signal: tooSlow.signal });
    } catch (error) {
      this.failIfDamaged(error);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** A store whose records do not add up to their hash must not go on serving (R14). */
  private failIfDamaged(error: unknown): void {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof SnapshotError && cause.code === 'SNAPSHOT_DAMAGED') this.deps.fail(cause);
    }
  }

  private countRead(entries: readonly Entry[]): void {
    const { shardMetrics } = this.deps;
    shardMetrics.logReads += 1;
    shardMetrics.logReadBytes += entriesBytes(entries);
  }

  private storageReady(): void {
    try {
      this.replica.raw.storageReady();
    } catch (error) {
      this.deps.fail(error);
    }
    this.deps.schedule(this);
  }

  private reportSnapshot(to: number, isDelivered: boolean): void {
    try {
      this.replica.raw.reportSnapshot(to, isDelivered);
    } catch (error) {
      this.deps.fail(error);
    }
    this.deps.schedule(this);
  }

  private onFlushed(appliedIndex: number): void {
    const { log } = this.replica;
    const index = retentionIndex({
      flushedIndex: appliedIndex,
      logStartIndex: log.startPosition.index,
      logBytes: log.bytes,
      followersNeed: this.replica.followersNeed(),
      capBytes: this.options.logCapBytes,
      bytesAt: (at) => log.bytesAt(at),
    });
    if (index > log.startPosition.index) {
      log.compactTo(index);
      const { confHistory } = this.replica;
      confHistory.forgetBefore(index);
      this.deps.shardLog.compact(this.shard, log.startPosition, confHistory.at(index));
    }
    // The ring has room again.
    this.deps.schedule(this);
  }
}
