/**
 * The embedding entry point: `startNode` makes a node (`running-node.ts`) of its options and of the machine.
 *
 * A library: it never exits the process, installs signal handlers or prints.
 */
import { RunningNode } from './running-node.js';
import type { StartDeps } from './start-deps.js';
import { startError } from './start-error.js';
import { staticClusterId } from './cluster/cluster-id.js';
import type { Env, Log } from './env/env.js';
import { createNodeMetrics } from './env/node-metrics.js';
import { createRealEnv } from './env/real-env.js';
import { silentLog } from './env/silent-log.js';
import { NodeLife } from './node-life.js';
import { type NodeStorage, type NodeStorageOptions, openNodeStorage } from './node-storage.js';
import type { NodeOptions } from './options/node-options.js';
import { resolveOptions } from './options/resolve-options.js';
import type {
  DeleteResult,
  GetResult,
  KvService,
  Listing,
  ListOptions,
  NodeStatus,
  PutResult,
  ReadOptions,
  WriteOptions,
} from './service/kv-service.js';

/** What embedders may add to the options. */
export interface StartOptions extends NodeOptions {
  /** Where log lines go; default: nowhere. */
  readonly log?: Log | undefined;
}

/** `prefix` and `from` may be text. */
export interface NodeListOptions extends Omit<ListOptions, 'prefix' | 'from'> {
  readonly prefix?: string | Uint8Array | undefined;
  readonly from?: string | Uint8Array | undefined;
}

/** A running node in this process. */
export interface KvorumNode {
  get(key: string | Uint8Array, options?: ReadOptions): Promise<GetResult>;
  put(key: string | Uint8Array, value: string | Uint8Array, options?: WriteOptions): Promise<PutResult>;
  delete(key: string | Uint8Array, options?: WriteOptions): Promise<DeleteResult>;
  list(options?: NodeListOptions): Promise<Listing>;
  /** Everything the service offers, on bytes. */
  readonly kv: KvService;
  status(): NodeStatus;
  /** The node's metrics as Prometheus text. */
  metricsText(): Promise<string>;
  /** Resolves once a linearizable read passes; rejects with a `KvorumError` after `timeoutMs` (default: the request timeout). */
  ready(timeoutMs?: number): Promise<void>;
  /** Finishes running requests, flushes, releases everything. Idempotent. */
  close(): Promise<void>;
  /** Resolves after `close()`; rejects with a {@link NodeFailedError} when the node ended by itself. */
  readonly closed: Promise<void>;
  /** `host:port` as bound; undefined without a client port. */
  readonly clientAddress: string | undefined;
  /** `host:port` as bound; undefined for a cluster of one. */
  readonly peerAddress: string | undefined;
}

/**
 * Starts a node in this process and resolves when it listens; it may still be waiting for its cluster (see `ready`).
 * Rejects with an `OptionError`, `DataDirectoryError`, `KvorumError` (address taken) or {@link NodeFailedError}.
 *
 * @example
 * const node = await startNode({ storage: 'memory', clientAddress: 'off' });
 * await node.put('greeting', 'hello');
 * await node.close();
 */
export async function startNode(options: StartOptions = {}, deps: StartDeps = {}): Promise<KvorumNode> {
  const { log, ...given } = options;
  const resolved = resolveOptions(given);
  const env = deps.env ?? createRealEnv({ log: log ?? silentLog });
  const life = new NodeLife(env.log);
  const clusterId = staticClusterId(resolved.clusterName, [...resolved.peers.keys()]);
  const { storeKind, testing = {} } = deps;
  const metrics = createNodeMetrics();
  const storageOptions = { node: resolved, clusterId, storeKind, testing, walMetrics: metrics.wal };
  const storage = await openStorage(env, life, storageOptions);
  const node = new RunningNode({ env, life, storage, metrics, deps }, resolved);
  try {
    await node.start();
    return node;
  } catch (error) {
    await node.abandonStart();
    throw startError(error);
  }
}

async function openStorage(env: Env, life: NodeLife, options: NodeStorageOptions): Promise<NodeStorage> {
  try {
    return await openNodeStorage(env, options, {
      onFailure: (error) => life.fail(error),
      onSpace: (isNoSpace) => env.log.warn(isNoSpace ? 'disk space is below the reserve' : 'disk space is back'),
    });
  } catch (error) {
    throw startError(error);
  }
}
