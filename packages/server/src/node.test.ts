import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { type Disk, DiskError } from './env/disk.js';
import { createRealEnv } from './env/real-env.js';
import { silentLog } from './env/silent-log.js';
import { type KvorumNode, startNode } from './node.js';
import { NodeFailedError } from './node-failed-error.js';
import { defaultShardOf, freePorts, startCluster, waitFor } from './testing/cluster.js';

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes));
const valueOf = async (node: KvorumNode, key: string) => text((await node.get(key)).kv?.value);

async function keysOf(node: KvorumNode): Promise<string[]> {
  const keys: string[] = [];
  const listing = await node.list();
  for await (const page of listing.pages) for (const row of page) keys.push(text(row.key) ?? '');
  return keys;
}

/** Waits until all nodes applied the same index, and checks that they hold the same state. */
async function assertConverged(nodes: Iterable<KvorumNode>): Promise<void> {
  const all = [...nodes];
  await waitFor(
    () => new Set(all.map((node) => defaultShardOf(node).appliedIndex)).size === 1 || undefined,
    'equal applied index',
  );
  const states = all.map((node) => {
    const { chainHash, contentHash, revision } = defaultShardOf(node);
    return { chainHash, contentHash, revision };
  });
  for (const state of states) assert.deepEqual(state, states[0]);
}

test('one node in memory: put, get, conditions, delete, list, old revisions, compaction', async () => {
  const node = await startNode({ storage: 'memory', clientAddress: 'off' });
  try {
    await node.ready();
    assert.deepEqual(await node.put('a', '1'), { revision: 2, createRevision: 2, version: 1 });
    assert.deepEqual(await node.put('a', '2', { ifModRevision: 2 }), { revision: 3, createRevision: 2, version: 2 });
    await assert.rejects(node.put('a', '3', { ifModRevision: 2 }), (error) => {
      assert.ok(error instanceof KvorumError);
      assert.equal(error.code, 'CONDITION_FAILED');
      assert.equal(error.details.currentRevision, 3);
      return true;
    });
    await assert.rejects(node.put('a', '3', { ifAbsent: true }), { code: 'CONDITION_FAILED' });
    await node.put('b', '');
    assert.deepEqual(await keysOf(node), ['a', 'b']);
    assert.equal(text((await node.get('a', { revision: 2 })).kv?.value), '1');
    assert.deepEqual(await node.kv.count(), { count: 2, revision: 4 });
    assert.deepEqual(await node.delete('a'), { revision: 5, deleted: 1 });
    assert.deepEqual(await node.delete('a'), { revision: 5, deleted: 0 });
    assert.equal((await node.get('a')).kv, undefined);
    await node.kv.compact(4);
    await assert.rejects(node.get('a', { revision: 2 }), { code: 'COMPACTED' });
    await assert.rejects(node.get('a', { revision: 99 }), { code: 'FUTURE_REVISION' });
  } finally {
    await node.close();
  }
  await node.closed;
  await assert.rejects(node.put('a', '1'), { code: 'STOPPED' });
  await assert.rejects(node.get('a', { consistency: 'serializable' }), { code: 'STOPPED' });
});

test('a node tells clients of itself under the address that it advertises, as it tells the others', async () => {
  const advertiseClientAddress = 'a.example:2379';
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0', advertiseClientAddress });
  try {
    assert.equal(node.status().members[0]?.clientAddress, advertiseClientAddress);
    assert.equal(node.status().clientAddress, node.clientAddress);
  } finally {
    await node.close();
  }
});

test('what the parts of a node do is counted', async () => {
  const cluster = await startCluster(3);
  try {
    const leader = await cluster.leader();
    await Promise.all(Array.from({ length: 20 }, (_, i) => leader.put(`k${i}`, 'v')));
    await leader.get('k0');
    await waitFor(() => (defaultShardOf(leader).flushedIndex > 0 ? true : undefined), 'a flush');
    const figures = await leader.metricsText();
    const figureOf = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(figures)?.[1]);
    for (const name of [
      'kvorum_wal_appended_entries_total',
      'kvorum_wal_sync_duration_seconds_count',
      'kvorum_store_flushed_records_total',
      'kvorum_shard_applied_commands_total',
      'kvorum_shard_read_index_rounds_total',
      'kvorum_transport_sent_bytes_total',
      'kvorum_transport_connects_total',
    ]) {
      assert.ok(figureOf(name) > 0, `${name}: ${figureOf(name)}`);
    }
  } finally {
    await cluster.close();
  }
});

test('one node on disk: data is still there after a restart', async () => {
  const cluster = await startCluster(1);
  try {
    const first = await cluster.leader();
    for (let i = 0; i < 100; i += 1) await first.put(`key-${i % 10}`, `value-${i}`);
    const before = defaultShardOf(first);
    await cluster.stop(1);
    const again = await cluster.start(1);
    assert.equal(await valueOf(again, 'key-3'), 'value-93');
    assert.equal(defaultShardOf(again).contentHash, before.contentHash);
    assert.deepEqual(await again.kv.count(), { count: 10, revision: 101 });
  } finally {
    await cluster.close();
  }
});

test('three nodes: any node takes any request, and all end with the same state', async () => {
  const cluster = await startCluster(3);
  try {
    const followers = await cluster.followers();
    await Promise.all(
      followers.flatMap((node, n) => Array.from({ length: 50 }, (_, i) => node.put(`f${n}-${i}`, String(i)))),
    );
    for (const node of cluster.nodes.values()) {
      assert.equal(await valueOf(node, 'f1-49'), '49');
      assert.equal((await node.kv.count()).count, 100);
    }
    await assertConverged(cluster.nodes.values());
  } finally {
    await cluster.close();
  }
});

test('three nodes: a follower reads linearizably what was just written on another node', async () => {
  const cluster = await startCluster(3, { storage: 'memory' });
  try {
    const [writer, reader] = await cluster.followers();
    assert.ok(writer !== undefined && reader !== undefined);
    for (let i = 0; i < 100; i += 1) {
      await writer.put('counter', String(i));
      assert.equal(await valueOf(reader, 'counter'), String(i));
    }
  } finally {
    await cluster.close();
  }
});

test('three nodes on disk: the leader stops, the others go on, and it catches up when it is back', async () => {
  const cluster = await startCluster(3);
  try {
    const leader = await cluster.leader();
    await leader.put('before', 'x');
    const { nodeId } = leader.status();
    await cluster.stop(nodeId);
    const [survivor] = cluster.nodes.values();
    assert.ok(survivor !== undefined);
    await survivor.put('during', 'y');
    const back = await cluster.start(nodeId);
    assert.equal(await valueOf(back, 'before'), 'x');
    assert.equal(await valueOf(back, 'during'), 'y');
    await assertConverged(cluster.nodes.values());
  } finally {
    await cluster.close();
  }
});

test('R15: a node that was away longer than the log reaches gets a snapshot', async () => {
  const cluster = await startCluster(3, { logRetainBytes: 64 * 1024, logRetainBytesNode: 128 * 1024 });
  try {
    const leader = await cluster.leader();
    const away = (await cluster.followers())[0]?.status().nodeId ?? 0;
    await cluster.stop(away);
    const value = 'v'.repeat(1024);
    for (let i = 0; i < 20; i += 1) {
      await Promise.all(Array.from({ length: 50 }, (_, k) => leader.put(`k${i}-${k}`, value)));
    }
    await waitFor(
      () => defaultShardOf(leader).flushedIndex === defaultShardOf(leader).appliedIndex || undefined,
      'a flush',
    );
    const back = await cluster.start(away);
    await waitFor(() => defaultShardOf(back).revision === 1001 || undefined, 'the snapshot');
    assert.equal(await valueOf(back, 'k19-49'), value);
    await assertConverged(cluster.nodes.values());
    await cluster.stop(away);
    const again = await cluster.start(away);
    assert.equal(await valueOf(again, 'k0-0'), value);
    await assertConverged(cluster.nodes.values());
  } finally {
    await cluster.close();
  }
});

test('no quorum: a write fails within its time and says that it may have happened; S14: the node stays live', async () => {
  const cluster = await startCluster(3, { storage: 'memory', requestTimeoutMs: 500 });
  try {
    const leader = await cluster.leader();
    for (const follower of await cluster.followers()) await cluster.stop(follower.status().nodeId);
    await assert.rejects(leader.put('k', 'v'), (error) => {
      assert.ok(error instanceof KvorumError);
      assert.ok(error.code === 'TIMEOUT' || error.code === 'UNAVAILABLE', error.code);
      assert.equal(error.details.mayHaveHappened, error.code === 'TIMEOUT');
      return true;
    });
    await assert.rejects(leader.get('k'), { code: 'TIMEOUT' });
    assert.deepEqual((await leader.get('k', { consistency: 'serializable' })).kv, undefined);
    await assert.rejects(leader.ready(300));
    await waitFor(() => (leader.status().isReady ? undefined : true), 'the leader to step down');
  } finally {
    await cluster.close();
  }
});

test('S2: a path that can not be a data directory is named, with the reason', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'kvorum-test-')), 'file');
  await writeFile(file, '');
  for (const dataDir of [file, join(file, 'below')]) {
    await assert.rejects(startNode({ dataDir, clientAddress: 'off' }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'DATA_DIR_UNUSABLE');
      assert.match(error.message, /can't be the data directory: it, or a part of it, is a file|it is a file/);
      return true;
    });
  }
  await rm(dirname(file), { recursive: true });
});

test('R5: a wiped node is refused with a clear message and ends', async () => {
  const cluster = await startCluster(3);
  try {
    await (await cluster.leader()).put('k', 'v');
    const wiped = (await cluster.followers())[0]?.status().nodeId ?? 0;
    await cluster.stop(wiped);
    await rm(cluster.dataDir(wiped), { recursive: true });
    const node = await cluster.start(wiped);
    cluster.nodes.delete(wiped);
    await assert.rejects(node.closed, (error) => {
      assert.ok(error instanceof NodeFailedError);
      assert.equal(error.kind, 'identityRefused');
      assert.match(error.message, /wiped or replaced/);
      return true;
    });
    await (await cluster.leader()).put('k', 'still works');
  } finally {
    await cluster.close();
  }
});

test('a new cluster does not start before every node was met', async () => {
  const cluster = await startCluster(3, { storage: 'memory' });
  try {
    await cluster.leader();
  } finally {
    await cluster.close();
  }
  const ports = await freePorts(3);
  const alone = await startNode({
    storage: 'memory',
    clientAddress: 'off',
    nodeId: 1,
    peers: Object.fromEntries(ports.map((port, i) => [i + 1, `127.0.0.1:${port}`])),
    heartbeatMs: 10,
    electionTimeoutMs: 30,
    requestTimeoutMs: 200,
  });
  try {
    await assert.rejects(alone.put('k', 'v'), (error) => {
      assert.ok(error instanceof KvorumError);
      assert.deepEqual([error.code, error.details.mayHaveHappened], ['UNAVAILABLE', false]);
      return true;
    });
    assert.equal(alone.status().state, 'forming');
    assert.match(alone.status().warnings.join(), /waiting for node 2/);
    assert.deepEqual(
      alone.status().shards.map(({ term }) => term),
      [0, 0],
    );
  } finally {
    await alone.close();
  }
});

test('a node with nobody to hand leadership to stops at once', async () => {
  // Waiting for somebody to take over would take an election timeout: longer than this test may.
  const node = await startNode({ storage: 'memory', clientAddress: 'off', electionTimeoutMs: 100_000 });
  await node.ready();
  await node.close();
});

test('a node that sends a snapshot to a slow one closes without waiting for it', async () => {
  let isSending = false;
  const log = {
    ...silentLog,
    info: (message: string) => {
      isSending ||= message === 'sending a snapshot';
    },
  };
  const limits = { logRetainBytes: 64 * 1024, logRetainBytesNode: 128 * 1024, snapshotBytesPerSecond: 64 * 1024 };
  const cluster = await startCluster(3, { ...limits, log });
  try {
    const leader = await cluster.leader();
    const away = (await cluster.followers())[0]?.status().nodeId ?? 0;
    await cluster.stop(away);
    const value = 'v'.repeat(4096);
    for (let i = 0; i < 20; i += 1) {
      await Promise.all(Array.from({ length: 50 }, (_, k) => leader.put(`k${i}-${k}`, value)));
    }
    await waitFor(
      () => defaultShardOf(leader).flushedIndex === defaultShardOf(leader).appliedIndex || undefined,
      'a flush',
    );
    await cluster.start(away);
    await waitFor(() => isSending || undefined, 'the snapshot to be on its way');
    const startedMs = performance.now();
    await leader.close();
    assert.ok(performance.now() - startedMs < 5000);
  } finally {
    await cluster.close();
  }
});

/** A disk whose log writer fails its append number `failing`. */
function failingDisk(disk: Disk, failing: number): Disk {
  return {
    ...disk,
    async openLogWriter() {
      const writer = await disk.openLogWriter();
      let appends = 0;
      return {
        allocate: (bytes) => writer.allocate(bytes),
        openFile: (path) => writer.openFile(path),
        closeFile: (path) => writer.closeFile(path),
        close: () => writer.close(),
        append: (request, done) => {
          appends += 1;
          if (appends === failing) setImmediate(() => done(new DiskError('sync', request.path, 'EIO')));
          else writer.append(request, done);
        },
      };
    },
  };
}

test('R17: a log that fails while the shards are opened ends the start', async () => {
  const env = createRealEnv({ log: silentLog });
  await assert.rejects(startCluster(1, {}, { env: { ...env, disk: failingDisk(env.disk, 2) } }), (error) => {
    assert.ok(error instanceof NodeFailedError);
    assert.equal(error.kind, 'disk');
    return true;
  });
});
