/**
 * Backups offline: verified, and made into the data directory of a node of a new cluster.
 *
 * Every node of the new cluster restores the same file. They all start from one state, as if each had installed the same snapshot: the backup's log position
 * (index, term), revision, history and hashes stay, the membership becomes the configured one, and nothing is in the log. Position and term stay because the
 * state may speak of them; they can't meet those of the old cluster, since the cluster id is a new one (storage/restored-cluster-id.ts).
 */
import { encodeMeta } from '@kvorum/core/kv/meta.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { staticClusterId } from './cluster/cluster-id.js';
import type { Env } from './env/env.js';
import { createRealEnv } from './env/real-env.js';
import { silentLog } from './env/silent-log.js';
import { defaultShard } from './node-status.js';
import type { NodeOptions } from './options/node-options.js';
import { OptionError } from './options/option-error.js';
import { resolveOptions } from './options/resolve-options.js';
import { encodeConfState } from './shard/membership/conf-state-codec.js';
import { createRestoredDirectory, requireEmptyDirectory } from './storage/data-directory.js';
import { FlushGate } from './storage/flush-gate.js';
import { lmdbStoreKind } from './storage/lmdb-revision-store.js';
import type { StoreKind } from './storage/revision-store.js';
import { backupOrigin } from './storage/restored-cluster-id.js';
import { installSnapshot, type SnapshotContent, verifySnapshot } from './storage/snapshot-decoder.js';
import { SnapshotError } from './storage/snapshot-format.js';
import { StoreGenerations } from './storage/store-generations.js';

/** Opens the backup's bytes from the beginning; each call reads them anew. */
export type ReadBackup = () => AsyncIterable<Uint8Array>;

/** What a whole and correct backup holds. */
export interface BackupContent {
  readonly keyspace: 'default';
  readonly revision: number;
  /** Versions older than this are not in it; 0 when nothing was ever compacted. */
  readonly compactRevision: number;
  /** Stored versions of keys, deletions included. */
  readonly records: number;
  /** 16 hex digits, as in a node's status. */
  readonly contentHash: string;
}

/** A data directory made from a backup. */
export interface RestoredNode extends BackupContent {
  readonly dataDir: string;
  readonly nodeId: number;
  /** The new cluster's, equal on all nodes that restore this file under the same name and voters. */
  readonly clusterId: string;
}

/**
 * Checks every byte of a backup without keeping it. Rejects with a `SnapshotError` or what reading throws.
 *
 * @example
 * const { revision } = await verifyBackup(createReadStream('kvorum.backup'));
 */
export async function verifyBackup(chunks: AsyncIterable<Uint8Array>): Promise<BackupContent> {
  return describe(await verifySnapshot(chunks, defaultShard));
}

/** For tests and the simulator: another machine. */
export interface RestoreDeps {
  readonly env?: Env | undefined;
  /** Default: LMDB. */
  readonly storeKind?: StoreKind | undefined;
}

/**
 * Makes the data directory of one node from a backup: to be called with the same backup and `peers` for each node of the new cluster, none of which may run.
 * The backup is read twice, and verified whole before anything is written. Rejects with a `SnapshotError` (nothing was written, or what was written is
 * removed), a `DataDirectoryError` (the directory is not empty, or in use), an `OptionError` or what reading and the disk throw.
 */
export async function restoreBackup(
  read: ReadBackup,
  options: NodeOptions,
  deps: RestoreDeps = {},
): Promise<RestoredNode> {
  const { nodeId, dataDir, clusterName, peers, storage } = resolveOptions(options);
  if (storage === 'memory') {
    const message = 'option storage: memory keeps nothing; a restore needs disk';
    throw new OptionError({ option: 'storage', value: storage, allowed: 'disk', message });
  }
  const env = deps.env ?? createRealEnv({ log: silentLog });
  await requireEmptyDirectory(env.disk, dataDir);
  const verified = await verifySnapshot(read(), defaultShard);
  const voters = [...peers.keys()];
  const confState = encodeConfState(confStateOf(voters));
  const clusterId = staticClusterId(clusterName, voters);
  const identity = await createRestoredDirectory(
    env,
    { path: dataDir, nodeId, clusterId, configuredNodes: voters },
    {
      origin: originOf(verified),
      fill: (storesPath) => fillStores({ ...deps, env }, storesPath, read(), verified, confState),
    },
  );
  return { ...describe(verified), dataDir, nodeId, clusterId: identity.clusterId };
}

async function fillStores(
  { env, storeKind = lmdbStoreKind }: RestoreDeps & { readonly env: Env },
  storesPath: string,
  chunks: AsyncIterable<Uint8Array>,
  verified: SnapshotContent,
  confState: Uint8Array,
): Promise<void> {
  const { disk, log, failpoints } = env;
  const stores = new StoreGenerations({ disk, kind: storeKind, gate: new FlushGate(), log, failpoints }, storesPath);
  try {
    const { store } = await stores.open(defaultShard);
    const content = await installSnapshot(chunks, defaultShard, store, failpoints);
    if (originOf(content) !== originOf(verified)) {
      throw new SnapshotError('SNAPSHOT_DAMAGED', 'the backup changed while it was restored');
    }
    await store.commit({ puts: [], deletes: [], meta: encodeMeta({ ...content.meta, confState }) });
  } finally {
    await stores.close();
  }
}

function originOf({ meta }: SnapshotContent): string {
  return backupOrigin(encodeMeta(meta));
}

function describe({ meta, rows }: SnapshotContent): BackupContent {
  const { low, high } = meta.contentHash;
  const contentHash = [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
  return {
    keyspace: 'default',
    revision: meta.currentRevision,
    compactRevision: meta.compactRevision,
    records: rows,
    contentHash,
  };
}
