import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyBytesMax, requestBytesMax } from '@kvorum/protocol';
import { type KvorumNode, startNode } from '../node.js';
import { batchOperationsMax } from './request-checks.js';

/** Calls as JavaScript would make them, past the types. */
type Loose = (method: 'get' | 'put' | 'delete' | 'list', ...args: unknown[]) => Promise<unknown>;

async function withNode(run: (node: KvorumNode, loose: Loose) => Promise<void>): Promise<void> {
  const node = await startNode({ storage: 'memory', clientAddress: 'off' });
  const loose: Loose = (method, ...args) => Promise.resolve(Reflect.apply(Reflect.get(node, method), node, args));
  try {
    await run(node, loose);
  } finally {
    await node.close();
  }
}

test('S9: what is no string and no bytes never reaches the log', async () => {
  await withNode(async (node, loose) => {
    await node.put('good', '1');
    for (const wrong of [
      5,
      true,
      { a: 1 },
      { length: 2 },
      [1, 2],
      new ArrayBuffer(8),
      new Uint16Array([1, 300]),
      null,
      undefined,
    ]) {
      await assert.rejects(loose('put', 'k', wrong), { code: 'INVALID_ARGUMENT' });
      await assert.rejects(loose('put', wrong, 'v'), { code: 'INVALID_ARGUMENT' });
      await assert.rejects(loose('get', wrong), { code: 'INVALID_ARGUMENT' });
      await assert.rejects(loose('delete', wrong), { code: 'INVALID_ARGUMENT' });
    }
    assert.deepEqual(await node.kv.count(), { count: 1, revision: 2 });
  });
});

test('S9: a misspelt or mistyped option is refused, so that no condition is lost', async () => {
  await withNode(async (node, loose) => {
    const rows: [() => Promise<unknown>, string][] = [
      [() => loose('put', 'k', 'v', { ifRevision: 99 }), 'ifRevision'],
      [() => loose('put', 'k', 'v', { ifAbsent: 'false' }), 'ifAbsent'],
      [() => loose('put', 'k', 'v', { ifModRevision: 2, ifAbsent: true }), 'ifAbsent'],
      [() => loose('put', 'k', 'v', { timeoutMs: '5' }), 'timeoutMs'],
      [() => loose('put', 'k', 'v', null), 'options'],
      [() => loose('delete', 'k', { ifAbsent: 1 }), 'ifAbsent'],
      [() => loose('delete', 'k', { ifModRevision: 2, ifAbsent: true }), 'ifAbsent'],
      [() => loose('get', 'k', { revision: 0 }), 'revision'],
      [() => loose('get', 'k', { consistency: 'eventual' }), 'consistency'],
      [() => loose('get', 'k', { consistency: 'maxStaleness' }), 'maxStalenessMs'],
      [() => loose('get', 'k', { consistency: 'maxStaleness', maxStalenessMs: 0 }), 'maxStalenessMs'],
      [() => loose('get', 'k', { consistency: 'maxStaleness', maxStalenessMs: 2 ** 32 }), 'maxStalenessMs'],
      [() => loose('list', { consistency: 'serializable', maxStalenessMs: 5 }), 'maxStalenessMs'],
      [() => loose('list', { prefix: 5 }), 'prefix'],
      [() => loose('list', { limit: -1 }), 'limit'],
      [() => loose('list', { keys: true }), 'keys'],
      [() => loose('list', null), 'options'],
    ];
    for (const [call, field] of rows) {
      await assert.rejects(call, (error: { code?: string; details?: { field?: string } }) => {
        assert.deepEqual([error.code, error.details?.field], ['INVALID_ARGUMENT', field]);
        return true;
      });
    }
    assert.deepEqual(await node.kv.count(), { count: 0, revision: 1 });
  });
});

test('S9: keys and values at their limits', async () => {
  await withNode(async (node) => {
    const key = new Uint8Array(keyBytesMax);
    await node.put(key, new Uint8Array(requestBytesMax - keyBytesMax));
    await assert.rejects(node.put(key, new Uint8Array(requestBytesMax - keyBytesMax + 1)), {
      code: 'REQUEST_TOO_LARGE',
    });
    await assert.rejects(node.put(new Uint8Array(keyBytesMax + 1), ''), { code: 'KEY_TOO_LARGE' });
    await assert.rejects(node.put('', 'v'), { code: 'INVALID_ARGUMENT' });
  });
});

test('a list takes its prefix as text or bytes', async () => {
  await withNode(async (node) => {
    for (const key of ['a/1', 'a/2', 'b/1']) await node.put(key, key);
    for (const prefix of ['a/', new TextEncoder().encode('a/')]) {
      const listing = await node.list({ prefix });
      let count = 0;
      for await (const page of listing.pages) count += page.length;
      assert.equal(count, 2);
    }
  });
});

test('S9: a batch at its limits of operations and of bytes is taken, one more is refused as a whole', async () => {
  await withNode(async (node) => {
    const operation = (n: number) => ({ kind: 'put', key: new TextEncoder().encode(`k${n}`), value: nothing }) as const;
    const nothing = new Uint8Array(0);
    const all = Array.from({ length: batchOperationsMax + 1 }, (_, n) => operation(n));
    assert.equal((await node.kv.batch(all.slice(0, -1))).length, batchOperationsMax);
    await assert.rejects(node.kv.batch(all), { code: 'INVALID_ARGUMENT' });
    const half = { kind: 'put', key: Uint8Array.of(1), value: new Uint8Array(requestBytesMax / 2 - 1) } as const;
    assert.equal((await node.kv.batch([half, half])).length, 2);
    const more = { ...half, value: new Uint8Array(half.value.length + 1) };
    await assert.rejects(node.kv.batch([half, more]), (error: { code?: string; details?: object }) => {
      assert.ok(error.code === 'REQUEST_TOO_LARGE' || error.code === 'INVALID_ARGUMENT', error.code);
      return true;
    });
    assert.equal((await node.kv.count()).count, batchOperationsMax + 1, 'nothing of what was refused');
  });
});
