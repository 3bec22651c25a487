import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createClient } from '../client.js';
import { failure } from '../testing/client-error.js';
import { FakeCluster } from '../testing/fake-cluster.js';
import { AbortListeners } from './abort-listeners.js';

test('those that wait for a signal share a listener, are each told once, and leave nothing behind', () => {
  const listeners = new AbortListeners();
  const controller = new AbortController();
  const { signal } = controller;
  const told: number[] = [];
  const ends = Array.from({ length: 20 }, (_, at) => listeners.listen(signal, () => told.push(at)));
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  for (const end of ends) end();
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  for (const at of [1, 2]) listeners.listen(signal, () => told.push(at));
  ends[0]?.();
  controller.abort();
  listeners.listen(signal, () => told.push(3));
  assert.deepEqual(told, [1, 2, 3]);
});

test('calls and lists with one signal put one listener on it each kind, and end with it', async () => {
  const cluster = new FakeCluster(['a:1']);
  const { clock } = cluster;
  const client = createClient(['a:1'], {}, cluster.deps);
  await clock.until(client.set('k', 'v'));
  cluster.rowsBeforeFate = 0;
  cluster.fate = () => 'silent';
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 20 }, () => failure(client.get('k', { signal })));
  const lists = Array.from({ length: 20 }, () => failure(client.list({ signal }).next()));
  await clock.advance(1);
  assert.equal(getEventListeners(signal, 'abort').length, 2);
  controller.abort('enough');
  for (const { code, cause } of await clock.until(Promise.all([...calls, ...lists]))) {
    assert.deepEqual([code, cause], ['CANCELLED', 'enough']);
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  const closed = failure(client.list().next());
  await clock.advance(1);
  await clock.until(client.close());
  assert.equal((await clock.until(closed)).message, 'the client is closed');
});
