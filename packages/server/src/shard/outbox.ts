/** What one shard's replica sends to its fellows on other nodes. Nothing waits here: what can't be queued is dropped, as by {@link Transport}. */
import type { Message } from '@kvorum/core/raft/message.js';
import type { ComparisonMessage } from '../transport/comparison-codec.js';
import type { FreshnessMessage } from '../transport/freshness-codec.js';
import type { ForwardAnswer, Transport } from '../transport/transport.js';

/** One per shard of a node. */
export class Outbox {
  private readonly transport: () => Transport | undefined;
  private readonly shard: number;

  /** @param transport undefined while the node talks to nobody */
  constructor(transport: () => Transport | undefined, shard: number) {
    this.transport = transport;
    this.shard = shard;
  }

  /** A message of the core. False when it could not be queued. */
  send(to: number, message: Message): boolean {
    return this.transport()?.send(to, this.shard, message) ?? false;
  }

  /** Commands for the leader. False when they could not be queued; then nothing was sent. */
  forward(to: number, requestId: number, commands: readonly Uint8Array[]): boolean {
    return this.transport()?.forward(to, this.shard, requestId, commands) ?? false;
  }

  /** The leader's answer to forwarded commands. */
  answer(to: number, requestId: number, answer: ForwardAnswer): void {
    this.transport()?.answer(to, this.shard, requestId, answer);
  }

  /** State hashes, or a verdict on them (R14). */
  compare(to: number, message: ComparisonMessage): void {
    this.transport()?.compare(to, this.shard, message);
  }

  /** How old states may be. */
  tellFreshness(to: number, message: FreshnessMessage): void {
    this.transport()?.tellFreshness(to, this.shard, message);
  }
}
