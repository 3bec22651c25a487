/**
 * The data directory of a node (S2): whose it is, which format it has, and that no other process uses it.
 *
 * ```
 * FORMAT         version of the directory's layout; written last when it is created
 * LOCK           held exclusively while a process uses the directory
 * IDENTITY       node, cluster and incarnation
 * INCARNATIONS   incarnations of the configured nodes (incarnation-registry.ts)
 * wal/           the log of all shards
 * shard-N/       the stores of shard N (store-generations.ts)
 * ```
 * It must never open a directory that is not its own, and never guess what a damaged or newer file means.
 */
import type { Disk } from '../env/disk.js';
import type { Random } from '../env/env.js';
import type { IncarnationStore } from './incarnation-registry.js';

/** Whose directory it is. */
export interface NodeIdentity {
  readonly nodeId: number;
  /** 8 bytes as 16 hex digits. */
  readonly clusterId: string;
  /** Of this directory: 16 hex digits, drawn when it was created and never changed. */
  readonly incarnation: string;
}

/** What a data directory needs of the machine. */
export interface DataDirectoryDeps {
  readonly disk: Disk;
  readonly random: Random;
}

/** Which directory, and who opens it. */
export interface DataDirectoryOptions {
  readonly path: string;
  readonly nodeId: number;
  readonly clusterId: string;
  /** Nodes of the static cluster, whose incarnations are remembered. */
  readonly configuredNodes: readonly number[];
}

/** An opened, locked data directory. */
export interface DataDirectory {
  readonly path: string;
  readonly identity: NodeIdentity;
  /** True when this call created it. */
  readonly isNew: boolean;
  readonly walPath: string;
  /** Parent of the shards' store directories. */
  readonly storesPath: string;
  readonly incarnations: IncarnationStore;
  /** Gives the lock back. Idempotent. */
  close(): Promise<void>;
}

/** Why a data directory was refused. */
export type DataDirectoryErrorCode =
  | 'DATA_DIR_LOCKED'
  | 'DATA_DIR_NEWER_FORMAT'
  | 'DATA_DIR_OTHER_NODE'
  | 'DATA_DIR_OTHER_CLUSTER'
  | 'DATA_DIR_FOREIGN'
  | 'DATA_DIR_DAMAGED';

/** A data directory that can't be used; the message names it and says what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly code: DataDirectoryErrorCode;
  readonly path: string;
  readonly retryable: boolean;

  constructor(code: DataDirectoryErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.retryable = code === 'DATA_DIR_LOCKED';
  }
}

/** Opens the data directory, creating it where absent or empty. Fails with {@link DataDirectoryError} or DiskError. */
export function openDataDirectory(_deps: DataDirectoryDeps, options: DataDirectoryOptions): Promise<DataDirectory> {
  return Promise.reject(new DataDirectoryError('DATA_DIR_DAMAGED', options.path, 'not written yet'));
}
