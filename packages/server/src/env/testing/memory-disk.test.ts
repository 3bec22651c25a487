import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDisk } from './disk-suite.js';
import { MemoryDisk } from './memory-disk.js';
import { createSeededRandom } from './seeded-random.js';

testDisk('memory disk', async () => {
  const disk = new MemoryDisk();
  await disk.makeDir('/root');
  return { disk, root: '/root', dispose: () => Promise.resolve() };
});

test('N15: a cut keeps what was synced and tears what was not, at any byte', async () => {
  const disk = new MemoryDisk();
  await disk.makeDir('/d');
  const file = await disk.open('/d/f', 'create');
  await file.write(0, new Uint8Array(2000).fill(1));
  await file.sync();
  await disk.syncDir('/d');
  await file.write(1000, new Uint8Array(2000).fill(2));
  await disk.placeFile('/d/whole', new Uint8Array(3));
  await disk.open('/d/unsynced', 'create');
  const lengths = new Set<number>();
  let unsynced = 0;
  for (let seed = 0; seed < 200; seed++) {
    const left = disk.cut(createSeededRandom(seed));
    const content = await left.readFile('/d/f');
    assert.ok(content.subarray(0, 1000).every((byte) => byte === 1));
    assert.equal((await left.readFile('/d/whole')).length, 3);
    lengths.add(content.length);
    if (await left.exists('/d/unsynced')) unsynced++;
  }
  assert.ok(lengths.size > 20 && lengths.has(2000) && lengths.has(3000));
  assert.ok(unsynced > 50 && unsynced < 150);
});

test('a failed sync loses its bytes though a later sync succeeds', async () => {
  const disk = new MemoryDisk();
  const file = await disk.open('/f', 'create');
  await file.write(0, new Uint8Array(4));
  disk.faults.fail({ operation: 'sync' }, 'EIO');
  await assert.rejects(file.sync(), { code: 'EIO' });
  await file.sync();
  await disk.syncDir('/');
  assert.equal((await disk.cut(createSeededRandom(1)).readFile('/f')).length, 0);
});

test('R24: writes beyond the capacity fail with ENOSPC', async () => {
  const disk = new MemoryDisk();
  disk.capacityBytes = 100;
  const file = await disk.open('/f', 'create');
  await file.write(0, new Uint8Array(100));
  await assert.rejects(file.write(100, new Uint8Array(1)), { code: 'ENOSPC' });
  await file.write(0, new Uint8Array(100));
  assert.equal((await disk.space('/')).freeBytes, 0);
});
