import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, createClient } from '../client.js';
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

/** As a program without types may call it. */
async function call(client: Client, verb: 'get' | 'set', ...args: unknown[]): Promise<void> {
  await Reflect.apply(Reflect.get(client, verb), client, args);
}
