import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recoverLog } from './recover.js';
import { entries, entry, newDisk, openFixture, shape, SMALL, state, WAL_DIR, write } from './testing/wal-fixture.js';
import { WalCompactedError, WalDamagedError, WalLimitError, WalVersionError } from './wal-errors.js';

test('what was appended is there after a restart, for each shard', async () => {
  const disk = await newDisk();
  const first = await openFixture(disk);
  assert.equal(first.isFresh, true);
  await write(
    first.wal,
    { shard: 0, entries: entries(1, 4, 1), hardState: state(1, 2, 0) },
    { shard: 7, entries: [{ index: 1, term: 3, type: 'confChangeV2', data: Uint8Array.of(9) }] },
  );
  await write(first.wal, { shard: 0, entries: [entry(3, 2), entry(4, 2)], hardState: state(2, 1, 3) });
  await first.wal.close();
  await first.wal.close();
  const second = await openFixture(disk);
  assert.equal(second.isFresh, false);
  assert.equal(shape(second.recovered.get(0)), '1:1 2:1 3:2 4:2');
  assert.deepEqual(second.recovered.get(0)?.entries[3], entry(4, 2));
  assert.deepEqual(second.recovered.get(0)?.hardState, state(2, 1, 3));
  assert.deepEqual(second.recovered.get(7)?.entries, [
    { index: 1, term: 3, type: 'confChangeV2', data: Uint8Array.of(9) },
  ]);
  assert.deepEqual(second.wal.logBounds(0), { start: { index: 0, term: 0 }, lastIndex: 4 });
  assert.equal(second.wal.termAt(0, 2), 1);
  assert.equal(second.wal.termAt(0, 5), undefined);
  await second.wal.close();
});

test('P1, P2: what arrives during a sync is one batch with one sync, acknowledged in order', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  const before = wal.stats.syncs;
  const release = disk.faults.stall({ operation: 'append' });
  const order: number[] = [];
  const all: Promise<void>[] = [];
  for (let index = 1; index <= 20; index++) {
    all.push(
      new Promise((resolve) =>
        wal.append([{ shard: 1, entries: [entry(index, 1)] }], () => resolve(void order.push(index))),
      ),
    );
  }
  assert.equal(order.length, 0);
  release();
  await Promise.all(all);
  assert.equal(wal.stats.syncs - before, 2);
  assert.deepEqual(
    order,
    Array.from({ length: 20 }, (_, at) => at + 1),
  );
  await wal.close();
});

test('R10: nothing is acknowledged before the sync returned', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  const release = disk.faults.stall({ operation: 'append' });
  let isSynced = false;
  const written = write(wal, { shard: 1, entries: [entry(1, 1)] }).then(() => (isSynced = true));
  for (let i = 0; i < 100; i++) await Promise.resolve();
  assert.equal(isSynced, false);
  assert.equal(wal.syncStartedMs, 0);
  release();
  await written;
  assert.equal(wal.syncStartedMs, undefined);
  await wal.close();
});

test('a commit index alone costs no sync, keeps its place in the order and rides with the next batch', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  await write(wal, { shard: 1, entries: entries(1, 3, 1), hardState: state(1, 1, 0) });
  const { syncs } = wal.stats;
  await write(wal, { shard: 1, entries: [], hardState: state(1, 1, 2) });
  assert.equal(wal.stats.syncs, syncs);
  const order: string[] = [];
  wal.append([{ shard: 1, entries: [], hardState: state(1, 1, 2) }], () => order.push('lazy'));
  const done = new Promise<void>((resolve) =>
    wal.append([{ shard: 1, entries: [entry(3, 1)] }], () => resolve(void order.push('entry'))),
  );
  wal.append([{ shard: 1, entries: [], hardState: state(1, 1, 2) }], () => order.push('behind'));
  await done;
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assert.deepEqual(order, ['lazy', 'entry', 'behind']);
  await wal.close();
  const again = await openFixture(disk);
  assert.deepEqual(again.recovered.get(1)?.hardState, state(1, 1, 2));
  await again.wal.close();
});

test('hard state, conf state and removal outlive the segments they were written in', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  const confState = Uint8Array.of(1, 2, 3);
  await write(wal, { shard: 1, snapshot: { index: 10, term: 4, confState }, entries: [], hardState: state(5, 3, 10) });
  await new Promise<void>((resolve) => wal.removeShard(2, 77, resolve));
  for (let index = 1; index <= 60; index++) {
    await write(wal, { shard: 3, entries: [entry(index, 1, 200)] });
    wal.compact(3, { index, term: 1 });
  }
  await wal.close();
  const names = (await disk.list(WAL_DIR)).filter((name) => name.endsWith('.wal'));
  assert.ok(!names.includes('0000000001.wal') && names.length <= 3, names.join(' '));
  const { recovered, wal: again } = await openFixture(disk);
  assert.deepEqual(recovered.get(1)?.hardState, state(5, 3, 10));
  assert.deepEqual(recovered.get(1)?.logStart, { index: 10, term: 4 });
  assert.deepEqual(recovered.get(1)?.confState, confState);
  assert.equal(recovered.get(2)?.removedIncarnation, 77);
  assert.equal(recovered.get(3)?.entries.length, 0);
  await again.close();
});

test('a snapshot mark replaces the log, and the log goes on behind it', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  await write(wal, { shard: 1, entries: entries(1, 6, 1), hardState: state(1, 0, 3) });
  const snapshot = { index: 20, term: 3, confState: new Uint8Array(0) };
  await write(wal, { shard: 1, snapshot, entries: entries(21, 23, 3), hardState: state(3, 0, 20) });
  await wal.close();
  const again = await openFixture(disk);
  assert.equal(shape(again.recovered.get(1)), '21:3 22:3');
  await again.wal.close();
});

test('R7: copied entries free their segments and never truncate newer ones', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk, { copyForwardBytes: 20_480 });
  // Uncommitted entries of an idle shard in the oldest segment, newer ones of it in later segments.
  await write(wal, { shard: 1, entries: entries(1, 4, 1, 50), hardState: state(1, 1, 0) });
  for (let index = 1; index <= 120; index++) {
    await write(wal, { shard: 2, entries: [entry(index, 1, 200)] });
    wal.compact(2, { index, term: 1 });
    if (index === 30) await write(wal, { shard: 1, entries: entries(3, 6, 2, 50), hardState: state(2, 0, 0) });
    // At each moment, whichever of the entries were copied already.
    const found = (await recoverLog({ disk: disk.copy() }, WAL_DIR)).replay.recovered().get(1);
    assert.equal(shape(found), index < 30 ? '1:1 2:1 3:1' : '1:1 2:1 3:2 4:2 5:2', `after ${index}`);
  }
  await wal.close();
  const names = (await disk.list(WAL_DIR)).filter((name) => name.endsWith('.wal'));
  assert.ok(names.length <= 7 && !names.includes('0000000001.wal'), names.join(' '));
  const again = await openFixture(disk);
  assert.equal(shape(again.recovered.get(1)), '1:1 2:1 3:2 4:2 5:2');
  assert.deepEqual(again.recovered.get(1)?.hardState, state(2, 0, 0));
  const read = await again.wal.readEntries(1, 1, 6, 1 << 20);
  assert.deepEqual(read, again.recovered.get(1)?.entries);
  await again.wal.close();
});

test('R7: a few entries of an idle shard pin no segment, however small the log is', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk, { segmentBytes: 65_536 });
  await write(wal, { shard: 1, entries: entries(1, 3, 1, 50), hardState: state(1, 1, 0) });
  for (let index = 1; index <= 1_000; index++) {
    await write(wal, { shard: 2, entries: [entry(index, 1, 200)] });
    wal.compact(2, { index, term: 1 });
  }
  await wal.close();
  const names = (await disk.list(WAL_DIR)).filter((name) => name.endsWith('.wal'));
  assert.ok(names.length <= 3, names.join(' '));
  const again = await openFixture(disk);
  assert.equal(shape(again.recovered.get(1)), '1:1 2:1');
  await again.wal.close();
});

test('an idle shard that fills whole segments does not keep what others have let go of', async () => {
  const disk = await newDisk();
  const copyForwardBytes = 20 * 4096;
  const { wal } = await openFixture(disk, { copyForwardBytes });
  // Its retention has no reason to let go of these: five segments in which nothing else lies.
  for (let index = 1; index <= 80; index++) await write(wal, { shard: 1, entries: [entry(index, 1, 200)] });
  const idleBytes = wal.bytes;
  for (let index = 1; index <= 1_000; index++) {
    await write(wal, { shard: 2, entries: [entry(index, 1, 200)] });
    wal.compact(2, { index, term: 1 });
  }
  await wal.close();
  const { bytes } = wal;
  assert.ok(bytes <= copyForwardBytes + 2 * idleBytes, `${bytes} bytes of log for ${idleBytes} that are live`);
  const written = wal.stats.writtenBytes;
  assert.ok(written < 3 * 1_000 * 260, `${written} bytes written for ${1_000 * 260}`);
  const again = await openFixture(disk);
  assert.deepEqual(again.recovered.get(1)?.entries, entries(1, 81, 1, 200));
  await again.wal.close();
});

test('entries are read back from disk, bounded in bytes, and not before the log start', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  for (let index = 1; index <= 100; index++) await write(wal, { shard: 1, entries: [entry(index, 1, 100)] });
  assert.deepEqual(await wal.readEntries(1, 1, 101, 1 << 20), entries(1, 101, 1, 100));
  assert.equal((await wal.readEntries(1, 50, 101, 1)).length, 1);
  assert.equal((await wal.readEntries(1, 50, 101, 400)).length, 2);
  wal.compact(1, { index: 40, term: 1 });
  await assert.rejects(wal.readEntries(1, 40, 50, 1000), WalCompactedError);
  await assert.rejects(wal.readEntries(1, 90, 102, 1000), RangeError);
  await assert.rejects(wal.readEntries(9, 1, 2, 1000), RangeError);
  const release = disk.faults.stall({ operation: 'append' });
  const late = write(wal, { shard: 1, entries: [entry(101, 1)] });
  await assert.rejects(wal.readEntries(1, 101, 102, 1000), RangeError);
  release();
  await late;
  await wal.close();
});

test('an append larger than a batch or a segment gets its own, one above the limit is refused', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk, { appendBytesMax: 65536 });
  await write(wal, { shard: 1, entries: [entry(1, 1, 3000)] });
  await Promise.all([
    write(wal, { shard: 1, entries: [entry(2, 1, 10_000)] }),
    write(wal, { shard: 1, entries: [entry(3, 1, 10)] }),
    write(wal, { shard: 1, entries: [entry(4, 1, 30_000)] }),
    write(wal, { shard: 1, entries: [entry(5, 1, 10)] }),
  ]);
  assert.throws(() => wal.append([{ shard: 1, entries: [entry(6, 1, 65_536)] }], () => {}), WalLimitError);
  await wal.close();
  const again = await openFixture(disk);
  assert.equal(shape(again.recovered.get(1)), '1:1 2:1 3:1 4:1 5:1');
  assert.equal(again.recovered.get(1)?.entries[3]?.data.length, 30_000);
  await again.wal.close();
});

for (const operation of ['append', 'write', 'rename', 'syncDir', 'sync'] as const) {
  test(`R17: a failed ${operation} ends the log once, and nothing is acknowledged or retried`, async () => {
    const disk = await newDisk();
    const { wal, failures } = await openFixture(disk);
    disk.faults.fail({ operation, count: 3 }, 'EIO');
    let acknowledged = 0;
    for (let index = 1; index <= 100 && failures.length === 0; index++) {
      wal.append([{ shard: 1, entries: [entry(index, 1, 500)] }], () => acknowledged++);
      for (let i = 0; i < 50; i++) await Promise.resolve();
    }
    assert.equal(failures.length, 1);
    const atFailure = acknowledged;
    wal.append([{ shard: 1, entries: [entry(acknowledged + 1, 1)] }], () => acknowledged++);
    for (let i = 0; i < 50; i++) await Promise.resolve();
    assert.equal(acknowledged, atFailure);
    await wal.close();
    assert.equal(failures.length, 1);
  });
}

test('R24: the log tells of little space before anything fails, goes on with what it has, and tells when it is back', async () => {
  const disk = await newDisk();
  disk.capacityBytes = 40 * 4096;
  const { wal, space, clock, failures } = await openFixture(disk, { reserveBytes: 20 * 4096 });
  let index = 0;
  while (space.length === 0) {
    index++;
    await write(wal, { shard: 1, entries: [entry(index, 1, 500)] });
    clock.advance(1000);
  }
  assert.deepEqual(space, [true]);
  assert.equal(wal.isNoSpace, true);
  assert.ok((await disk.space('/')).freeBytes >= 18 * 4096);
  // The reserve takes what frees space.
  for (let i = 0; i < 20; i++) {
    index++;
    await write(wal, { shard: 1, entries: [entry(index, 1, 500)], hardState: state(1, 1, index) });
  }
  wal.compact(1, { index, term: 1 });
  await write(wal, { shard: 1, entries: [entry(index + 1, 1)] });
  for (let i = 0; i < 20; i++) {
    clock.advance(1000);
    for (let j = 0; j < 50; j++) await Promise.resolve();
  }
  assert.deepEqual(space, [true, false]);
  assert.deepEqual(failures, []);
  await wal.close();
});

test('S2: another format is refused, and damage is told without a change', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  await write(wal, { shard: 1, entries: [entry(1, 1)] });
  await wal.close();
  const path = `${WAL_DIR}/0000000001.wal`;
  const content = await disk.readFile(path);
  const { crc32 } = await import('node:zlib');
  const newer = content.slice();
  newer[8] = 2;
  new DataView(newer.buffer).setUint32(20, crc32(newer.subarray(0, 20)), true);
  const newerDisk = disk.copy();
  await newerDisk.placeFile(path, newer);
  await assert.rejects(openFixture(newerDisk), (error) => error instanceof WalVersionError && error.found === 2);
  const goneDisk = disk.copy();
  await goneDisk.rename(path, `${WAL_DIR}/0000000009.wal`);
  await assert.rejects(openFixture(goneDisk), WalDamagedError);
});

test('options are range-checked by name', async () => {
  const disk = await newDisk();
  await assert.rejects(openFixture(disk, { segmentBytes: 100 }), /segmentBytes is 100/);
  await assert.rejects(openFixture(disk, { ...SMALL, batchBytesMax: 1 }), /batchBytesMax is 1/);
});
