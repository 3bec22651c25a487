/**
 * The one loop of a node (architecture 2). A turn: every shard with work steps its inbox and takes its Readys; what all of them want durable goes
 * to the log as one batch; messages leave; committed entries are applied; waiters are answered. What comes in between goes to a replica by `inbox` or
 * `requests`, and gets its turn. Nothing else touches a RawNode.
 *
 * An exception in a turn is a bug or damaged data: the node ends, the data stays (style 14).
 */
import type { Role } from '@kvorum/core/raft/types.js';
import type { Clock, Log } from '../env/env.js';
import type { ShardMetrics } from '../env/node-metrics.js';
import type { Refusal } from '../transport/handshake-codec.js';
import type { TransportHandler } from '../transport/transport.js';
import type { HostedShard } from './hosted-shard.js';
import type { ShardAppend, ShardLog } from './log/shard-log.js';
import { LoopTicker } from './loop-ticker.js';
import { PeerInbox } from './peer-inbox.js';
import type { ShardLoop } from './shard-loop.js';
import { ShardRequests } from './shard-requests.js';

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

/** One per node. Idle until `activate`, then active until `end`; what comes at another time is refused or dropped. */
export class ShardHost implements ShardLoop {
  /** What comes from other nodes. */
  readonly inbox: TransportHandler;
  /** What this node's own callers ask. */
  readonly requests: ShardRequests;
  private readonly shards = new Map<number, HostedShard>();
  private readonly withWork = new Set<HostedShard>();
  private turnEndWaiters: (() => void)[] = [];
  private isScheduled = false;
  private isInTurn = false;
  private stateNow: ShardLoop['state'] = 'idle';
  private endedBy: ShardLoop['endReason'];
  private readonly ticker: LoopTicker;
  private readonly deps: ShardHostDeps;
  private readonly options: ShardHostOptions;

  constructor(deps: ShardHostDeps, options: ShardHostOptions) {
    this.deps = deps;
    this.options = options;
    const { clock, log, metrics, onRefusedBy } = deps;
    this.inbox = new PeerInbox({ log, loop: this, onRefusedBy });
    this.requests = new ShardRequests({ clock, metrics, loop: this }, options.tickMs);
    this.ticker = new LoopTicker(
      {
        clock,
        log,
        isActive: () => this.stateNow === 'active',
        expire: (nowMs) => this.forEach(({ replica }) => replica.expire(nowMs)),
        restartElectionTimers: () => this.forEach(({ replica }) => replica.restartElectionTimer()),
        tickShards: () => this.tickShards(),
        afterTick: (nowMs) => this.giveUpOnStalledDisk(nowMs),
      },
      options.tickMs,
    );
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

  get state(): ShardLoop['state'] {
    return this.stateNow;
  }

  get endReason(): ShardLoop['endReason'] {
    return this.endedBy;
  }

  /** From now on this node ticks, votes and acknowledges: every configured node is known (R5). */
  activate(): void {
    if (this.stateNow !== 'idle') return;
    this.stateNow = 'active';
    this.ticker.restart();
    for (const shard of this.shards.values()) {
      shard.replica.campaignIfAlone();
      this.schedule(shard);
    }
  }

  schedule(shard: HostedShard): void {
    this.withWork.add(shard);
    if (this.isScheduled || this.isInTurn || this.stateNow !== 'active') return;
    this.isScheduled = true;
    this.deps.clock.defer(() => this.guard(() => this.turn()));
  }

  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (this.stateNow === 'ended') return;
      this.deps.onFailed(error);
    }
  }

  /** Resolves at the end of the next turn. */
  turnEnd(): Promise<void> {
    return new Promise((resolve) => this.turnEndWaiters.push(resolve));
  }

  /** A shard's leader, or this node's role in it, changed. */
  roleChanged(shardId: number, leader: number | undefined, role: Role, term: number): void {
    if (leader !== undefined) this.deps.metrics.leaderChanges += 1;
    this.deps.log.info('role changed', { shard: shardId, role, leader, term });
  }

  /** Hands leadership of all shards to others, for up to `timeoutMs`, so that a planned stop is hardly noticed. */
  async handOver(timeoutMs: number): Promise<void> {
    const { clock } = this.deps;
    const untilMs = clock.nowMs() + timeoutMs;
    const leads = (): boolean => this.stateNow === 'active' && [...this.all].some(({ replica }) => replica.isLeader);
    if (!leads()) return;
    let isAsked = false;
    this.forEach((shard) => {
      isAsked = shard.replica.handOver() || isAsked;
      this.schedule(shard);
    });
    if (isAsked) await until(clock, this.options.tickMs / 4, () => !leads() || clock.nowMs() >= untilMs);
  }

  /** Stops the loop; what waits is answered. Then the shards may be closed. */
  end(reason: 'stopping' | 'failed'): void {
    if (this.stateNow === 'ended') return;
    this.stateNow = 'ended';
    this.endedBy = reason;
    this.ticker.close();
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
    if (this.stateNow !== 'active') return;
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
    if (this.stateNow !== 'active') return;
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

  /** A leader whose log has not synced for an election timeout serves nobody: it hands over (R25). */
  private giveUpOnStalledDisk(nowMs: number): void {
    const sinceMs = this.deps.shardLog.syncStartedMs;
    if (sinceMs === undefined || nowMs - sinceMs < this.options.electionTimeoutMs) return;
    this.forEach((shard) => {
      if (!shard.replica.isLeader) return;
      shard.replica.handOver();
      this.schedule(shard);
    });
  }

  private tickShards(): void {
    this.forEach((shard) => {
      shard.tick();
      this.schedule(shard);
    });
  }

  private forEach(run: (shard: HostedShard) => void): void {
    this.guard(() => {
      for (const shard of this.shards.values()) run(shard);
    });
  }

  private releaseTurnEnd(): void {
    const waiters = this.turnEndWaiters;
    this.turnEndWaiters = [];
    for (const release of waiters) release();
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
