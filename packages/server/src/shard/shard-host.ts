/**
 * The one loop of a node (architecture 2). A turn: every shard with work steps its inbox and takes its Readys; what all of them want durable goes
 * to the log as one batch; messages leave; committed entries are applied; waiters are answered. Nothing else touches a RawNode.
 *
 * An exception in a turn is a bug or damaged data: the node ends, the data stays (style 14).
 *
 * Longer than 400 lines because all that may touch a replica comes in here, and each way is short.
 */
import { checkCommand } from '@kvorum/core/kv/entry-codec.js';
import type { ConfChange } from '@kvorum/core/raft/confchange/conf-change.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Role } from '@kvorum/core/raft/types.js';
import type { Clock, Log, Timer } from '../env/env.js';
import type { Refusal } from '../transport/handshake-codec.js';
import type { ComparisonMessage } from '../transport/comparison-codec.js';
import type { ForwardAnswer, IncomingSnapshot, TransportHandler } from '../transport/transport.js';
import type { ShardMetrics } from '../env/node-metrics.js';
import type { ShardAccess } from './shard-access.js';
import type { ShardBackup } from './snapshots/backup-source.js';
import { copyMessage } from './copy-message.js';
import type { HostedShard } from './hosted-shard.js';
import type { ConfChangeResult, MembershipUnknown, TransferResult } from './membership/membership.js';
import type { MembershipChanges } from './membership/membership-changes.js';
import type { CommandResult, FailureReason } from './outcome.js';
import { areCommands, PendingCommand } from './proposals/pending-command.js';
import { type OnReadReady, PendingRead } from './reads/read-queue.js';
import type { ShardAppend, ShardLog } from './log/shard-log.js';

/** What the host needs of the node. */
export interface ShardHostDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly shardLog: ShardLog;
  readonly metrics: ShardMetrics;
  /** Everything queued for other nodes leaves (P12). */
  readonly flushTransport: () => void;
  readonly onRefusedBy: (peer: number, refusal: Refusal) => void;
  /** The node has to end: `error` says why. Called at most once. */
  readonly onFailed: (error: unknown) => void;
}

/** Times in milliseconds. */
export interface ShardHostOptions {
  readonly tickMs: number;
  readonly electionTimeoutMs: number;
}

/** Time for applying in one turn (N11). */
const applyMsMax = 5;
/** Rounds within one turn, so that a chain of Readys leaves in one go but a turn still ends. */
const roundsMax = 16;
/** Late ticks in a row that start election timers anew. */
const stallsForgivenMax = 3;

/** One per node. Idle until `activate`, then active until `end`; what comes at another time is refused or dropped. */
export class ShardHost implements TransportHandler {
  private readonly shards = new Map<number, HostedShard>();
  private readonly withWork = new Set<HostedShard>();
  private turnEndWaiters: (() => void)[] = [];
  private isScheduled = false;
  private isInTurn = false;
  private stallsInARow = 0;
  private state: 'idle' | 'active' | 'ended' = 'idle';
  private endReason: 'stopping' | 'failed' | undefined;
  private ticker: Timer | undefined;
  private lastTickMs = 0;
  private readonly deps: ShardHostDeps;
  private readonly options: ShardHostOptions;

  constructor(deps: ShardHostDeps, options: ShardHostOptions) {
    this.deps = deps;
    this.options = options;
    this.lastTickMs = deps.clock.nowMs();
    this.ticker = deps.clock.setInterval(options.tickMs, () => this.tick());
  }

  add(shard: HostedShard): void {
    this.shards.set(shard.shard, shard);
  }

  shard(id: number): HostedShard | undefined {
    return this.shards.get(id);
  }

  get all(): IterableIterator<HostedShard> {
    return this.shards.values();
  }

  /** From now on this node ticks, votes and acknowledges: every configured node is known (R5). */
  activate(): void {
    if (this.state !== 'idle') return;
    this.state = 'active';
    this.lastTickMs = this.deps.clock.nowMs();
    for (const shard of this.shards.values()) {
      shard.replica.campaignIfAlone();
      this.schedule(shard);
    }
  }

  propose(shardId: number, command: Uint8Array, timeoutMs: number, onResult: (result: CommandResult) => void): void {
    const shard = this.need(shardId);
    // Whatever is wrong with it, a bad command must not be committed: every replica would fail at it for ever.
    checkCommand(command);
    this.deps.metrics.proposals += 1;
    const pending = new PendingCommand(command, this.deadlineMs(timeoutMs), (result) => {
      if (result.kind === 'failure') this.deps.metrics.failedProposals += 1;
      onResult(result);
    });
    shard.replica.propose(pending);
    this.schedule(shard);
  }

  /** See {@link ShardAccess.readBarrier}. */
  readBarrier(shardId: number, timeoutMs: number, onReady: OnReadReady, mayUseLease = false): void {
    const shard = this.need(shardId);
    const pending = new PendingRead(this.deadlineMs(timeoutMs), onReady, mayUseLease);
    shard.replica.read(pending);
    this.schedule(shard);
  }

  /** Proposes a change of the shard's membership. Only its leader can; of what it refuses nothing happens. */
  changeMembership(shardId: number, change: ConfChange, timeoutMs: number): Promise<ConfChangeResult> {
    const deadlineMs = this.deadlineMs(timeoutMs);
    return this.askMembership(shardId, (membership, onResult) => membership.propose(change, deadlineMs, onResult));
  }

  /** Hands the shard's leadership to the voter `to`. */
  transferLeader(shardId: number, to: number, timeoutMs: number): Promise<TransferResult> {
    const deadlineMs = this.deadlineMs(timeoutMs);
    return this.askMembership(shardId, (membership, onResult) => membership.handTo(to, deadlineMs, onResult));
  }

  private askMembership<Result>(
    shardId: number,
    ask: (membership: MembershipChanges, onResult: (result: Result | MembershipUnknown) => void) => void,
  ): Promise<Result | MembershipUnknown> {
    const shard = this.need(shardId);
    return new Promise((resolve) => {
      this.guard(() => ask(shard.replica.membership, resolve));
      if (this.state === 'ended') resolve({ kind: 'unknown', reason: this.endReason ?? 'failed' });
      this.schedule(shard);
    });
  }

  /** Deadlines are looked at once a tick; a tick early rather than late, but no request loses more than half of its time. */
  private deadlineMs(timeoutMs: number): number {
    return this.deps.clock.nowMs() + Math.max(timeoutMs - this.options.tickMs, timeoutMs / 2);
  }

  /** One shard as the service sees it. */
  access(shardId: number): ShardAccess {
    return {
      propose: (command, timeoutMs, onResult) => this.propose(shardId, command, timeoutMs, onResult),
      readBarrier: (timeoutMs, onReady, mayUseLease) => this.readBarrier(shardId, timeoutMs, onReady, mayUseLease),
      machine: () => this.endReason ?? this.need(shardId).readable,
      foundCorrupt: (error) => this.guard(() => this.need(shardId).foundCorrupt(error)),
      openBackup: (onEnded) => this.openBackup(shardId, onEnded),
    };
  }

  private async openBackup(shardId: number, onEnded: () => void): Promise<ShardBackup | FailureReason> {
    if (this.endReason !== undefined) return this.endReason;
    const shard = this.need(shardId);
    const opened = await shard.openBackup(onEnded);
    if (opened !== undefined) return opened;
    const { readable } = shard;
    return this.endReason ?? (typeof readable === 'string' ? readable : 'catchingUp');
  }

  schedule(shard: HostedShard): void {
    this.withWork.add(shard);
    if (this.isScheduled || this.isInTurn || this.state !== 'active') return;
    this.isScheduled = true;
    this.deps.clock.defer(() => this.guard(() => this.turn()));
  }

  /** Resolves at the end of the next turn. */
  turnEnd(): Promise<void> {
    return new Promise((resolve) => this.turnEndWaiters.push(resolve));
  }

  onMessage(from: number, shardId: number, message: Message): void {
    const shard = this.active(shardId);
    // A MsgSnap comes with its data, on a socket of its own.
    if (shard === undefined || message.type === 'MsgSnap' || message.from !== from) return;
    this.guard(() => shard.replica.step(copyMessage(message)));
    this.schedule(shard);
  }

  onForward(from: number, shardId: number, requestId: number, commands: readonly Uint8Array[]): void {
    const shard = this.active(shardId);
    if (shard === undefined) {
      this.shards.get(shardId)?.answer(from, requestId, { kind: 'refused', reason: 'stopping' });
      return;
    }
    if (!areCommands(commands)) {
      // Only a bug of the other node makes such; refused for good, as no other leader would take it either.
      this.deps.log.error('a node forwards what is no command', { from, shard: shardId });
      shard.answer(from, requestId, { kind: 'refused', reason: 'overloaded' });
      return;
    }
    const copies = commands.map((command) => command.slice());
    this.guard(() => shard.replica.proposer.addForwarded(from, requestId, copies));
    this.schedule(shard);
  }

  onAnswer(from: number, shardId: number, requestId: number, answer: ForwardAnswer): void {
    const shard = this.active(shardId);
    if (shard === undefined) return;
    const appliedIndex = shard.replica.machine?.appliedIndex ?? Number.POSITIVE_INFINITY;
    this.guard(() => shard.replica.proposer.answered(from, requestId, answer, appliedIndex));
    this.schedule(shard);
  }

  onComparison(from: number, shardId: number, message: ComparisonMessage): void {
    this.guard(() => this.active(shardId)?.compared(from, message));
  }

  async onSnapshot(snapshot: IncomingSnapshot): Promise<boolean> {
    const shard = this.active(snapshot.shard);
    return shard === undefined ? false : shard.receive(snapshot);
  }

  onConnected(peer: number): void {
    for (const shard of this.shards.values()) this.guard(() => shard.connected(peer));
  }

  onDisconnected(peer: number): void {
    for (const shard of this.shards.values()) {
      this.guard(() => {
        shard.replica.proposer.disconnected(peer);
        if (this.state === 'active' && shard.replica.isLeader) shard.replica.raw.reportUnreachable(peer);
      });
      this.schedule(shard);
    }
  }

  onDialRefused(peer: number): void {
    if (this.state !== 'active') return;
    for (const shard of this.shards.values()) {
      this.guard(() => shard.replica.leaderIsGone(peer));
      this.schedule(shard);
    }
  }

  /** A shard's leader, or this node's role in it, changed. */
  roleChanged(shardId: number, leader: number | undefined, role: Role, term: number): void {
    if (leader !== undefined) this.deps.metrics.leaderChanges += 1;
    this.deps.log.info('role changed', { shard: shardId, role, leader, term });
  }

  onRefusedBy(peer: number, refusal: Refusal): void {
    this.deps.onRefusedBy(peer, refusal);
  }

  /** Hands leadership of all shards to others, for up to `timeoutMs`, so that a planned stop is hardly noticed. */
  async handOver(timeoutMs: number): Promise<void> {
    const { clock } = this.deps;
    const untilMs = clock.nowMs() + timeoutMs;
    const leads = (): boolean =>
      this.state === 'active' && [...this.shards.values()].some(({ replica }) => replica.isLeader);
    if (!leads()) return;
    let isAsked = false;
    this.guard(() => {
      for (const shard of this.shards.values()) {
        isAsked = shard.replica.handOver() || isAsked;
        this.schedule(shard);
      }
    });
    if (isAsked) await until(clock, this.options.tickMs / 4, () => !leads() || clock.nowMs() >= untilMs);
  }

  /** Stops the loop; what waits is answered. Then the shards may be closed. */
  end(reason: 'stopping' | 'failed'): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.endReason = reason;
    this.ticker?.cancel();
    this.ticker = undefined;
    for (const shard of this.shards.values()) shard.replica.end(reason);
    this.releaseTurnEnd();
  }

  /** Hard states whose commit index was not written yet; to be appended before the log is closed. */
  unwritten(): ShardAppend[] {
    return [...this.shards.values()].flatMap((shard) => {
      const hardState = shard.replica.appender.takeUnwritten();
      return hardState === undefined ? [] : [{ shard: shard.shard, hardState, entries: [] }];
    });
  }

  private turn(): void {
    this.isScheduled = false;
    if (this.state !== 'active') return;
    this.isInTurn = true;
    const applyUntilMs = this.deps.clock.nowMs() + applyMsMax;
    for (let round = 0; round < roundsMax && this.withWork.size > 0; round += 1) {
      const working = [...this.withWork];
      this.withWork.clear();
      this.append(working);
      // What goes to others leaves before this node's own disk has written (P3).
      this.deps.flushTransport();
      for (const shard of working) this.apply(shard, applyUntilMs);
      // Slices of a large command would otherwise fill all rounds (N11).
      if (this.deps.clock.nowMs() >= applyUntilMs) break;
    }
    this.deps.flushTransport();
    this.isInTurn = false;
    this.releaseTurnEnd();
    const next = this.withWork.values().next();
    if (!next.done) this.schedule(next.value);
  }

  /** Takes the outputs of all shards and gives the log one batch. */
  private append(working: readonly HostedShard[]): void {
    const updates: ShardAppend[] = [];
    const sources: HostedShard[] = [];
    for (const shard of working) {
      for (const { hardState, entries } of shard.replica.turn()) {
        updates.push({ shard: shard.shard, hardState, entries });
        sources.push(shard);
      }
    }
    if (updates.length === 0) return;
    this.deps.shardLog.append(updates, () => this.guard(() => this.synced(sources)));
  }

  private synced(sources: readonly HostedShard[]): void {
    if (this.state !== 'active') return;
    for (const shard of sources) {
      shard.replica.appender.synced();
      this.schedule(shard);
    }
  }

  private apply(shard: HostedShard, untilMs: number): void {
    const progress = shard.replica.apply(untilMs);
    if (progress === 'more' || shard.replica.hasWork) this.withWork.add(shard);
    shard.compactSome();
  }

  private tick(): void {
    const nowMs = this.deps.clock.nowMs();
    const lateMs = nowMs - this.lastTickMs - this.options.tickMs;
    this.lastTickMs = nowMs;
    this.guard(() => {
      for (const shard of this.shards.values()) shard.replica.expire(nowMs);
    });
    if (this.state !== 'active') return;
    const isStall = lateMs > 2 * this.options.tickMs;
    this.stallsInARow = isStall ? this.stallsInARow + 1 : 0;
    // A machine that is always late must still elect: only the first stalls in a row get a new timer.
    if (isStall && this.stallsInARow <= stallsForgivenMax) this.recoverFromStall(lateMs);
    else this.tickShards();
    this.giveUpOnStalledDisk(nowMs);
  }

  /** The loop stood still: what arrived meanwhile is read first, then election timers start anew (N10). */
  private recoverFromStall(lateMs: number): void {
    this.deps.log.warn('the event loop stood still', { ms: Math.round(lateMs) });
    this.deps.clock.defer(() => {
      if (this.state !== 'active') return;
      for (const shard of this.shards.values()) shard.replica.restartElectionTimer();
      this.tickShards();
    });
  }

  /** A leader whose log has not synced for an election timeout serves nobody: it hands over (R25). */
  private giveUpOnStalledDisk(nowMs: number): void {
    const sinceMs = this.deps.shardLog.syncStartedMs;
    if (sinceMs === undefined || nowMs - sinceMs < this.options.electionTimeoutMs) return;
    this.guard(() => {
      for (const shard of this.shards.values()) {
        if (!shard.replica.isLeader) continue;
        shard.replica.handOver();
        this.schedule(shard);
      }
    });
  }

  private tickShards(): void {
    this.guard(() => {
      for (const shard of this.shards.values()) {
        shard.tick();
        this.schedule(shard);
      }
    });
  }

  private active(shardId: number): HostedShard | undefined {
    return this.state === 'active' ? this.shards.get(shardId) : undefined;
  }

  private need(shardId: number): HostedShard {
    const shard = this.shards.get(shardId);
    if (shard === undefined) throw new RangeError(`no shard ${shardId} on this node`);
    return shard;
  }

  private releaseTurnEnd(): void {
    const waiters = this.turnEndWaiters;
    this.turnEndWaiters = [];
    for (const release of waiters) release();
  }

  private guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (this.state === 'ended') return;
      this.deps.onFailed(error);
    }
  }
}

/** Resolves when `isTrue` says so, asked every `intervalMs`. */
function until(clock: Clock, intervalMs: number, isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const poll = clock.setInterval(intervalMs, () => {
      if (!isTrue()) return;
      poll.cancel();
      resolve();
    });
  });
}
