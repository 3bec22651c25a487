import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Disk, DiskError } from '../env/disk.js';
import { createRealDisk } from '../env/real-disk.js';
import { silentLog } from '../env/silent-log.js';
import { MemoryDisk } from '../env/testing/memory-disk.js';
import { createSeededRandom } from '../env/testing/seeded-random.js';
import { FlushGate } from './flush-gate.js';
import { lmdbStoreKind } from './lmdb-revision-store.js';
import { MemoryStoreDisk } from './memory-revision-store.js';
import { MemoryShardStores } from './memory-shard-stores.js';
import { type RevisionStore, StoreError, type StoreKind } from './revision-store.js';
import { seal, SealedFileError } from './sealed-file.js';
import type { ShardStores } from './shard-stores.js';
import { StoreGenerations } from './store-generations.js';
import { metaOf, putOf, revisionsOf } from './testing/revision-store-suite.js';

const open = (disk: Disk, kind: StoreKind, root = 'd/shards') =>
  new StoreGenerations({ disk, kind, gate: new FlushGate(), log: silentLog }, root);

const fill = (store: RevisionStore, main: number) =>
  store.commit({ puts: [putOf(main)], deletes: [], meta: metaOf(main) });

/** What every {@link ShardStores} must do. */
function testShardStores(
  name: string,
  start: () => Promise<{ stores: ShardStores; dispose: () => Promise<void> }>,
): void {
  const check = (title: string, run: (stores: ShardStores) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const { stores, dispose } = await start();
      await run(stores);
      await stores.close();
      await dispose();
    });
  };

  check('an install replaces the store whole; its readers drain', async (stores) => {
    const shard = await stores.open(1);
    await fill(shard.store, 1);
    const snapshot = shard.store.openSnapshot();
    const install = await shard.beginInstall();
    assert.equal(install.store.readMeta(), undefined);
    await fill(install.store, 2);
    assert.deepEqual([shard.generation, revisionsOf(shard.store)], [1, ['1.0']]);
    await install.activate();
    assert.deepEqual([shard.generation, revisionsOf(shard.store)], [2, ['2.0']]);
    await install.abort();
    assert.deepEqual(revisionsOf(snapshot), ['1.0']);
    snapshot.close();
    assert.deepEqual(revisionsOf(shard.store), ['2.0']);
  });

  check('an aborted install leaves the store as it was, and the next may begin', async (stores) => {
    const shard = await stores.open(1);
    await fill(shard.store, 1);
    const install = await shard.beginInstall();
    await assert.rejects(async () => shard.beginInstall(), /one install/);
    await fill(install.store, 2);
    await install.abort();
    await install.abort();
    const second = await shard.beginInstall();
    assert.equal(second.store.readMeta(), undefined);
    assert.deepEqual(revisionsOf(shard.store), ['1.0']);
    // Closing the shard aborts the install under way.
  });

  check('shards are listed, closed and removed one by one', async (stores) => {
    assert.deepEqual(await stores.list(), []);
    const shards = [await stores.open(10), await stores.open(2), await stores.open(0)];
    assert.deepEqual(await stores.list(), [0, 2, 10]);
    await assert.rejects(async () => stores.open(2), /is open/);
    await assert.rejects(async () => stores.remove(2), /open shard/);
    await shards[1]?.close();
    await shards[1]?.close();
    await stores.remove(2);
    assert.deepEqual(await stores.list(), [0, 10]);
    assert.equal((await stores.open(2)).store.readMeta(), undefined);
  });
}

testShardStores('memory', () => Promise.resolve({ stores: new MemoryShardStores(), dispose: () => Promise.resolve() }));

testShardStores('LMDB', async () => {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-gen-'));
  const stores = open(createRealDisk(), lmdbStoreKind, `${path}/shards`);
  return { stores, dispose: () => rm(path, { recursive: true }) };
});

test('LMDB: a store is found again after an install; without its data file it is damaged', async () => {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-gen-'));
  const disk = createRealDisk();
  const first = open(disk, lmdbStoreKind, path);
  const shard = await first.open(1);
  const install = await shard.beginInstall();
  await fill(install.store, 5);
  await install.activate();
  await first.close();
  assert.deepEqual(await disk.list(`${path}/shard-1`), ['CURRENT', 'store-2']);
  const again = open(disk, lmdbStoreKind, path);
  assert.deepEqual(revisionsOf((await again.open(1)).store), ['5.0']);
  await again.close();
  await rm(`${path}/shard-1/store-2/data.mdb`);
  const isDamaged = (error: unknown) => error instanceof StoreError && error.code === 'STORE_DAMAGED';
  await assert.rejects(open(disk, lmdbStoreKind, path).open(1), isDamaged);
  await rm(path, { recursive: true });
});

test('a CURRENT that is damaged, of another shard or names a missing store is refused', async () => {
  const disk = new MemoryDisk();
  const kind = new MemoryStoreDisk();
  const stores = open(disk, kind);
  await (await stores.open(1)).close();
  const good = await disk.readFile('d/shards/shard-1/CURRENT');
  for (let at = 0; at < good.length; at += 1) {
    const bad = good.slice();
    bad[at] = (bad[at] ?? 0) ^ 2;
    await disk.placeFile('d/shards/shard-1/CURRENT', bad);
    await assert.rejects(stores.open(1), SealedFileError);
  }
  const contents = [
    { format: 2, shard: 1, generation: 1, lastGeneration: 1 },
    { format: 1, shard: 2, generation: 1, lastGeneration: 1 },
    { format: 1, shard: 1, generation: 3, lastGeneration: 3 },
    { format: 1, shard: 1, generation: 2, lastGeneration: 1 },
  ];
  for (const content of contents) {
    await disk.placeFile('d/shards/shard-1/CURRENT', seal(content));
    await assert.rejects(stores.open(1), StoreError);
  }
});

test('R17: a step of an install that fails rejects; nothing is tried again', async () => {
  const disk = new MemoryDisk();
  const stores = open(disk, new MemoryStoreDisk());
  const shard = await stores.open(1);
  const install = await shard.beginInstall();
  await fill(install.store, 2);
  disk.faults.fail({ operation: 'rename', path: 'CURRENT' }, 'EIO');
  const isEio = (error: unknown) => error instanceof DiskError && error.code === 'EIO';
  await assert.rejects(install.activate(), isEio);
  assert.equal(shard.generation, 1);
});

/** A disk on which the process dies at a step: before it, or after it was done. */
function dyingDisk(disk: Disk, step: number, isAfter: boolean): Disk & { steps: number } {
  let steps = 0;
  const dead = () => new DiskError('crash', '', 'EIO');
  const wrap = async (run: () => Promise<void>) => {
    steps += 1;
    if (steps > step || (steps === step && !isAfter)) throw dead();
    await run();
    if (steps >= step) throw dead();
  };
  return {
    ...readsOf(disk),
    get steps() {
      return steps;
    },
    makeDir: (path) => wrap(() => disk.makeDir(path)),
    rename: (from, to) => wrap(() => disk.rename(from, to)),
    remove: (path) => wrap(() => disk.remove(path)),
    syncDir: (path) => wrap(() => disk.syncDir(path)),
  };
}

function readsOf(disk: Disk): Disk {
  return {
    makeDir: (path) => disk.makeDir(path),
    list: (path) => disk.list(path),
    exists: (path) => disk.exists(path),
    readFile: (path) => disk.readFile(path),
    open: (path, mode) => disk.open(path, mode),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDir: (path) => disk.syncDir(path),
    space: (path) => disk.space(path),
    lock: (path) => disk.lock(path),
    openLogWriter: () => disk.openLogWriter(),
  };
}

/** Creates a store with 1.0, then installs one with 2.0, as far as it comes; tells what was promised. */
async function installOn(disk: Disk, kind: StoreKind): Promise<'nothing' | 'first' | 'installing' | 'second'> {
  let promised: 'nothing' | 'first' | 'installing' | 'second' = 'nothing';
  try {
    const shard = await open(disk, kind).open(1);
    if (shard.store.readMeta() === undefined) await fill(shard.store, 1);
    promised = 'first';
    const install = await shard.beginInstall();
    assert.equal(install.store.readMeta(), undefined, 'no path is used twice');
    await fill(install.store, 2);
    promised = 'installing';
    await install.activate();
    promised = 'second';
    await shard.close();
  } catch (error) {
    assert.ok(error instanceof DiskError && error.operation === 'crash', String(error));
  }
  return promised;
}

test('R15: a power cut at each step leaves the store before or after the install, whole', async () => {
  const whole = dyingDisk(new MemoryDisk(), Number.MAX_SAFE_INTEGER, false);
  assert.equal(await installOn(whole, new MemoryStoreDisk()), 'second');
  const outcomes = new Set<string>();
  for (let step = 1; step <= whole.steps; step += 1) {
    for (const isAfter of [false, true]) {
      for (let seed = 1; seed <= 8; seed += 1) {
        const random = createSeededRandom(seed * 1_000 + step);
        const disk = new MemoryDisk();
        const kind = new MemoryStoreDisk();
        const promised = await installOn(dyingDisk(disk, step, isAfter), kind);
        kind.crash(random);
        // A second crash, in the recovery of the first.
        const again = disk.cut(random);
        await open(dyingDisk(again, 1 + (seed % 4), isAfter), kind)
          .open(1)
          .catch((error: unknown) => assert.ok(error instanceof DiskError, String(error)));
        const after = again.cut(random);
        const shard = await open(after, kind).open(1);
        const rows = revisionsOf(shard.store).join();
        outcomes.add(`${promised}: ${rows}`);
        const install = await shard.beginInstall();
        assert.equal(install.store.readMeta(), undefined, 'no path is used twice');
        await shard.close();
        const left = await after.list('d/shards/shard-1');
        assert.deepEqual(left, ['CURRENT', `store-${shard.generation}`]);
      }
    }
  }
  const allowed = ['nothing: ', 'first: 1.0', 'installing: 1.0', 'installing: 2.0', 'second: 2.0'];
  assert.deepEqual([...outcomes].sort(), [...allowed].sort());
});
