import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Failpoint, failpoints } from '../env/failpoints.js';
import { replaceFile } from '../env/replace-file.js';
import { silentLog } from '../env/silent-log.js';
import { MemoryDisk } from '../env/testing/memory-disk.js';
import { createSeededRandom } from '../env/testing/seeded-random.js';
import { readCorruption, writeCorruption } from './corruption-mark.js';
import { FlushGate } from './flush-gate.js';
import { MemoryStoreDisk } from './memory-revision-store.js';
import { seal, SealedFileError } from './sealed-file.js';
import { StoreGenerations } from './store-generations.js';

const mark = { cause: 'minority', index: 12, detail: 'it differs in its content' } as const;

test('R14: a store marked as corrupt stays so after a power cut, other shards do not', async () => {
  const disk = new MemoryDisk();
  const kind = new MemoryStoreDisk();
  const open = (on: MemoryDisk) =>
    new StoreGenerations({ disk: on, kind, gate: new FlushGate(), log: silentLog }, 'd/shards');
  const stores = open(disk);
  const shard = await stores.open(1);
  assert.equal(shard.corruption, undefined);
  await shard.markCorrupt(mark);
  assert.deepEqual(shard.corruption, mark);
  const random = createSeededRandom(1);
  const after = disk.cut(random, {});
  kind.crash(random);
  const again = open(after);
  assert.deepEqual((await again.open(1)).corruption, mark);
  assert.equal((await again.open(2)).corruption, undefined);
  await again.close();
});

test('R6, R14: a power cut at any step of marking leaves a mark or none, after the last step the mark', async () => {
  const seen = new Set<string>();
  for (const point of failpoints.filter((name) => name.startsWith('corrupt'))) {
    for (let seed = 1; seed <= 20; seed += 1) {
      const disk = new MemoryDisk();
      let after: MemoryDisk | undefined;
      const hit = (name: Failpoint): void => {
        if (name === point) after = disk.cut(createSeededRandom(seed), {});
      };
      await disk.makeDir('d');
      await writeCorruption({ disk, failpoints: { hit } }, 'd/CORRUPT', 1, mark);
      assert.ok(after !== undefined, `${point} is passed`);
      const found = await readCorruption(after, 'd/CORRUPT', 1);
      if (found !== undefined) assert.deepEqual(found, mark);
      if (point === 'corruptAfterDirSync') assert.deepEqual(found, mark);
      seen.add(`${point} ${found !== undefined}`);
    }
  }
  assert.ok(seen.has('corruptBeforeDirSync true') && seen.has('corruptBeforeDirSync false'));
});

test('R14: a mark that says nothing understandable is damage, not health', async () => {
  const contents = [
    { format: 2, shard: 1, ...mark },
    { format: 1, shard: 2, ...mark },
    { format: 1, shard: 1, ...mark, cause: 'other' },
    { format: 1, shard: 1, ...mark, index: -1 },
    { format: 1, shard: 1, cause: 'record', index: 1 },
  ];
  for (const content of contents) {
    const disk = new MemoryDisk();
    const stores = new StoreGenerations(
      { disk, kind: new MemoryStoreDisk(), gate: new FlushGate(), log: silentLog },
      'd/shards',
    );
    await disk.makeDir('d/shards/shard-1');
    await replaceFile({ disk }, 'd/shards/shard-1/CORRUPT', seal(content), 'corrupt');
    await assert.rejects(stores.open(1), SealedFileError);
  }
});
