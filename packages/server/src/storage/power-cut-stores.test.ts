import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeRevisionKey } from '@kvorum/core/kv/revision.js';
import { createSeededRandom } from '../env/testing/seeded-random.js';
import { PowerCutStores } from './testing/power-cut-stores.js';
import { metaOf, putOf, revisionsOf } from './testing/revision-store-suite.js';

test('R9: LMDB after a power cut holds every flushed commit whole, and nothing of a half one', async () => {
  const root = await mkdtemp(join(tmpdir(), 'kvorum-cut-'));
  const random = createSeededRandom(7);
  let stores = new PowerCutStores(await mkdtemp(join(root, 'a')));
  let flushed = 2;
  const seen = new Set<string>();
  for (let round = 0; round < 40; round += 1) {
    const store = await stores.open('d/shards/shard-1/store-1');
    const last = flushed;
    for (let at = 1; at <= 3; at += 1) await store.commit(cutOf(last + at));
    flushed = last + 3;
    const pending = store.commit(cutOf(flushed + 1));
    for (let turns = Math.floor(random.float() * 30); turns > 0; turns -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const after = stores.cut(await mkdtemp(join(root, 'a')), random);
    await pending;
    await store.close();
    stores = after;
    const again = await stores.open('d/shards/shard-1/store-1');
    const held = revisionsOf(again);
    const newest = Number(held.at(-1)?.split('.')[0]);
    assert.ok(newest === flushed || newest === flushed + 1, `${newest} of ${flushed}`);
    assert.deepEqual(again.readMeta(), metaOf(newest));
    assert.equal(held.length, 200, 'each commit has 100 rows and removes those of the last but one');
    await again.close();
    seen.add(newest === flushed ? 'flushed' : 'later');
    flushed = newest;
  }
  assert.deepEqual([...seen].sort(), ['flushed', 'later']);
  await rm(root, { recursive: true });
});

function cutOf(main: number) {
  const subs = Array.from({ length: 100 }, (_, sub) => sub);
  return {
    puts: subs.map((sub) => putOf(main, sub, 500)),
    deletes: subs.map((sub) => encodeRevisionKey(main - 2, sub)),
    meta: metaOf(main),
  };
}
