/** Entries that are compacted, replaced, copied or freed while they are read back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entries, entry, newDisk, openFixture, state, WAL_DIR, write } from './testing/wal-fixture.js';
import { WalCompactedError } from './wal-errors.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const FIRST = `${WAL_DIR}/0000000001.wal`;

test('a segment is not freed while it is read', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  for (let index = 1; index <= 60; index++) await write(wal, { shard: 1, entries: [entry(index, 1, 200)] });
  const release = disk.faults.stall({ operation: 'read', path: FIRST });
  const read = wal.readEntries(1, 1, 4, 1 << 20);
  wal.compact(1, { index: 50, term: 1 });
  await write(wal, { shard: 1, entries: entries(61, 90, 1, 200) });
  await settled();
  assert.equal(await disk.exists(FIRST), true);
  release();
  assert.deepEqual(await read, entries(1, 4, 1, 200));
  await assert.rejects(wal.readEntries(1, 1, 4, 1 << 20), WalCompactedError);
  await wal.close();
  assert.equal(await disk.exists(FIRST), false);
});

test('entries replaced while they are read come as they were, or not at all', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  for (let index = 1; index <= 10; index++) await write(wal, { shard: 1, entries: [entry(index, 1, 50)] });
  const release = disk.faults.stall({ operation: 'read' });
  const read = wal.readEntries(1, 3, 11, 1 << 20);
  await write(wal, { shard: 1, entries: [entry(4, 2)], hardState: state(2, 0, 0) });
  release();
  assert.deepEqual(await read, entries(3, 11, 1, 50));
  await wal.close();
});

test('entries are read in whichever place they are while they are copied forward', async () => {
  const disk = await newDisk();
  const { wal, failures } = await openFixture(disk, { copyForwardBytes: 20_480 });
  const kept = entries(1, 4, 1, 50);
  await write(wal, { shard: 1, entries: kept, hardState: state(1, 1, 0) });
  const reads: Promise<unknown>[] = [];
  for (let index = 1; index <= 200; index++) {
    const written = write(wal, { shard: 2, entries: [entry(index, 1, 200)] });
    reads.push(wal.readEntries(1, 1, 4, 1 << 20));
    await written;
    wal.compact(2, { index, term: 1 });
    reads.push(wal.readEntries(1, 1, 4, 1 << 20));
  }
  for (const read of reads) assert.deepEqual(await read, kept);
  assert.deepEqual(failures, []);
  assert.equal(await disk.exists(FIRST), false);
  await wal.close();
});

test('closing waits for reads', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  await write(wal, { shard: 1, entries: entries(1, 5, 1) });
  const release = disk.faults.stall({ operation: 'read' });
  const read = wal.readEntries(1, 1, 5, 1 << 20);
  let isClosed = false;
  const closed = wal.close().then(() => (isClosed = true));
  await settled();
  assert.equal(isClosed, false);
  release();
  assert.deepEqual(await read, entries(1, 5, 1));
  await closed;
});
