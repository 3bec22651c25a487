/**
 * What comes from other nodes, on its way to the replicas it is for. Before this node takes part and after it ended nothing gets through; what a
 * replica keeps is copied here, as the bytes belong to the transport (N13).
 */
import type { Message } from '@kvorum/core/raft/message.js';
import type { Log } from '../env/env.js';
import type { ComparisonMessage } from '../transport/comparison-codec.js';
import type { FreshnessMessage } from '../transport/freshness-codec.js';
import type { Refusal } from '../transport/handshake-codec.js';
import type { ForwardAnswer, IncomingSnapshot, TransportHandler } from '../transport/transport.js';
import { copyMessage } from './copy-message.js';
import type { HostedShard } from './hosted-shard.js';
import { areCommands } from './proposals/pending-command.js';
import type { ShardLoop } from './shard-loop.js';

/** What the inbox needs of its node. */
export interface PeerInboxDeps {
  readonly log: Log;
  readonly loop: ShardLoop;
  readonly onRefusedBy: (peer: number, refusal: Refusal) => void;
}

/** One per node. */
export class PeerInbox implements TransportHandler {
  private readonly deps: PeerInboxDeps;
  private readonly loop: ShardLoop;

  constructor(deps: PeerInboxDeps) {
    this.deps = deps;
    this.loop = deps.loop;
  }

  onMessage(from: number, shardId: number, message: Message): void {
    const shard = this.active(shardId);
    // A MsgSnap comes with its data, on a socket of its own.
    if (shard === undefined || message.type === 'MsgSnap' || message.from !== from) return;
    this.loop.guard(() => shard.replica.step(copyMessage(message)));
    this.loop.schedule(shard);
  }

  onForward(from: number, shardId: number, requestId: number, commands: readonly Uint8Array[]): void {
    const shard = this.active(shardId);
    if (shard === undefined) {
      this.loop.shard(shardId)?.outbox.answer(from, requestId, { kind: 'refused', reason: 'stopping' });
      return;
    }
    if (!areCommands(commands)) {
      // Only a bug of the other node makes such; refused for good, as no other leader would take it either.
      this.deps.log.error('a node forwards what is no command', { from, shard: shardId });
      shard.outbox.answer(from, requestId, { kind: 'refused', reason: 'overloaded' });
      return;
    }
    const copies = commands.map((command) => command.slice());
    this.loop.guard(() => shard.replica.proposer.addForwarded(from, requestId, copies));
    this.loop.schedule(shard);
  }

  onAnswer(from: number, shardId: number, requestId: number, answer: ForwardAnswer): void {
    const shard = this.active(shardId);
    if (shard === undefined) return;
    const appliedIndex = shard.replica.machine?.appliedIndex ?? Number.POSITIVE_INFINITY;
    this.loop.guard(() => shard.replica.proposer.answered(from, requestId, answer, appliedIndex));
    this.loop.schedule(shard);
  }

  onComparison(from: number, shardId: number, message: ComparisonMessage): void {
    this.loop.guard(() => this.active(shardId)?.compared(from, message));
  }

  onFreshness(from: number, shardId: number, message: FreshnessMessage): void {
    this.loop.guard(() => this.active(shardId)?.replica.toldFreshness(from, message));
  }

  async onSnapshot(snapshot: IncomingSnapshot): Promise<boolean> {
    const shard = this.active(snapshot.shard);
    return shard === undefined ? false : shard.receive(snapshot);
  }

  onConnected(peer: number): void {
    for (const shard of this.loop.all) this.loop.guard(() => shard.connected(peer));
  }

  onDisconnected(peer: number): void {
    this.forEach((shard) => {
      shard.replica.proposer.disconnected(peer);
      if (this.loop.state === 'active' && shard.replica.isLeader) shard.replica.raw.reportUnreachable(peer);
    });
  }

  onDialRefused(peer: number): void {
    if (this.loop.state === 'active') this.forEach((shard) => shard.replica.standing.leaderIsGone(peer));
  }

  onRefusedBy(peer: number, refusal: Refusal): void {
    this.deps.onRefusedBy(peer, refusal);
  }

  private active(shardId: number): HostedShard | undefined {
    return this.loop.state === 'active' ? this.loop.shard(shardId) : undefined;
  }

  private forEach(tell: (shard: HostedShard) => void): void {
    for (const shard of this.loop.all) {
      this.loop.guard(() => tell(shard));
      this.loop.schedule(shard);
    }
  }
}
