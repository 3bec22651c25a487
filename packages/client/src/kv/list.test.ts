/** Lists against servers in a script's hands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import { type Client, createClient } from '../client.js';
import { failure } from '../testing/client-error.js';
import { FakeCluster } from '../testing/fake-cluster.js';
import type { KeyValue } from '../base/key-value.js';
import type { ListOptions } from './list.js';

const keys = Array.from({ length: 10 }, (_, at) => `k${at}`);

async function start(): Promise<{ readonly cluster: FakeCluster; readonly client: Client }> {
  const addresses = ['a:1', 'b:1', 'c:1'];
  const cluster = new FakeCluster(addresses);
  const client = createClient(addresses, { attemptTimeoutMs: 100, timeoutMs: 1_000 }, cluster.deps);
  await cluster.clock.until(Promise.all(keys.map((key) => client.set(key, key))));
  return { cluster, client };
}

async function rows(client: Client, options: ListOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const row of client.list(options)) found.push(`${row.keyText()}@${row.revision}`);
  return found;
}

async function rest(list: AsyncIterable<KeyValue>): Promise<string[]> {
  const found: string[] = [];
  for await (const row of list) found.push(row.keyText());
  return found;
}

const requests = ({ calls }: FakeCluster) =>
  calls.filter(({ method }) => method === 'List').map(({ request }) => kvMethods.list.request.decode(request));

for (const fate of ['lost', 'silent', new KvorumError('STOPPED', 'the node stops')] as const) {
  test(`a list goes on elsewhere right after its last row, at its revision: ${String(fate)}`, async () => {
    const { cluster, client } = await start();
    let left = 2;
    cluster.fate = ({ method }) => (method === 'List' && left-- > 0 ? fate : 'ok');
    const found = await cluster.clock.until(rows(client, { limit: 8, keysOnly: true, consistency: 'serializable' }));
    assert.deepEqual(
      found,
      keys.slice(0, 8).map((key) => `${key}@11`),
    );
    assert.deepEqual(
      requests(cluster).map(({ start, limit, revision, consistency, keysOnly }) => [
        Buffer.from(start).toString(),
        limit,
        revision,
        consistency,
        keysOnly,
      ]),
      [
        ['', 8, 0, 1, true],
        ['k2\0', 5, 11, 0, true],
        ['k5\0', 2, 11, 0, true],
      ],
    );
    assert.notEqual(cluster.seen('List')[0], cluster.seen('List')[1]);
    await cluster.clock.until(client.close());
  });
}

test('a list that lost its server after its last row asks nobody for nothing', async () => {
  const { cluster, client } = await start();
  cluster.fate = ({ method }) => (method === 'List' ? 'lost' : 'ok');
  assert.equal((await cluster.clock.until(rows(client, { limit: 3 }))).length, 3);
  assert.equal(requests(cluster).length, 1);
  await cluster.clock.until(client.close());
});

test('a list ends when no row comes in its time, when its revision is gone, with its signal, and with the client', async () => {
  const { cluster, client } = await start();
  const { clock } = cluster;
  cluster.rowsBeforeFate = 0;
  cluster.fate = ({ method }) => (method === 'List' ? 'lost' : 'ok');
  const late = await clock.until(failure(rows(client, {})));
  assert.deepEqual([late.code, late.mayHaveHappened], ['TIMEOUT', false]);
  cluster.fate = ({ method }) =>
    method === 'List' ? new KvorumError('COMPACTED', 'gone', { compactRevision: 9 }) : 'ok';
  assert.equal((await clock.until(failure(rows(client, { revision: 2 })))).compactRevision, 9);
  cluster.fate = ({ method }) => (method === 'List' ? 'silent' : 'ok');
  const controller = new AbortController();
  const aborted = failure(rows(client, { signal: controller.signal }));
  await clock.advance(10);
  controller.abort();
  assert.equal((await clock.until(aborted)).code, 'CANCELLED');
  const closed = failure(rows(client, {}));
  await clock.advance(10);
  await clock.until(client.close());
  assert.equal((await clock.until(closed)).message, 'the client is closed');
  assert.equal(clock.timers, 0);
});

test('a server that falls silent is left, also after the reader has paused for long', async () => {
  const { cluster, client } = await start();
  const { clock } = cluster;
  let left = 1;
  cluster.fate = ({ method }) => (method === 'List' && left-- > 0 ? 'silent' : 'ok');
  const list = client.list();
  assert.equal((await clock.until(list.next())).done, false);
  await clock.advance(10_000);
  const found = await clock.until(rest(list));
  assert.deepEqual(found, keys.slice(1));
  assert.equal(requests(cluster).length, 2);
  await clock.until(client.close());
});

test('a row is waited for no longer than the list may, even if an attempt may take longer', async () => {
  const { cluster, client } = await start();
  const { clock } = cluster;
  cluster.rowsBeforeFate = 0;
  cluster.fate = ({ method }) => (method === 'List' ? 'silent' : 'ok');
  const fromMs = clock.nowMs();
  const error = await clock.until(failure(rows(client, { timeoutMs: 30 })));
  assert.deepEqual([error.code, clock.nowMs() - fromMs], ['TIMEOUT', 30]);
  await clock.until(client.close());
});
