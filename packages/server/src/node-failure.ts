/** Classes of errors that end a node, as `NodeFailedError`s. */
import { KvError } from '@kvorum/core/kv/errors.js';
import { DiskError } from './env/disk.js';
import { NodeFailedError } from './node-failed-error.js';
import { ShardDamagedError } from './shard/recovery/open-shard.js';
import { StoreError } from './storage/revision-store.js';
import { SealedFileError } from './storage/sealed-file.js';
import { SnapshotError } from './storage/snapshot-format.js';
import { WalDamagedError } from './storage/wal/wal-errors.js';

/** The failure that `error` means for a running node. */
export function failureOf(error: unknown): NodeFailedError {
  if (error instanceof NodeFailedError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isDamage(error)) {
    return new NodeFailedError('damaged', message, error);
  }
  if (error instanceof DiskError || error instanceof StoreError) {
    const kind = error instanceof StoreError && error.code === 'STORE_DAMAGED' ? 'damaged' : 'disk';
    return new NodeFailedError(
      kind,
      `the disk failed and the node ended (its data is left as it is): ${message}`,
      error,
    );
  }
  return new NodeFailedError('internal', `a bug ended the node (its data is left as it is): ${message}`, error);
}

function isDamage(error: unknown): boolean {
  return (
    error instanceof WalDamagedError ||
    error instanceof ShardDamagedError ||
    error instanceof SealedFileError ||
    error instanceof SnapshotError ||
    error instanceof KvError
  );
}
