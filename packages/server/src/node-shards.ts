/** Opens the shards of a node and hands them to its host; the WAL is told first what it does not know yet. */
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import type { Role } from '@kvorum/core/raft/types.js';
import type { Env } from './env/env.js';
import type { NodeMetrics } from './env/node-metrics.js';
import type { NodeStorage } from './node-storage.js';
import { defaultShard, systemShard } from './node-status.js';
import type { ResolvedNodeOptions } from './options/node-options.js';
import { encodeConfState } from './shard/membership/conf-state-codec.js';
import { HostedShard } from './shard/hosted-shard.js';
import { type OpenedShard, openShard } from './shard/recovery/open-shard.js';
import type { ShardHost } from './shard/shard-host.js';
import {
  compareEveryEntries,
  compareEveryMs,
  type ComparisonCadence,
} from './shard/state-comparison/comparison-schedule.js';
import type { ShardAppend, ShardLog } from './shard/log/shard-log.js';
import type { StartDeps } from './start-deps.js';
import type { FlushPolicy } from './storage/flush-policy.js';
import type { Transport } from './transport/transport.js';

export interface NodeShardsDeps {
  readonly env: Env;
  readonly storage: NodeStorage;
  readonly host: ShardHost;
  readonly transport: () => Transport | undefined;
  readonly metrics: NodeMetrics;
  /** Default: the store's own. */
  readonly flushPolicy?: FlushPolicy | undefined;
  readonly firstMembers?: FirstMembers | undefined;
  /** Default: the constants of the schedule. */
  readonly comparison?: ComparisonCadence | undefined;
  readonly misread?: StartDeps['misread'];
  readonly fail: (error: unknown) => void;
}

/** Members of all shards of a new cluster, among the configured nodes; the same on all of them. Default: all vote. */
export interface FirstMembers {
  readonly voters: readonly number[];
  readonly learners?: readonly number[] | undefined;
}

/** Every node of a static cluster has these shards. */
const shardIds: readonly number[] = [systemShard, defaultShard];

/** @throws ShardDamagedError, KvError, StoreError */
export async function openNodeShards(deps: NodeShardsDeps, options: ResolvedNodeOptions): Promise<void> {
  const { env, storage, host } = deps;
  const { voters = [...options.peers.keys()], learners } = deps.firstMembers ?? {};
  const confState = confStateOf(voters, learners);
  const comparison = deps.comparison ?? { entries: compareEveryEntries, ms: compareEveryMs };
  const { misread } = deps;
  const repairs: ShardAppend[] = [];
  for (const shard of shardIds) {
    const machine = {
      ringBytesMax: options.ringBytes,
      misread: misread && ((entry: Uint8Array, index: number) => misread(shard, entry, index)),
    };
    const store = await storage.stores.open(shard);
    const found = storage.takeRecovered(shard);
    const recovered = found === undefined ? undefined : { ...found.hardState, ...found };
    const logWindowBytes = options.storage === 'memory' ? Number.POSITIVE_INFINITY : options.logWindowBytes;
    const openOptions = { shard, machine, logWindowBytes };
    const opened = await openShard({ clock: env.clock, store: store.store }, openOptions, recovered, confState);
    if (opened.mustRepairWal) repairs.push(repairOf(shard, opened));
    const shardDeps = {
      clock: env.clock,
      log: env.log,
      random: () => env.random.float(),
      shardLog: storage.shardLog,
      gate: storage.gate,
      storeMetrics: deps.metrics.store,
      shardMetrics: deps.metrics.shard,
      store,
      transport: deps.transport,
      schedule: (hosted: HostedShard) => host.schedule(hosted),
      turnEnd: () => host.turnEnd(),
      onRoleChange: (id: number, leader: number | undefined, role: Role, term: number) =>
        host.roleChanged(id, leader, role, term),
      fail: deps.fail,
      failpoints: env.failpoints,
    };
    host.add(
      new HostedShard(
        shardDeps,
        { shard, machine, comparison, flushPolicy: deps.flushPolicy, ...replicaOptions(options) },
        opened,
      ),
    );
  }
  if (repairs.length > 0) await appended(storage.shardLog, repairs);
}

function replicaOptions(options: ResolvedNodeOptions) {
  const electionTicks = Math.max(3, Math.round(options.electionTimeoutMs / options.heartbeatMs));
  return {
    nodeId: options.nodeId,
    configuredNodes: [...options.peers.keys()],
    electionTicks,
    leaderLease: options.linearizableReads === 'lease' ? leaseOptions(options, electionTicks) : undefined,
    inflightMessagesMax: options.maxInflightMessages,
    inflightBytesMax: options.maxInflightBytes,
    queueBytesMax: options.requestQueueBytes,
    queueCommandsMax: options.requestQueueCount,
    logCapBytes: Math.min(options.logRetainBytes, options.logRetainBytesNode / shardIds.length),
  };
}

/** So many of the ticks that a promise lasts may take no time: one came right after the heartbeat, one makes up for one before that was late. */
const lostTicksMax = 2;
/** A tick that comes so many ticks after the last one tells of a stall. */
const stallTicks = 3;

function leaseOptions({ heartbeatMs, clockDriftBound }: ResolvedNodeOptions, electionTicks: number) {
  return {
    promiseMs: (electionTicks - lostTicksMax) * heartbeatMs,
    clockDriftBound,
    stallMs: stallTicks * heartbeatMs,
  };
}

/** The WAL restarts the shard's log where its store stands; term and vote stay. */
function repairOf(shard: number, opened: OpenedShard): ShardAppend {
  const confState = encodeConfState(opened.confState);
  return { shard, hardState: opened.hardState, entries: [], snapshot: { ...opened.log.startPosition, confState } };
}

function appended(shardLog: ShardLog, updates: readonly ShardAppend[]): Promise<void> {
  return new Promise((resolve) => shardLog.append(updates, resolve));
}
