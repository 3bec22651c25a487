/**
 * What the shard host needs of the node's log. The WAL implements it; `memory` storage uses the twin below.
 */
import { AssertionError } from '@kvorum/core/base/assert.js';
import type { Clock } from '../../env/env.js';
import type { ShardAppend, Wal } from '../../storage/wal/wal.js';

export type { ShardAppend };

/** Appends in order, one sync for what arrives meanwhile; reads back; frees what is compacted; tells when space runs out (R24). */
export type ShardLog = Pick<Wal, 'append' | 'readEntries' | 'compact' | 'isNoSpace' | 'syncStartedMs'>;

/** Keeps nothing, so log windows must keep all: for a node that may forget everything when it ends. */
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

  readEntries(): Promise<never> {
    return Promise.reject(new AssertionError('a log in memory has nothing to read back'));
  }

  compact(): void {
    // Nothing is kept.
  }
}
