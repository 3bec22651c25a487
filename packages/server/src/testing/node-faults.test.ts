import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogAppend, LogWriter } from '../env/disk.js';
import type { Env } from '../env/env.js';
import { createRealEnv } from '../env/real-env.js';
import { silentLog } from '../env/silent-log.js';
import type { DiskOperation } from '../env/testing/disk-faults.js';
import { MemoryDisk } from '../env/testing/memory-disk.js';
import { createSeededRandom } from '../env/testing/seeded-random.js';
import { type KvorumNode, startNode } from '../node.js';
import { NodeFailedError } from '../node-failed-error.js';
import { DATA_DIRECTORY_FORMAT } from '../storage/data-directory.js';
import { MemoryStoreDisk } from '../storage/memory-revision-store.js';
import { StoreError, type StoreKind } from '../storage/revision-store.js';
import { seal } from '../storage/sealed-file.js';
import { defaultShardOf, fastTimings, startCluster, waitFor } from './cluster.js';

const options = { dataDir: 'data', clientAddress: 'off', diskReserveBytes: 0, walSegmentBytes: 64 * 1024 } as const;

/** Counts what reaches the disk. */
class CountingDisk extends MemoryDisk {
  appends = 0;

  override async openLogWriter(): Promise<LogWriter> {
    const writer = await super.openLogWriter();
    const append = writer.append.bind(writer);
    writer.append = (request: LogAppend, done) => {
      this.appends += 1;
      append(request, done);
    };
    return writer;
  }
}

function start(disk: MemoryDisk, storeKind: StoreKind = new MemoryStoreDisk(), extra = {}): Promise<KvorumNode> {
  const env: Env = { ...createRealEnv({ log: silentLog }), disk, random: createSeededRandom(1) };
  return startNode({ ...options, ...extra }, { env, storeKind });
}

async function endsBy(node: KvorumNode, kind: string): Promise<void> {
  await assert.rejects(node.closed, (error) => error instanceof NodeFailedError && error.kind === kind);
  assert.equal(node.status().state, 'failed');
  await assert.rejects(node.put('later', 'x'), { code: 'STOPPED' });
  await assert.rejects(node.get('before'), { code: 'STOPPED' });
}

test('R17: a failed write or sync of the log ends the node: no answer, no second try', async () => {
  const disk = new CountingDisk();
  const node = await start(disk);
  await node.put('before', 'x');
  disk.faults.fail({ operation: 'append' }, 'EIO');
  const appends = disk.appends;
  await assert.rejects(node.put('hit', 'x'), (error: { details?: { mayHaveHappened?: boolean } }) => {
    assert.equal(error.details?.mayHaveHappened, true);
    return true;
  });
  await endsBy(node, 'disk');
  assert.equal(disk.appends, appends + 1, 'the failed append was the last');
});

for (const operation of ['write', 'sync', 'open', 'syncDir'] satisfies DiskOperation[]) {
  test(`R17: a failed ${operation} while a segment is made ends the node`, async () => {
    const disk = new MemoryDisk();
    const node = await start(disk);
    await node.put('before', 'x');
    disk.faults.fail({ operation, path: 'wal' }, 'EIO');
    const filled = (async () => {
      for (let i = 0; i < 100; i += 1) await node.put('fill', 'x'.repeat(8 * 1024));
    })();
    await assert.rejects(filled);
    await endsBy(node, 'disk');
  });
}

test('R17: a failed flush of the store ends the node', async () => {
  let isBroken = false;
  const flush = () => (isBroken ? Promise.reject(new StoreError('STORE_IO', 'EIO')) : Promise.resolve());
  const node = await start(new MemoryDisk(), new MemoryStoreDisk({ flush }));
  await node.put('before', 'x');
  isBroken = true;
  await node.put('unflushed', 'x');
  await endsBy(node, 'disk');
});

test('R24: below the reserve puts answer NO_SPACE before anything fails, deletes and compaction go on, and it clears by itself', async () => {
  const disk = new MemoryDisk();
  const node = await start(disk, new MemoryStoreDisk(), { diskReserveBytes: 1024 * 1024 });
  for (let i = 0; i < 5; i += 1) await node.put(`key-${i}`, 'x');
  const { freeBytes, totalBytes } = await disk.space('data');
  disk.capacityBytes = totalBytes - freeBytes + 512 * 1024;
  const refusal = await waitFor(() => noSpaceOf(node), 'the reserve to be noticed');
  assert.match(refusal, /space/);
  await assert.rejects(node.put('more', 'x'), (error: { code?: string; details?: { mayHaveHappened?: boolean } }) => {
    assert.deepEqual([error.code, error.details?.mayHaveHappened], ['NO_SPACE', false]);
    return true;
  });
  assert.equal((await node.delete('key-0')).deleted, 1);
  await node.kv.compact(4);
  assert.equal((await node.get('key-1')).kv?.version, 1);
  disk.capacityBytes = totalBytes;
  await waitFor(() => (noSpaceOf(node) === undefined ? true : undefined), 'the space to be noticed');
  await node.put('more', 'x');
  await node.close();
});

function noSpaceOf(node: KvorumNode): string | undefined {
  return node.status().warnings.find((warning) => /space/.test(warning));
}

test('R16: a damaged log refuses the start and nothing on disk changes', async () => {
  const disk = new MemoryDisk();
  const node = await start(disk);
  for (let i = 0; i < 50; i += 1) await node.put(`key-${i}`, 'x'.repeat(200));
  const left = disk.copy();
  await node.close();
  const name = (await left.list('data/wal'))[0];
  const path = `data/wal/${name}`;
  const bytes = await left.readFile(path);
  bytes[2000] = (bytes[2000] ?? 0) ^ 1;
  await left.placeFile(path, bytes);
  const before = await contentOf(left, 'data');
  await assert.rejects(start(left), (error) => error instanceof NodeFailedError && error.kind === 'damaged');
  assert.deepEqual(await contentOf(left, 'data'), before);
});

test('S2: a second process on the directory, another node id and a newer format are refused with typed errors', async () => {
  const disk = new MemoryDisk();
  const node = await start(disk);
  await assert.rejects(start(disk), { code: 'DATA_DIR_LOCKED' });
  await node.close();
  await assert.rejects(start(disk, new MemoryStoreDisk(), { nodeId: 2, peers: { 2: '127.0.0.1:1' } }), (error) => {
    assert.ok(error instanceof Error && 'code' in error);
    assert.match(String(error.code), /DATA_DIR_OTHER_(NODE|CLUSTER)/);
    return true;
  });
  await disk.placeFile('data/FORMAT', seal({ program: 'kvorum', format: DATA_DIRECTORY_FORMAT + 1 }));
  await assert.rejects(start(disk), { code: 'DATA_DIR_NEWER_FORMAT' });
});

test('N10: a stall of the loop far beyond the election timeout causes no election', async () => {
  const cluster = await startCluster(3, { storage: 'memory' });
  try {
    const leader = await cluster.leader();
    const { term } = defaultShardOf(leader);
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (let stall = 0; stall < 3; stall += 1) {
      Atomics.wait(sleeper, 0, 0, 10 * fastTimings.electionTimeoutMs);
      await leader.put('after', String(stall));
    }
    assert.equal(await cluster.leader(), leader);
    assert.equal(defaultShardOf(leader).term, term);
  } finally {
    await cluster.close();
  }
});

test('R25: a leader whose log stalls longer than an election timeout gives up leadership', async () => {
  const disk = new MemoryDisk();
  const env: Env = { ...createRealEnv({ log: silentLog }), disk };
  const cluster = await startCluster(3, {}, { env, storeKind: new MemoryStoreDisk() });
  let release = (): void => undefined;
  try {
    const leader = await cluster.leader();
    const { nodeId } = leader.status();
    const [follower] = await cluster.followers();
    assert.ok(follower !== undefined);
    release = disk.faults.stall({ operation: 'append', path: `node-${nodeId}/` });
    const stuck = leader.put('meets the stall', 'x');
    await waitFor(() => (defaultShardOf(leader).role === 'leader' ? undefined : true), 'the leader to give up');
    await follower.put('after', 'x');
    release();
    await stuck;
    assert.equal((await leader.get('after')).kv?.version, 1);
  } finally {
    release();
    await cluster.close();
  }
});

/** All files below a directory, but the lock's. */
async function contentOf(disk: MemoryDisk, path: string): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  const names = await disk.list(path).catch(() => undefined);
  if (names === undefined) return content.set(path, Buffer.from(await disk.readFile(path)).toString('base64'));
  for (const name of names) {
    for (const [file, bytes] of await contentOf(disk, `${path}/${name}`)) content.set(file, bytes);
  }
  return content;
}
