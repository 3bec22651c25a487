/** Everything a node keeps, opened in order and closed in reverse: data directory, log and stores; or their twins in memory. */
import type { Env } from './env/env.js';
import type { WalMetrics } from './env/node-metrics.js';
import type { ResolvedNodeOptions } from './options/node-options.js';
import { MemoryShardLog, type ShardLog } from './shard/log/shard-log.js';
import { openDataDirectory, openMemoryDirectory } from './storage/data-directory.js';
import { FlushGate } from './storage/flush-gate.js';
import type { IncarnationStore } from './storage/incarnation-registry.js';
import { lmdbStoreKind } from './storage/lmdb-revision-store.js';
import { MemoryShardStores } from './storage/memory-shard-stores.js';
import type { StoreKind } from './storage/revision-store.js';
import type { ShardStores } from './storage/shard-stores.js';
import { StoreGenerations } from './storage/store-generations.js';
import { openWal } from './storage/wal/open-wal.js';
import type { RecoveredShard, WalEvents, WalStats, WalTestSwitches } from './storage/wal/wal.js';

export interface NodeStorage {
  /** Of the data directory; a restored cluster has another one than its configuration gives. */
  readonly clusterId: string;
  readonly incarnation: string;
  readonly incarnations: IncarnationStore;
  readonly shardLog: ShardLog;
  /** Undefined for memory storage. */
  readonly walStats: WalStats | undefined;
  /** What the log held of a shard, once: entries that are looked at no more must not stay in memory. */
  takeRecovered(shard: number): RecoveredShard | undefined;
  readonly stores: ShardStores;
  /** At most one flush at a time per node. */
  readonly gate: FlushGate;
  /** Log first, so that no flush can outrun it; then stores and directory. Idempotent. */
  close(): Promise<void>;
}

export interface NodeStorageOptions {
  readonly node: ResolvedNodeOptions;
  readonly clusterId: string;
  /** Default: LMDB. */
  readonly storeKind?: StoreKind | undefined;
  readonly testing: WalTestSwitches;
  readonly walMetrics: WalMetrics;
}

/**
 * The log outgrows what is retained by so many segments (the one in use, the prepared one, one half freed, one to spare) before entries of idle
 * shards are copied forward; otherwise a few bytes of an idle shard would pin everything after them.
 */
const copyForwardSegments = 4;

export function openNodeStorage(env: Env, options: NodeStorageOptions, events: WalEvents): Promise<NodeStorage> {
  return options.node.storage === 'memory' ? openMemory(env, options) : openDisk(env, options, events);
}

async function openDisk(env: Env, options: NodeStorageOptions, events: WalEvents): Promise<NodeStorage> {
  const { node } = options;
  const { disk, log, failpoints } = env;
  const directory = await openDataDirectory(env, { path: node.dataDir, ...identityOf(options) });
  try {
    const walOptions = {
      segmentBytes: node.walSegmentBytes,
      reserveBytes: node.diskReserveBytes,
      copyForwardBytes: node.logRetainBytesNode + copyForwardSegments * node.walSegmentBytes,
      testing: options.testing,
    };
    await disk.makeDir(directory.walPath);
    const { wal, recovered } = await openWal(
      { ...env, metrics: options.walMetrics },
      directory.walPath,
      walOptions,
      events,
    );
    const gate = new FlushGate();
    const stores = new StoreGenerations(
      { disk, kind: options.storeKind ?? lmdbStoreKind, gate, log, failpoints },
      directory.storesPath,
    );
    return {
      clusterId: directory.identity.clusterId,
      incarnation: directory.identity.incarnation,
      incarnations: directory.incarnations,
      shardLog: wal,
      walStats: wal.stats,
      takeRecovered: (shard) => {
        const found = recovered.get(shard);
        recovered.delete(shard);
        return found;
      },
      stores,
      gate,
      close: closeOnce([() => wal.close(), () => stores.close(), () => directory.close()]),
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

function openMemory(env: Env, options: NodeStorageOptions): Promise<NodeStorage> {
  const { identity, incarnations } = openMemoryDirectory(env.random, identityOf(options));
  const stores = new MemoryShardStores();
  return Promise.resolve({
    clusterId: identity.clusterId,
    incarnation: identity.incarnation,
    incarnations,
    shardLog: new MemoryShardLog(env.clock),
    walStats: undefined,
    takeRecovered: () => undefined,
    stores,
    gate: new FlushGate(),
    close: closeOnce([() => stores.close()]),
  });
}

function identityOf({ node, clusterId }: NodeStorageOptions) {
  return { nodeId: node.nodeId, clusterId, configuredNodes: [...node.peers.keys()] };
}

function closeOnce(steps: readonly (() => Promise<void>)[]): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    for (const step of steps) await step();
  };
  return () => {
    closed ??= run();
    return closed;
  };
}
