/** The loop over a node's shards, as the ways into it see it. Types only. */
import type { HostedShard } from './hosted-shard.js';
import type { EndReason } from './outcome.js';

/** All that touches a replica between turns goes through here. */
export interface ShardLoop {
  /** Idle until the node takes part; ended for good. */
  readonly state: 'idle' | 'active' | 'ended';
  /** Why it ended. */
  readonly endReason: Exclude<EndReason, 'corrupt'> | undefined;
  readonly all: Iterable<HostedShard>;
  shard(id: number): HostedShard | undefined;
  /** Runs what touches a replica: an exception of it is a bug or damage, and ends the node. */
  guard(run: () => void): void;
  /** The shard has work: there will be a turn. */
  schedule(shard: HostedShard): void;
}
