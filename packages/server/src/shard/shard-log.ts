/**
 * What the shard host needs of the node's log. The WAL implements it; `memory` storage uses the twin below.
 */
import type { Clock } from '../env/env.js';
import type { ShardAppend, Wal } from '../storage/wal/wal.js';

export type { ShardAppend };

/** Appends in order, one sync for what arrives meanwhile; frees what is compacted; tells when space runs out (R24). */
export type ShardLog = Pick<Wal, 'append' | 'compact' | 'isNoSpace' | 'syncStartedMs'>;

/** Keeps nothing: for a node that may forget everything when it ends. */
export class MemoryShardLog implements ShardLog {
  readonly isNoSpace = false;
  readonly syncStartedMs = undefined;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  append(_updates: readonly ShardAppend[], onSynced: () => void): void {
    this.clock.defer(onSynced);
  }

  compact(): void {
    // Nothing is kept.
  }
}
