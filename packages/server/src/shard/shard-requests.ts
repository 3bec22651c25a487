/**
 * Requests of this node's own callers: commands, reads, changes of membership, backups, each on its way to the replica it is for, with the time
 * by which it ends. Every one gets exactly one answer.
 */
import { checkCommand } from '@kvorum/core/kv/entry-codec.js';
import type { ConfChange } from '@kvorum/core/raft/confchange/conf-change.js';
import type { Clock } from '../env/env.js';
import type { ShardMetrics } from '../env/node-metrics.js';
import type { HostedShard } from './hosted-shard.js';
import type { MembershipChanges } from './membership/membership-changes.js';
import type { ConfChangeResult, MembershipUnknown, TransferResult } from './membership/membership.js';
import type { CommandResult, FailureReason } from './outcome.js';
import { PendingCommand } from './proposals/pending-command.js';
import { PendingRead } from './reads/read-queue.js';
import type { ShardAccess } from './shard-access.js';
import type { ShardLoop } from './shard-loop.js';
import type { ShardBackup } from './snapshots/backup-source.js';

/** What requests need of their node. */
export interface ShardRequestsDeps {
  readonly clock: Clock;
  readonly metrics: ShardMetrics;
  readonly loop: ShardLoop;
}

/** One per node. */
export class ShardRequests {
  private readonly deps: ShardRequestsDeps;
  private readonly loop: ShardLoop;
  private readonly tickMs: number;

  /** @param tickMs how often deadlines are looked at, in milliseconds */
  constructor(deps: ShardRequestsDeps, tickMs: number) {
    this.deps = deps;
    this.loop = deps.loop;
    this.tickMs = tickMs;
  }

  /** One shard as the service sees it. */
  access(shardId: number): ShardAccess {
    return {
      propose: (command, timeoutMs, onResult) => this.propose(shardId, command, timeoutMs, onResult),
      readBarrier: (timeoutMs, onReady, mayUseLease, isCheck) => {
        const deadlineMs = this.deadlineMs(timeoutMs);
        this.read(shardId, new PendingRead(deadlineMs, onReady, mayUseLease, isCheck));
      },
      machine: () => this.loop.endReason ?? this.need(shardId).readable,
      stalenessMs: () => this.need(shardId).replica.stalenessMs(),
      isInTouch: () => this.need(shardId).isInTouch,
      onChange: (listener) => this.need(shardId).onChange(listener),
      foundCorrupt: (error) => this.loop.guard(() => this.need(shardId).foundCorrupt(error)),
      openBackup: (onEnded) => this.openBackup(shardId, onEnded),
    };
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

  private propose(
    shardId: number,
    command: Uint8Array,
    timeoutMs: number,
    onResult: (result: CommandResult) => void,
  ): void {
    const shard = this.need(shardId);
    // Whatever is wrong with it, a bad command must not be committed: every replica would fail at it for ever.
    checkCommand(command);
    const { metrics } = this.deps;
    metrics.proposals += 1;
    const pending = new PendingCommand(command, this.deadlineMs(timeoutMs), (result) => {
      if (result.kind === 'failure') metrics.failedProposals += 1;
      onResult(result);
    });
    shard.replica.propose(pending);
    this.loop.schedule(shard);
  }

  private read(shardId: number, read: PendingRead): void {
    const shard = this.need(shardId);
    shard.replica.read(read);
    this.loop.schedule(shard);
  }

  private askMembership<Result>(
    shardId: number,
    ask: (membership: MembershipChanges, onResult: (result: Result | MembershipUnknown) => void) => void,
  ): Promise<Result | MembershipUnknown> {
    const shard = this.need(shardId);
    return new Promise((resolve) => {
      this.loop.guard(() => ask(shard.replica.membership, resolve));
      if (this.loop.state === 'ended') resolve({ kind: 'unknown', reason: this.loop.endReason ?? 'failed' });
      this.loop.schedule(shard);
    });
  }

  private async openBackup(shardId: number, onEnded: () => void): Promise<ShardBackup | FailureReason> {
    if (this.loop.endReason !== undefined) return this.loop.endReason;
    const shard = this.need(shardId);
    const opened = await shard.openBackup(onEnded);
    if (opened !== undefined) return opened;
    const { readable } = shard;
    return this.loop.endReason ?? (typeof readable === 'string' ? readable : 'catchingUp');
  }

  /** Deadlines are looked at once a tick; a tick early rather than late, but no request loses more than half of its time. */
  private deadlineMs(timeoutMs: number): number {
    return this.deps.clock.nowMs() + Math.max(timeoutMs - this.tickMs, timeoutMs / 2);
  }

  private need(shardId: number): HostedShard {
    const shard = this.loop.shard(shardId);
    if (shard === undefined) throw new RangeError(`no shard ${shardId} on this node`);
    return shard;
  }
}
