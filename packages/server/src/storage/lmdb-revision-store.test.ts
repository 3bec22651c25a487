import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRealDisk } from '../env/real-disk.js';
import { lmdbStoreKind, openLmdbStore } from './lmdb-revision-store.js';
import { StoreError } from './revision-store.js';
import { metaOf, putOf, testRevisionStore } from './testing/revision-store-suite.js';

testRevisionStore('LMDB', async () => {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-store-'));
  return { open: () => openLmdbStore(path), dispose: () => rm(path, { recursive: true }) };
});

async function withStorePath(run: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-store-'));
  await run(path);
  await rm(path, { recursive: true });
}

test('a file that is no store, cut off or damaged in a meta page is refused by a typed error', () =>
  withStorePath(async (path) => {
    const disk = createRealDisk();
    const store = await openLmdbStore(path);
    const puts = Array.from({ length: 500 }, (_, at) => putOf(at + 1, 0, 300));
    for (const meta of [1, 2, 3]) await store.commit({ puts, deletes: [], meta: metaOf(meta) });
    await store.close();
    const good = await readFile(`${path}/data.mdb`);
    await lmdbStoreKind.checkExisting(disk, path);
    const bads = [0, 100, 4_096, 8_191, 8_192, 20_000].map((length) => good.subarray(0, length));
    bads.push(Buffer.alloc(16_384), Buffer.alloc(16_384, 0x5a));
    for (const at of [24, 28, 48, 4_096 + 24, 4_096 + 28, 4_096 + 48]) {
      bads.push(Buffer.from(good));
      bads.at(-1)?.writeUInt8(0x77, at);
    }
    for (const bad of bads) {
      await writeFile(`${path}/data.mdb`, bad);
      const isDamaged = (error: unknown) => error instanceof StoreError && error.code === 'STORE_DAMAGED';
      await assert.rejects(lmdbStoreKind.checkExisting(disk, path), isDamaged, `${bad.length} bytes`);
    }
    await writeFile(`${path}/data.mdb`, good);
    const again = await openLmdbStore(path);
    assert.deepEqual(again.readMeta(), metaOf(3));
    await again.close();
  }));

test('S2: the files are readable by their owner only', () =>
  withStorePath(async (path) => {
    const store = await openLmdbStore(path);
    await store.close();
    for (const name of ['data.mdb', 'lock.mdb']) assert.equal((await stat(`${path}/${name}`)).mode & 0o777, 0o600);
  }));

test("an error of a scan's visitor comes through, and the store goes on", () =>
  withStorePath(async (path) => {
    const store = await openLmdbStore(path);
    await store.commit({ puts: [putOf(1)], deletes: [], meta: metaOf(1) });
    const own = new RangeError('mine');
    const visit = () => {
      throw own;
    };
    assert.throws(() => store.scan(0, 0, visit), own);
    const snapshot = store.openSnapshot();
    assert.throws(() => snapshot.scan(0, 0, visit), own);
    snapshot.close();
    await store.commit({ puts: [putOf(2)], deletes: [], meta: metaOf(2) });
    assert.deepEqual(store.readMeta(), metaOf(2));
    await store.close();
  }));
