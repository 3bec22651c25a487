import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRevisionKey } from '@kvorum/core/kv/revision.js';
import { MemoryRevisionStore, MemoryStoreDisk } from './memory-revision-store.js';
import { StoreError } from './revision-store.js';
import { metaOf, putOf, revisionsOf, testRevisionStore } from './testing/revision-store-suite.js';

testRevisionStore('memory', () => {
  const disk = new MemoryStoreDisk();
  return Promise.resolve({ open: () => disk.open('store'), dispose: () => Promise.resolve() });
});

const cut = (main: number) => ({ puts: [putOf(main)], deletes: [encodeRevisionKey(main - 2, 0)], meta: metaOf(main) });

test('R9: a power cut leaves any prefix of the visible commits that holds all flushed ones', async () => {
  const flushes: (() => void)[] = [];
  const store = new MemoryRevisionStore('s', { flush: () => new Promise((resolve) => flushes.push(resolve)) });
  const pending = [11, 12, 13, 14].map((main) => store.commit(cut(main)));
  await turn();
  flushes.shift()?.();
  await pending[0];
  const seen = new Set<string>();
  for (let step = 0; step < 1; step += 0.05) {
    const image = store.crash({ float: () => step });
    const after = new MemoryRevisionStore('after', {}, image);
    const last = Number(revisionsOf(after).at(-1)?.split('.')[0]);
    assert.deepEqual(after.readMeta(), metaOf(last), 'meta is that of the last commit kept');
    assert.deepEqual(revisionsOf(after), last === 11 ? ['11.0'] : [`${last - 1}.0`, `${last}.0`]);
    seen.add(String(last));
  }
  assert.deepEqual([...seen], ['11', '12', '13', '14']);
  assert.deepEqual(revisionsOf(store), ['13.0', '14.0'], 'the store itself is untouched');
  for (const _ of pending) {
    await turn();
    flushes.shift()?.();
  }
  await Promise.all(pending);
});

test('R17: after a failed flush the store refuses everything', async () => {
  let isFull = false;
  const flush = () => (isFull ? Promise.reject(new StoreError('STORE_FULL', 'no room')) : Promise.resolve());
  const store = new MemoryRevisionStore('s', { flush });
  await store.commit(cut(11));
  isFull = true;
  const isNoRoom = (error: unknown) => error instanceof StoreError && error.code === 'STORE_FULL' && error.isFatal;
  const both = [store.commit(cut(12)), store.commit(cut(13))];
  for (const failed of both) await assert.rejects(failed, isNoRoom);
  isFull = false;
  await assert.rejects(store.commit(cut(14)), isNoRoom);
  assert.throws(() => store.get(11, 0), isNoRoom);
  await store.close();
});

test('a record that changes before its commit is visible is stored changed, as LMDB would', async () => {
  const store = new MemoryRevisionStore('s');
  const put = putOf(1);
  const pending = store.commit({ puts: [put], deletes: [], meta: metaOf(1) });
  put.record[15] = 99;
  await pending;
  assert.equal(store.get(1, 0)?.[15], 99);
});

test('a crashed disk opens its stores with what the crash left', async () => {
  const disk = new MemoryStoreDisk();
  const store = await disk.open('a');
  await store.commit(cut(3));
  disk.crash({ float: () => 0 });
  const again = await disk.open('a');
  assert.deepEqual(revisionsOf(again), ['3.0']);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
