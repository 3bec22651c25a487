/** Reads with a bound for their age, against servers that are too far behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { createClient } from '../client.js';
import { failure } from '../testing/client-error.js';
import { FakeCluster } from '../testing/fake-cluster.js';

const addresses = ['a:1', 'b:1', 'c:1'];
const stale = new KvorumError('UNAVAILABLE', "this node's state may be 20 ms old", { field: 'max_staleness_ms' });
const bounded = { consistency: { maxStalenessMs: 1 } } as const;

test('a server whose state is too old for a read is no failed server: it goes on to another follower, then the leader', async () => {
  const cluster = new FakeCluster(addresses);
  const { clock } = cluster;
  const client = createClient(addresses, {}, cluster.deps);
  await clock.advance(10);
  await clock.until(client.set('k', 'v'));
  cluster.fate = ({ address, method }) =>
    address !== 'a:1' && ['Get', 'Batch', 'List'].includes(method) ? stale : 'ok';
  cluster.calls.length = 0;
  const beganMs = clock.nowMs();
  assert.equal((await clock.until(client.get('k', bounded)))?.text(), 'v');
  assert.ok(clock.nowMs() - beganMs < 10, 'without a pause');
  assert.deepEqual(cluster.seen('Get').sort(), ['a:1 Get', 'b:1 Get', 'c:1 Get']);
  await clock.until(Promise.all(Array.from({ length: 5 }, () => client.get('k', bounded))));
  cluster.rowsBeforeFate = 0;
  assert.equal((await clock.until(client.list(bounded).next())).done, false);
  assert.deepEqual(
    client.stats().servers.map(({ failures }) => failures),
    [0, 0, 0],
  );
  cluster.fate = () => 'ok';
  cluster.calls.length = 0;
  for (let at = 0; at < 4; at += 1) await clock.until(client.get('k'));
  assert.deepEqual(cluster.seen('Get').sort(), ['b:1 Get', 'b:1 Get', 'c:1 Get', 'c:1 Get']);
  await clock.until(client.close());
});

test('a bound that nobody meets ends with the time of the call, and the servers stay in use', async () => {
  const cluster = new FakeCluster(addresses);
  const { clock } = cluster;
  const client = createClient(addresses, {}, cluster.deps);
  await clock.advance(10);
  cluster.fate = ({ method }) => (method === 'Get' ? stale : 'ok');
  const error = await clock.until(failure(client.get('k', { ...bounded, timeoutMs: 2_000 })));
  assert.deepEqual([error.code, error.mayHaveHappened], ['TIMEOUT', false]);
  assert.match(error.message, /may be 20 ms old/);
  assert.ok(cluster.seen('Get').length < 20, 'with pauses');
  assert.ok(client.stats().servers.every(({ failures }) => failures === 0));
  await clock.until(client.close());
});
