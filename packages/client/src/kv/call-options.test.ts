import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, createClient } from '../client.js';
import type { ClientError } from '../base/errors.js';
import { failure } from '../testing/client-error.js';
import { FakeCluster } from '../testing/fake-cluster.js';
import { type WriteOptions, writeFields } from './call-options.js';

test('a condition that is given without its value is refused: the write would be unconditional', () => {
  const refused = { code: 'INVALID_ARGUMENT', field: 'ifModRevision' };
  for (const more of [{}, { ifAbsent: true }]) {
    const options: WriteOptions = { ...more };
    // As a program without types may say it: `{ ifModRevision: found?.modRevision }`.
    Reflect.set(options, 'ifModRevision', undefined);
    assert.throws(() => writeFields(options), refused);
  }
  assert.deepEqual(writeFields({ ifModRevision: 7 }), { ifModRevision: 7, ifAbsent: false });
  assert.deepEqual(writeFields({ ifAbsent: undefined }), { ifModRevision: 0, ifAbsent: false });
});

test('keys and values are text or bytes; what merely has a length is refused, not cut to bytes', async () => {
  const cluster = new FakeCluster(['a:1']);
  const client = createClient(['a:1'], {}, cluster.deps);
  const odd: unknown[] = [undefined, null, 7, {}, [1, 2], new Float64Array([1.5]), new Uint16Array([300])];
  for (const each of [...odd, new ArrayBuffer(2), new DataView(new ArrayBuffer(2))]) {
    const asValue = await cluster.clock.until(failure(call(client, 'set', 'k', each)));
    assert.deepEqual([asValue.code, asValue.field], ['INVALID_ARGUMENT', 'value']);
    const asKey = await cluster.clock.until(failure(call(client, 'get', each)));
    assert.deepEqual([asKey.code, asKey.field], ['INVALID_ARGUMENT', 'key']);
  }
  await cluster.clock.until(client.set(Buffer.from('k'), new Uint8Array([1, 2])));
  await cluster.clock.until(client.close());
});

test('an option that does not exist is refused with those that do: misspelt, it would silently be none', async () => {
  const cluster = new FakeCluster(['a:1']);
  const client = createClient(['a:1'], {}, cluster.deps);
  const { clock } = cluster;
  const calls: [field: string, failed: Promise<ClientError>, allowed: RegExp][] = [
    ['consistancy', failure(call(client, 'get', 'k', { consistancy: 'serializable' })), /consistency/],
    ['ifAbsnt', failure(call(client, 'set', 'k', 'v', { ifAbsnt: true })), /ifAbsent/],
    ['ifmodrevision', failure(call(client, 'delete', 'k', { ifmodrevision: 1 })), /ifModRevision/],
    ['prefx', failure(listOnce(client, { prefx: 'a/' })), /prefix/],
    ['from', failure(Promise.resolve().then(() => call(client, 'watch', { from: 3 }))), /fromRevision/],
    ['options', failure(call(client, 'get', 'k', null)), /object/],
    ['options', failure(call(client, 'set', 'k', 'v', 7)), /object/],
    ['signal', failure(call(client, 'get', 'k', { signal: 'now' })), /AbortSignal/],
    ['consistency', failure(call(client, 'get', 'k', { consistency: 'foo' })), /foo; allowed are 'linearizable'/],
    ['consistency', failure(call(client, 'get', 'k', { consistency: null })), /maxStalenessMs/],
  ];
  for (const [field, failed, allowed] of calls) {
    const error = await clock.until(failed);
    assert.deepEqual([error.code, error.field, error.mayHaveHappened], ['INVALID_ARGUMENT', field, false]);
    assert.match(error.message, allowed);
  }
  assert.deepEqual(cluster.seen('Get', 'Set', 'Delete', 'List', 'Watch'), []);
  await clock.until(client.close());
});

test('json: what is no JSON, written or read, is told by a ClientError that names the value', async () => {
  const cluster = new FakeCluster(['a:1']);
  const client = createClient(['a:1'], {}, cluster.deps);
  const { clock } = cluster;
  const circle: unknown[] = [];
  circle.push(circle);
  for (const each of [undefined, () => 1, 1n, circle]) {
    const error = await clock.until(failure(client.json.set('k', each)));
    assert.deepEqual([error.code, error.field, error.mayHaveHappened], ['INVALID_ARGUMENT', 'value', false]);
  }
  await clock.until(client.set('k', 'no {JSON'));
  const error = await clock.until(failure(client.json.get('k')));
  assert.deepEqual([error.code, error.field, error.mayHaveHappened], ['INVALID_ARGUMENT', 'value', false]);
  assert.ok(error.cause instanceof SyntaxError);
  await clock.until(client.close());
});

async function listOnce(client: Client, options: object): Promise<void> {
  await client.list(options).next();
}

/** As a program without types may call it. */
async function call(client: Client, verb: 'get' | 'set' | 'delete' | 'watch', ...args: unknown[]): Promise<void> {
  await Reflect.apply(Reflect.get(client, verb), client, args);
}
