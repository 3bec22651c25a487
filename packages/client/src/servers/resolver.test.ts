/** The list of servers over time, against servers in a script's hands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { createClient } from '../client.js';
import { failure } from '../testing/client-error.js';
import { FakeCluster } from '../testing/fake-cluster.js';

test('one server suffices to find the others; new ones are found, those that are gone closed', async () => {
  const cluster = new FakeCluster(['a:1', 'b:1', 'c:1']);
  const client = createClient('a:1', {}, cluster.deps);
  const { clock } = cluster;
  await clock.advance(10);
  await clock.until(client.get('k'));
  cluster.addresses = ['a:1', 'c:1', 'd:1'];
  await clock.advance(5_000);
  for (let at = 0; at < 4; at += 1) await clock.until(client.get('k'));
  assert.deepEqual(
    client.stats().servers.map(({ address }) => address),
    ['a:1', 'c:1', 'd:1'],
  );
  assert.ok(cluster.seen('Get').includes('d:1 Get'));
  assert.deepEqual(
    (await clock.until(client.servers())).map(({ address, role }) => [address, role]),
    [
      ['a:1', 'leader'],
      ['c:1', 'follower'],
      ['d:1', 'follower'],
    ],
  );
  await clock.until(client.close());
});

test('after a failure the list is fetched at once, but not more often than every 100 ms, and asks those first that did well', async () => {
  const cluster = new FakeCluster(['a:1', 'b:1', 'c:1']);
  const client = createClient(['a:1', 'b:1', 'c:1'], { refreshMs: 60_000 }, cluster.deps);
  const { clock } = cluster;
  await clock.advance(200);
  cluster.calls.length = 0;
  cluster.fate = ({ address }) => (address === 'a:1' ? 'notSent' : 'ok');
  cluster.leader = 'b:1';
  cluster.term = 2;
  await clock.until(client.set('k', '1'));
  await clock.advance(50);
  assert.equal(cluster.seen('GetServers').length, 1);
  cluster.calls.length = 0;
  await clock.until(client.set('k', '2'));
  assert.deepEqual(cluster.seen('Set'), ['b:1 Set']);
  await clock.until(client.close());
});

test('a cluster that nobody reaches is asked for again and again, slower and slower; one that comes back is found', async () => {
  const cluster = new FakeCluster(['a:1']);
  cluster.fate = () => 'notSent';
  const client = createClient('a:1', {}, cluster.deps);
  const { clock } = cluster;
  await clock.advance(10_000);
  const asked = cluster.seen('GetServers').length;
  assert.ok(asked > 10 && asked < 60, `${asked}`);
  const error = await clock.until(failure(client.servers({ timeoutMs: 100 })));
  assert.deepEqual([error.code, error.mayHaveHappened], ['UNAVAILABLE', false]);
  cluster.fate = () => 'ok';
  await clock.advance(600);
  assert.equal((await clock.until(client.servers())).length, 1);
  await clock.until(client.close());
});

test('a stranger that answers at an old address is not believed', async () => {
  const cluster = new FakeCluster(['a:1', 'b:1']);
  const client = createClient('a:1', {}, cluster.deps);
  const { clock } = cluster;
  await clock.advance(10);
  cluster.clusterId = 2n;
  cluster.addresses = ['x:1'];
  await clock.advance(20_000);
  assert.deepEqual(
    client.stats().servers.map(({ address }) => address),
    ['a:1', 'b:1'],
  );
  await clock.until(client.close());
});

test('reads stay in the zone of the client', async () => {
  const cluster = new FakeCluster(['a:1', 'b:1', 'c:1']);
  cluster.zones = { 'b:1': 'north', 'c:1': 'south' };
  const client = createClient('a:1', { zone: 'south' }, cluster.deps);
  const { clock } = cluster;
  await clock.advance(10);
  for (let at = 0; at < 3; at += 1) await clock.until(client.get('k'));
  assert.deepEqual(cluster.seen('Get'), ['c:1 Get', 'c:1 Get', 'c:1 Get']);
  await clock.until(client.close());
});

test('a keyspace that does not exist is told at once, as what it is', async () => {
  const cluster = new FakeCluster(['a:1']);
  cluster.fate = () => new KvorumError('KEYSPACE_NOT_FOUND', 'there is no keyspace "nope"');
  const client = createClient(['a:1'], { keyspace: 'nope' }, cluster.deps);
  const error = await cluster.clock.until(failure(client.servers()));
  assert.deepEqual([error.code, error.retryable, cluster.clock.nowMs()], ['KEYSPACE_NOT_FOUND', false, 1]);
  await cluster.clock.until(client.close());
});

test('what a server says is told rather than that other addresses are dead, and a keyspace is asked for no further', async () => {
  const answers = { KEYSPACE_NOT_FOUND: 'there is no such keyspace', UNAVAILABLE: 'not yet' } as const;
  for (const code of ['KEYSPACE_NOT_FOUND', 'UNAVAILABLE'] as const) {
    const cluster = new FakeCluster(['a:1']);
    const { clock } = cluster;
    cluster.fate = ({ address }) => (address === 'b:1' ? new KvorumError(code, answers[code]) : 'notSent');
    const client = createClient(['a:1', 'b:1', 'c:1'], { keyspace: 'other' }, cluster.deps);
    const error = await clock.until(failure(client.servers({ timeoutMs: 1_000 })));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(answers[code]), error.message);
    assert.equal(clock.nowMs() < 100, code === 'KEYSPACE_NOT_FOUND');
    await clock.until(client.close());
  }
});
