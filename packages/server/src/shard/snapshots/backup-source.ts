/**
 * Backups of one shard: everything applied is flushed, then one read transaction of the store is streamed in the snapshot format. A reader holds
 * up the store's free pages and its close, so it ends with its time, with its consumer and with the shard, whichever comes first.
 */
import { decodeMeta } from '@kvorum/core/kv/meta.js';
import type { Clock } from '../../env/env.js';
import type { Failpoints } from '../../env/failpoints.js';
import type { StoreSnapshot } from '../../storage/revision-store.js';
import { encodeSnapshot, SNAPSHOT_SEND_MS_MAX } from '../../storage/snapshot-encoder.js';
import { SnapshotError } from '../../storage/snapshot-format.js';

/** A backup that is ready to be read. */
export interface ShardBackup {
  /** The revision it holds, with all history that is not compacted. */
  readonly revision: number;
  /** Bytes of the store it is made from: about as many as the stream has, usually more. */
  readonly storeBytes: number;
  /** Read once. Throws when it takes longer than the time a reader is held, or the shard ends. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Gives everything back; for who does not read to the end. Idempotent. */
  readonly close: () => void;
}

/** What a backup needs of its shard. */
export interface BackupSourceDeps {
  readonly clock: Clock;
  readonly shard: number;
  /** Makes all that is applied durable in the store. Rejects when the replica's state is being replaced. */
  readonly flush: () => Promise<void>;
  /** Undefined while the replica's state is being replaced. */
  readonly openSnapshot: () => { readonly source: StoreSnapshot; readonly storeBytes: number } | undefined;
  readonly failpoints?: Failpoints | undefined;
}

/** One per shard; several backups may run. */
export class BackupSource {
  private readonly deps: BackupSourceDeps;
  private readonly running = new Set<() => void>();
  private isClosed = false;

  constructor(deps: BackupSourceDeps) {
    this.deps = deps;
  }

  /** Undefined when there is no state to back up now. `onEnded` is called once, when the backup holds nothing any more. */
  async open(onEnded: () => void): Promise<ShardBackup | undefined> {
    const { flush, openSnapshot, failpoints } = this.deps;
    failpoints?.hit('backupBeforeFlush');
    const isFlushed = await flush().then(
      () => true,
      () => false,
    );
    failpoints?.hit('backupAfterFlush');
    const opened = isFlushed && !this.isClosed ? openSnapshot() : undefined;
    if (opened === undefined) return undefined;
    const { source, storeBytes } = opened;
    if (source.meta === undefined) {
      source.close();
      return undefined;
    }
    const revision = revisionOf(source, source.meta);
    const close = this.hold(source, onEnded);
    return { revision, storeBytes, chunks: this.stream(source, close), close };
  }

  /** Ends every backup under way. */
  close(): void {
    this.isClosed = true;
    for (const end of this.running) end();
  }

  /** Holds the reader for a bounded time; returns what ends it. */
  private hold(source: StoreSnapshot, onEnded: () => void): () => void {
    const end = (): void => {
      if (!this.running.delete(end)) return;
      timer.cancel();
      source.close();
      onEnded();
    };
    const timer = this.deps.clock.setTimer(SNAPSHOT_SEND_MS_MAX, end);
    this.running.add(end);
    return end;
  }

  private async *stream(source: StoreSnapshot, end: () => void): AsyncGenerator<Uint8Array> {
    const { clock, shard, failpoints } = this.deps;
    const chunks = encodeSnapshot(clock, source, shard);
    try {
      while (this.running.has(end)) {
        const next = await chunks.next();
        if (next.done === true) {
          failpoints?.hit('backupAfterRead');
          return;
        }
        yield next.value;
      }
      throw new SnapshotError('SNAPSHOT_TOO_SLOW', 'the backup took too long, or the node is ending');
    } finally {
      await chunks.return();
      end();
    }
  }
}

function revisionOf(source: StoreSnapshot, meta: Uint8Array): number {
  try {
    return decodeMeta(meta).currentRevision;
  } catch (error) {
    // Nobody else would: the backup has not begun.
    source.close();
    throw error;
  }
}
