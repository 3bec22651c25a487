/** A kvorum node, to embed in any Node.js process. */
export { type ErrorCode, type ErrorDetails, KvorumError } from '@kvorum/protocol';
export { dedicateHeap } from './env/dedicated-heap.js';
export type { Log, LogFields } from './env/env.js';
export { type KvorumNode, type NodeListOptions, type StartOptions, startNode } from './node.js';
export { NodeFailedError, type NodeFailureKind } from './node-failed-error.js';
export type { NodeOptions, OptionName, ResolvedNodeOptions } from './options/node-options.js';
export { OptionError, type OptionProblem } from './options/option-error.js';
export { resolveOptions } from './options/resolve-options.js';
export type {
  Backup,
  BackupOptions,
  DeleteResult,
  GetResult,
  KeyValue,
  KvService,
  Listing,
  ListOptions,
  MemberStatus,
  NodeStatus,
  PutResult,
  ReadOptions,
  ShardStatus,
  WriteOptions,
} from './service/kv-service.js';
export {
  type BackupContent,
  type ReadBackup,
  restoreBackup,
  type RestoredNode,
  verifyBackup,
} from './restore.js';
export { SnapshotError, type SnapshotErrorCode } from './storage/snapshot-format.js';
export { DataDirectoryError } from './storage/data-directory.js';
export { version } from './version.js';
