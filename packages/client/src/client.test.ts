/** The client against one real node. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type KvorumNode, startNode } from '@kvorum/server';
import type { Client } from './client.js';
import type { ClientOptions } from './base/options.js';
import { connect } from './connect.js';
import { failure } from './testing/client-error.js';

async function start(
  t: TestContext,
  options: ClientOptions = {},
): Promise<{ readonly node: KvorumNode; readonly client: Client }> {
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0' });
  t.after(() => node.close());
  const client = await connect(node.status().clientAddress ?? '', options);
  t.after(() => client.close());
  return { node, client };
}

for (const session of [true, false]) {
  for (const maxBatchOperations of [1, 256]) {
    test(`get, set and delete: session ${session}, batches of ${maxBatchOperations}`, async (t) => {
      const { client } = await start(t, { session, maxBatchOperations });
      const { revision } = await client.set('key', 'value');
      const found = await client.get('key');
      assert.deepEqual([found?.text(), found?.keyText(), found?.modRevision], ['value', 'key', revision]);
      assert.deepEqual(await client.set(Buffer.from('key'), Buffer.from([0, 255])), {
        revision: revision + 1,
        createRevision: revision,
        version: 2,
      });
      assert.deepEqual([...((await client.get('key'))?.value ?? [])], [0, 255]);
      assert.equal((await client.get('key', { revision }))?.text(), 'value');
      assert.deepEqual(await client.delete('key'), { revision: revision + 2, deleted: true });
      assert.deepEqual(await client.delete('key'), { revision: revision + 2, deleted: false });
      assert.equal(await client.get('key'), undefined);
      const many = Array.from({ length: 600 }, (_, at) => `many/${String(at).padStart(3, '0')}`);
      await Promise.all(many.map((key) => client.set(key, key)));
      const values = await Promise.all(
        [...many, 'nothing'].map((key) => client.get(key, { consistency: 'serializable' })),
      );
      assert.deepEqual(
        values.map((value) => value?.text()),
        [...many, undefined],
      );
    });
  }
}

test('conditions: the key is as it was read, or absent, or the call says what it is', async (t) => {
  const { client } = await start(t);
  const { revision } = await client.set('key', '1', { ifAbsent: true });
  const exists = await failure(client.set('key', '2', { ifAbsent: true }));
  assert.deepEqual(
    [exists.code, exists.revision, exists.mayHaveHappened, exists.retryable],
    ['CONDITION_FAILED', revision, false, false],
  );
  await client.set('key', '2', { ifModRevision: revision });
  const changed = await failure(client.delete('key', { ifModRevision: revision }));
  assert.deepEqual([changed.code, changed.revision], ['CONDITION_FAILED', revision + 1]);
  assert.equal((await failure(client.set('other', '2', { ifModRevision: 1 }))).revision, 0);
});

test('S9: arguments are refused with the field, before anything is sent', async (t) => {
  const { client } = await start(t);
  const rows: [Promise<unknown>, string, string?][] = [
    [client.get(''), 'key'],
    [client.set('k'.repeat(65_537), ''), 'key', 'KEY_TOO_LARGE'],
    [client.set('k', new Uint8Array(1536 * 1024 + 1)), 'value', 'REQUEST_TOO_LARGE'],
    [client.set('k', 'v', { ifModRevision: 1, ifAbsent: true }), 'ifAbsent'],
    [client.set('k', 'v', { ifModRevision: 0 }), 'ifModRevision'],
    [client.get('k', { revision: -1 }), 'revision'],
    [client.get('k', { timeoutMs: 0 }), 'timeoutMs'],
    [client.get('k', { consistency: { maxStalenessMs: 0 } }), 'consistency'],
    [client.list({ limit: -1 }).next(), 'limit'],
  ];
  for (const [call, field, code = 'INVALID_ARGUMENT'] of rows) {
    const error = await failure(call);
    assert.deepEqual([error.code, error.field, error.mayHaveHappened], [code, field, false]);
  }
  assert.equal(client.stats().servers[0]?.writes, 0);
});

test('a list has one revision, its range and its limit', async (t) => {
  const { client } = await start(t);
  for (const key of ['a/1', 'a/2', 'a/3', 'b']) await client.set(key, `value of ${key}`);
  const keys = async (options: Parameters<Client['list']>[0]) => {
    const found: string[] = [];
    for await (const row of client.list(options)) found.push(`${row.keyText()}=${row.text()}@${row.revision}`);
    return found;
  };
  assert.deepEqual(await keys({ prefix: 'a/', limit: 2 }), ['a/1=value of a/1@5', 'a/2=value of a/2@5']);
  assert.deepEqual(await keys({ start: 'a/3', keysOnly: true }), ['a/3=@5', 'b=@5']);
  assert.deepEqual(await keys({ end: 'a/2', revision: 3 }), ['a/1=value of a/1@3']);
  assert.equal((await keys({})).length, 4);
});

test('large values: a batch whose answer would be too large goes in pieces', async (t) => {
  const { client } = await start(t, { timeoutMs: 60_000, attemptTimeoutMs: 60_000 });
  const value = new Uint8Array(1024 * 1024).fill(7);
  const keys = Array.from({ length: 18 }, (_, at) => `large/${at}`);
  await Promise.all(keys.map((key) => client.set(key, value)));
  const found = await Promise.all(keys.map((key) => client.get(key)));
  assert.deepEqual(
    found.map((each) => each?.value.length),
    keys.map(() => value.length),
  );
});

test('json: what was set comes back, and an update never loses another one', async (t) => {
  const { client } = await start(t);
  await client.json.set('user', { name: 'Ann', tags: ['x'] });
  const user = await client.json.get<{ name: string }>('user');
  assert.equal(user?.value.name, 'Ann');
  assert.equal(await client.json.get('nobody'), undefined);
  await Promise.all(Array.from({ length: 20 }, () => client.json.update<number>('hits', (count = 0) => count + 1)));
  assert.equal((await client.json.get<number>('hits'))?.value, 20);
  assert.equal((await failure(client.json.set('key', undefined))).field, 'value');
});

test('a signal ends its call, and the end of the client ends all', async (t) => {
  const { client } = await start(t);
  const aborted = await failure(client.get('key', { signal: AbortSignal.abort(new Error('enough')) }));
  assert.deepEqual([aborted.code, aborted.mayHaveHappened], ['CANCELLED', false]);
  const controller = new AbortController();
  const [write, read] = [
    client.set('key', '1', { signal: controller.signal }),
    client.get('key', { signal: controller.signal }),
  ];
  controller.abort();
  assert.deepEqual([(await failure(write)).mayHaveHappened, (await failure(read)).code], [false, 'CANCELLED']);
  const last = failure(client.set('key', '2'));
  await Promise.all([client.close(), client.close()]);
  assert.equal((await last).code, 'CANCELLED');
  assert.equal((await failure(client.get('key'))).message, 'the client is closed');
  assert.equal((await failure(client.list().next())).code, 'CANCELLED');
});

test('connect: UNAVAILABLE where nobody listens, INVALID_ARGUMENT for what is no target', async (t) => {
  const { node, client } = await start(t);
  await client.close();
  const address = node.status().clientAddress ?? '';
  await node.close();
  const nobody = await failure(connect(address, { connectTimeoutMs: 200 }));
  assert.deepEqual([nobody.code, nobody.retryable], ['UNAVAILABLE', true]);
  assert.equal((await failure(connect('http://user@host'))).field, 'target');
  assert.equal((await failure(connect(address, { refreshMs: 1 }))).field, 'refreshMs');
});

test('the example of the README runs and prints what it should', async (t) => {
  const { node, client } = await start(t);
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync(`${folder}README.md`, 'utf8')) ?? [];
  const code = example.replace('127.0.0.1:2379', node.status().clientAddress ?? '');
  const args = ['--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  assert.deepEqual(stdout.trim().split('\n'), ['hello 2', 'greeting 2']);
  assert.equal((await client.json.get('visits'))?.value, 1);
});
