import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { staticClusterId } from './cluster/cluster-id.js';
import type { LogFields } from './env/env.js';
import { createRealEnv } from './env/real-env.js';
import { silentLog } from './env/silent-log.js';
import { type KvorumNode, startNode } from './node.js';
import { type ReadBackup, restoreBackup, verifyBackup } from './restore.js';
import { createRestoredDirectory } from './storage/data-directory.js';
import { SnapshotError } from './storage/snapshot-format.js';
import { defaultShardOf, fastTimings, freePorts, startCluster, waitFor } from './testing/cluster.js';

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes));
const valueOf = async (node: KvorumNode, key: string, revision?: number) =>
  text((await node.get(key, revision === undefined ? {} : { revision })).kv?.value);

async function temporary(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-restore-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Reads pieces of an odd size, as a file would be read. */
const reading = (bytes: Uint8Array): ReadBackup =>
  async function* () {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.slice(at, at + 1000);
  };

async function backupOf(node: KvorumNode): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await node.kv.backup()).chunks) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** A node with 200 writes of 20 keys, a deleted key and compacted history, and its backup. */
async function sourceBackup(): Promise<{ backup: Uint8Array; clusterId: string }> {
  const cluster = await startCluster(1);
  try {
    const node = await cluster.leader();
    for (let i = 0; i < 200; i += 1) await node.put(`key-${i % 20}`, `value-${i}`);
    await node.delete('key-7');
    await node.kv.compact(100);
    const backup = await backupOf(node);
    const { clusterId } = node.status();
    return { backup, clusterId };
  } finally {
    await cluster.close();
  }
}

async function assertState(node: KvorumNode): Promise<void> {
  assert.equal((await node.kv.count({ prefix: new TextEncoder().encode('key-') })).count, 19);
  assert.equal(await valueOf(node, 'key-3'), 'value-183');
  assert.equal(await valueOf(node, 'key-3', 150), 'value-143');
  assert.equal(await valueOf(node, 'key-7'), undefined);
  assert.equal(await valueOf(node, 'key-7', 201), 'value-187');
  await assert.rejects(node.get('key-3', { revision: 50 }), { code: 'COMPACTED' });
}

const single = { clientAddress: 'off', diskReserveBytes: 0, walSegmentBytes: 1 << 20, ...fastTimings } as const;

test('R9: one node restored: keys, history and revision are there, writes go on, and it survives a restart', async (t) => {
  const dataDir = join(await temporary(t), 'restored');
  const { backup, clusterId } = await sourceBackup();
  const restored = await restoreBackup(reading(backup), { ...single, dataDir });
  assert.equal(restored.revision, 202);
  assert.equal(restored.compactRevision, 100);
  assert.notEqual(restored.clusterId, clusterId);
  for (const revision of [203, 204]) {
    const node = await startNode({ ...single, dataDir });
    try {
      await node.ready();
      assert.equal(node.status().clusterId, restored.clusterId);
      await assertState(node);
      assert.equal((await node.put('new', String(revision))).revision, revision);
    } finally {
      await node.close();
    }
  }
});

test('three nodes restored from one file form a new cluster with equal states, which goes on when one is down', async (t) => {
  const root = await temporary(t);
  const { backup } = await sourceBackup();
  const ports = await freePorts(3);
  const peers = Object.fromEntries(ports.map((port, i) => [i + 1, `127.0.0.1:${port}`]));
  const optionsOf = (nodeId: number) => ({ ...single, nodeId, peers, dataDir: join(root, `node-${nodeId}`) });
  const ids = new Set<string>();
  for (const nodeId of [1, 2, 3]) ids.add((await restoreBackup(reading(backup), optionsOf(nodeId))).clusterId);
  assert.equal(ids.size, 1);
  assert.ok(!ids.has(staticClusterId('kvorum', [1, 2, 3])), 'never the id of a cluster that was not restored');
  const nodes = await Promise.all([1, 2, 3].map((nodeId) => startNode(optionsOf(nodeId))));
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  const [first, second, third] = nodes;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  await Promise.all(nodes.map((node) => node.ready()));
  for (const node of nodes) await assertState(node);
  assert.equal((await first.put('new', '1')).revision, 203);
  await third.close();
  assert.equal((await second.put('new', '2')).revision, 204);
  assert.equal(await valueOf(first, 'new'), '2');
  await waitFor(() => {
    const [a, b] = [first, second].map(defaultShardOf);
    return a?.appliedIndex === b?.appliedIndex && a?.chainHash === b?.chainHash ? true : undefined;
  }, 'equal states');
  assert.equal(defaultShardOf(first).contentHash, defaultShardOf(second).contentHash);
});

test('R5: a node that was not restored, or from another backup, is refused by one that was', async (t) => {
  const root = await temporary(t);
  const [one, other] = [await sourceBackup(), await sourceBackup()];
  const ports = await freePorts(3);
  const peers = Object.fromEntries(ports.map((port, i) => [i + 1, `127.0.0.1:${port}`]));
  const reasons = new Set<unknown>();
  const pairs = new Set<string>();
  const logOf = (nodeId: number) => ({
    ...silentLog,
    error: (_: string, { peer, reason }: LogFields = {}) => {
      reasons.add(reason);
      pairs.add([nodeId, Number(peer)].sort((a, b) => a - b).join('-'));
    },
  });
  const optionsOf = (nodeId: number) => ({ ...single, nodeId, peers, dataDir: join(root, `node-${nodeId}`) });
  const ids = [
    await restoreBackup(reading(one.backup), optionsOf(1)),
    await restoreBackup(reading(other.backup), optionsOf(2)),
  ];
  assert.notEqual(ids[0]?.clusterId, ids[1]?.clusterId);
  const nodes = await Promise.all([1, 2, 3].map((nodeId) => startNode({ ...optionsOf(nodeId), log: logOf(nodeId) })));
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  await waitFor(() => (pairs.size === 3 ? true : undefined), 'a refusal between each two nodes');
  assert.deepEqual([...reasons], ['otherCluster']);
  for (const node of nodes) assert.equal(node.status().state, 'forming');
});

test('R15: a flipped bit and a cut are refused, and nothing is written', async (t) => {
  const dataDir = join(await temporary(t), 'restored');
  const { backup } = await sourceBackup();
  const places = Array.from({ length: 40 }, (_, i) => Math.floor((i * (backup.length - 1)) / 39));
  for (const place of places) {
    const flipped = backup.slice();
    flipped[place] = (flipped[place] ?? 0) ^ (1 << (place % 8));
    for (const bad of [flipped, backup.slice(0, place)]) {
      await assert.rejects(restoreBackup(reading(bad), { ...single, dataDir }), SnapshotError);
      await assert.rejects(verifyBackup(reading(bad)()), SnapshotError);
      assert.equal(existsSync(dataDir), false);
    }
  }
});

test('a backup that changes between its two readings, or a disk that fails, leaves no data directory', async (t) => {
  const dataDir = join(await temporary(t), 'restored');
  const { backup } = await sourceBackup();
  let readings = 0;
  const changing: ReadBackup = () => reading((readings += 1) === 1 ? backup : backup.slice(0, -5))();
  await assert.rejects(restoreBackup(changing, { ...single, dataDir }), { code: 'SNAPSHOT_INCOMPLETE' });
  assert.deepEqual(await filesOf(dataDir), []);
  await restoreBackup(reading(backup), { ...single, dataDir });
  assert.deepEqual(await filesOf(dataDir), ['FORMAT', 'IDENTITY', 'INCARNATIONS', 'shards']);
});

async function filesOf(path: string): Promise<string[]> {
  return (await readdir(path)).filter((name) => !/^\.?LOCK/.test(name)).sort();
}

test('only an empty directory is restored into, and a restore that was cut off is no data directory', async (t) => {
  const root = await temporary(t);
  const { backup } = await sourceBackup();
  const full = join(root, 'full');
  await mkdir(full);
  await writeFile(join(full, 'mine'), 'x');
  const refused = { code: 'DATA_DIR_NOT_EMPTY' };
  await assert.rejects(restoreBackup(reading(backup), { ...single, dataDir: full }), refused);
  const used = join(root, 'used');
  await restoreBackup(reading(backup), { ...single, dataDir: used });
  await assert.rejects(restoreBackup(reading(backup), { ...single, dataDir: used }), refused);

  const cut = join(root, 'cut');
  const env = createRealEnv({ log: silentLog });
  const asWhenCut = {
    origin: '00000000000000aa',
    fill: async (storesPath: string) => {
      await mkdir(storesPath);
      await assert.rejects(startNode({ ...single, dataDir: cut }), { code: 'DATA_DIR_FOREIGN' });
      throw new Error('cut');
    },
  };
  const identity = { path: cut, nodeId: 1, clusterId: '00000000000000bb', configuredNodes: [1] };
  await assert.rejects(createRestoredDirectory(env, identity, asWhenCut), { message: 'cut' });
  assert.deepEqual(await filesOf(cut), []);
});

test('a backup holds every acknowledged write; one runs at a time and none outlives its node', async () => {
  const cluster = await startCluster(3);
  try {
    const [node] = await cluster.followers();
    assert.ok(node !== undefined);
    for (let i = 0; i < 50; i += 1) {
      const { revision } = await node.put('key', 'x'.repeat(10_000));
      if (i % 10 === 0) assert.equal((await verifyBackup(reading(await backupOf(node))())).revision, revision);
    }
    const unread = await node.kv.backup();
    await assert.rejects(node.kv.backup(), { code: 'TOO_MANY_REQUESTS' });
    unread.close();
    unread.close();
    const begun = await node.kv.backup({ consistency: 'serializable' });
    const chunks = begun.chunks[Symbol.asyncIterator]();
    assert.equal((await chunks.next()).done, false);
    await node.close();
    await assert.rejects(chunks.next(), { code: 'SNAPSHOT_TOO_SLOW' });
    await assert.rejects(node.kv.backup(), { code: 'STOPPED' });
    await assert.rejects(node.kv.backup({ consistency: 'serializable' }), { code: 'STOPPED' });
  } finally {
    await cluster.close();
  }
});
