/** A process ends and another one opens the log on the same machine: what it reads from the system's cache may not be on disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../env/testing/seeded-random.js';
import { entries, newDisk, openFixture, shape, write } from './testing/wal-fixture.js';

test('R17: a batch whose sync failed is durable once a restarted node has read it', async () => {
  const disk = await newDisk();
  const first = await openFixture(disk);
  await write(first.wal, { shard: 1, entries: entries(1, 3, 1) });
  disk.faults.fail({ operation: 'append' }, 'EIO');
  first.wal.append([{ shard: 1, entries: entries(3, 5, 1) }], () => assert.fail('not durable'));
  await first.wal.close();
  assert.equal(first.failures.length, 1);

  const second = await openFixture(disk.afterProcess());
  assert.equal(shape(second.recovered.get(1)), '1:1 2:1 3:1 4:1');
  const afterRead = second.disk.cut(createSeededRandom(1));
  await write(second.wal, { shard: 1, entries: entries(5, 6, 1) });
  const afterWrite = second.disk.cut(createSeededRandom(1));

  assert.equal(shape((await openFixture(afterRead)).recovered.get(1)), '1:1 2:1 3:1 4:1');
  assert.equal(shape((await openFixture(afterWrite)).recovered.get(1)), '1:1 2:1 3:1 4:1 5:1');
});

test('N15: the name of a segment is durable once a restarted node has read it', async () => {
  const disk = await newDisk();
  const first = await openFixture(disk);
  await write(first.wal, { shard: 1, entries: entries(1, 3, 1) });
  // The process ends between the rename of the next segment and the sync of its name.
  disk.faults.stall({ operation: 'syncDir', count: 10 });
  first.wal.append([{ shard: 1, entries: entries(3, 4, 1, 3500) }], () => undefined);
  first.wal.append([{ shard: 1, entries: entries(4, 5, 1, 3500) }], () => undefined);
  for (let i = 0; i < 500; i++) await Promise.resolve();

  const second = await openFixture(disk.afterProcess());
  second.disk.faults.stall({ operation: 'syncDir', count: 10 });
  const held = second.recovered.get(1)?.entries.length ?? 0;
  await write(second.wal, { shard: 1, entries: entries(held + 1, held + 2, 1, 3500) });
  for (let seed = 0; seed < 10; seed++) {
    const { recovered } = await openFixture(second.disk.cut(createSeededRandom(seed)));
    assert.equal(recovered.get(1)?.entries.length, held + 1);
  }
});
