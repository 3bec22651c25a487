/** Followers that lag further than the leader's memory reaches, and replicas that apply what they don't hold in memory any more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Env, Log } from '../env/env.js';
import { createRealEnv } from '../env/real-env.js';
import { silentLog } from '../env/silent-log.js';
import { MemoryDisk } from '../env/testing/memory-disk.js';
import { type KvorumNode, startNode } from '../node.js';
import { NodeFailedError } from '../node-failed-error.js';
import type { ShardHost } from '../shard/shard-host.js';
import { MemoryStoreDisk } from '../storage/memory-revision-store.js';
import { defaultShardOf, startCluster, type TestCluster, waitFor } from './cluster.js';

const windowBytes = 16 * 1024;
const value = 'v'.repeat(1000);
const puts = 300;

interface Setup {
  readonly cluster: TestCluster;
  readonly disk: MemoryDisk;
  readonly hosts: ShardHost[];
  readonly said: string[];
}

/** Three nodes on one simulated disk, whose log windows are small. */
async function setup(options: object = {}): Promise<Setup> {
  const disk = new MemoryDisk();
  const said: string[] = [];
  const log: Log = { ...silentLog, info: (message) => said.push(message), child: () => log };
  const env: Env = { ...createRealEnv({ log }), disk };
  const hosts: ShardHost[] = [];
  const deps = { env, storeKind: new MemoryStoreDisk(), inspect: (host: ShardHost) => hosts.push(host) };
  const cluster = await startCluster(3, { logWindowBytes: windowBytes, walSegmentBytes: 32 * 1024, ...options }, deps);
  return { cluster, disk, hosts, said };
}

/** Stops a follower and writes more than fits in a window. */
async function leaveBehind({ cluster }: Setup): Promise<{ readonly leader: KvorumNode; readonly away: number }> {
  const leader = await cluster.leader();
  const away = (await cluster.followers())[0]?.status().nodeId ?? 0;
  await cluster.stop(away);
  for (let i = 0; i < puts; i += 1) await leader.put(`key-${i}`, value);
  return { leader, away };
}

async function caughtUp(node: KvorumNode, revision: number): Promise<void> {
  await waitFor(() => defaultShardOf(node).revision >= revision || undefined, 'the follower to catch up');
}

const snapshotsIn = (said: readonly string[]): number => said.filter((message) => /snapshot/.test(message)).length;
const windowsOf = (hosts: readonly ShardHost[]) =>
  hosts.flatMap((host) => [...host.all].map(({ replica }) => replica.log));

async function readsOf(node: KvorumNode): Promise<number> {
  return Number(/^kvorum_shard_log_reads_total (\d+)$/m.exec(await node.metricsText())?.[1]);
}

test('a follower that lags further than memory reaches gets entries from disk, no snapshot', async () => {
  const all = await setup();
  const { cluster, hosts, said } = all;
  try {
    const { leader, away } = await leaveBehind(all);
    for (const log of windowsOf(hosts)) assert.ok(log.bytesInMemory <= windowBytes, `${log.bytesInMemory} bytes`);
    assert.equal(await readsOf(leader), 0, 'what is applied at once is never read back');
    const back = await cluster.start(away);
    await caughtUp(back, puts + 1);
    assert.ok((await readsOf(leader)) > 0);
    assert.equal(snapshotsIn(said), 0);
    assert.equal((await back.get('key-0')).kv?.version, 1);
    for (const log of windowsOf(hosts)) assert.ok(log.bytesInMemory <= windowBytes, `${log.bytesInMemory} bytes`);
  } finally {
    await cluster.close();
  }
});

test('a leader that was started anew serves from disk what it has never had in memory', async () => {
  const all = await setup();
  const { cluster, said } = all;
  try {
    const { away } = await leaveBehind(all);
    const others = [...cluster.nodes.keys()];
    for (const id of others) await cluster.stop(id);
    for (const id of others) await cluster.start(id);
    await cluster.leader();
    const back = await cluster.start(away);
    await caughtUp(back, puts + 1);
    assert.equal(snapshotsIn(said), 0);
  } finally {
    await cluster.close();
  }
});

test('leadership that changes while an old leader reads: the read means nothing, and the follower catches up', async () => {
  const all = await setup();
  const { cluster, disk } = all;
  let release = (): void => undefined;
  try {
    const { leader, away } = await leaveBehind(all);
    const { nodeId } = leader.status();
    release = disk.faults.stall({ operation: 'read', path: `node-${nodeId}/wal`, count: 1000 });
    const back = await cluster.start(away);
    await waitFor(() => (defaultShardOf(back).leader === nodeId ? true : undefined), 'the follower to be seen');
    await leader.put('while it waits', 'x');
    const host = all.hosts.find((one) => one.shard(1)?.replica.isLeader === true);
    host?.shard(1)?.replica.handOver();
    await waitFor(() => (defaultShardOf(leader).role === 'leader' ? undefined : true), 'another leader');
    await caughtUp(back, puts + 2);
    release();
    await (await cluster.leader()).put('after', 'x');
    await caughtUp(leader, puts + 3);
    assert.equal(leader.status().state, 'running');
  } finally {
    release();
    await cluster.close();
  }
});

test('a follower whose entries are freed while they are read gets a snapshot', async () => {
  const all = await setup({ logRetainBytes: 128 * 1024, logRetainBytesNode: 256 * 1024 });
  const { cluster, disk, said } = all;
  let release = (): void => undefined;
  try {
    const leader = await cluster.leader();
    const away = (await cluster.followers())[0]?.status().nodeId ?? 0;
    await cluster.stop(away);
    for (let i = 0; i < 60; i += 1) await leader.put(`key-${i}`, value);
    release = disk.faults.stall({ operation: 'read', path: `node-${leader.status().nodeId}/wal`, count: 1000 });
    const back = await cluster.start(away);
    await waitFor(() => (defaultShardOf(back).leader === undefined ? undefined : true), 'the follower to be seen');
    for (let i = 0; i < puts; i += 1) await leader.put(`more-${i}`, value);
    await waitFor(() => (defaultShardOf(leader).flushedIndex > 300 ? true : undefined), 'a flush');
    release();
    await caughtUp(back, 60 + puts + 1);
    assert.ok(snapshotsIn(said) > 0);
    assert.equal(leader.status().state, 'running');
  } finally {
    release();
    await cluster.close();
  }
});

test('R17: a leader that can not read its log back ends, and the others go on', async () => {
  const all = await setup();
  const { cluster, disk } = all;
  try {
    const { leader, away } = await leaveBehind(all);
    const { nodeId } = leader.status();
    disk.faults.fail({ operation: 'read', path: `node-${nodeId}/wal` }, 'EIO');
    const back = await cluster.start(away);
    await assert.rejects(leader.closed, (error) => error instanceof NodeFailedError && error.kind === 'disk');
    cluster.nodes.delete(nodeId);
    await caughtUp(back, puts + 1);
    await back.put('after', 'x');
  } finally {
    await cluster.close();
  }
});

test('what was committed and not applied when a node stopped is applied from disk where it does not fit in memory', async () => {
  const disk = new MemoryDisk();
  const env: Env = { ...createRealEnv({ log: silentLog }), disk };
  const options = { dataDir: 'data', clientAddress: 'off', diskReserveBytes: 0, logWindowBytes: 4096 } as const;
  // Nothing is ever flushed: the log holds it all.
  const flushPolicy = { rows: 1e9, bytes: 1e9, ageMsMax: 1e9 };
  const node = await startNode(options, { env, storeKind: new MemoryStoreDisk(), flushPolicy });
  // More than is handed out for applying at once.
  const large = 'v'.repeat(100_000);
  for (let i = 0; i < 80; i += 1) await node.put(`key-${i}`, large);
  await node.put('last', 'x');
  const left = disk.copy();
  const again = await startNode(options, {
    env: { ...env, disk: left },
    storeKind: new MemoryStoreDisk(),
    flushPolicy,
  });
  await again.ready();
  assert.equal((await again.get('key-0')).kv?.version, 1);
  assert.equal(defaultShardOf(again).revision, 82);
  assert.ok((await readsOf(again)) > 0);
  await Promise.all([node.close(), again.close()]);
});
