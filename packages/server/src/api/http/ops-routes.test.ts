import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { startTestFace } from './testing/test-face.js';

test('S14: without a quorum /livez, /health, /version and /metrics answer, and /readyz says why not', async (t) => {
  const face = await startTestFace(t);
  face.info.metrics = 'kvorum_up 1\n';
  face.info.notReady = new KvorumError('UNAVAILABLE', 'no leader: 1 of 3 nodes is connected, 2 are needed');
  const ready = await face.call('GET', '/readyz');
  assert.equal(ready.status, 503);
  assert.deepEqual(ready.error, { code: 'UNAVAILABLE', message: 'no leader: 1 of 3 nodes is connected, 2 are needed' });
  const live = await face.call('GET', '/livez');
  assert.equal(live.status, 200);
  assert.equal(live.text, 'ok\n');
  const health = await face.call('GET', '/health');
  assert.equal(health.status, 200);
  const status = JSON.parse(health.text) as Record<string, unknown>;
  assert.equal(status['health'], 'false');
  assert.equal(status['nodeId'], 1);
  assert.deepEqual(status['warnings'], ['no leader: 1 of 3 nodes is connected, 2 are needed']);
  const version = await face.call('GET', '/version');
  assert.deepEqual(JSON.parse(version.text), { version: '0.1.0', node: process.versions.node, protocol: 1 });
  const metrics = await face.call('GET', '/metrics');
  assert.equal(metrics.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(metrics.text, 'kvorum_up 1\n');
});

test('S14: /readyz is green with a quorum, /livez red once the node failed', async (t) => {
  const face = await startTestFace(t);
  assert.equal((await face.call('GET', '/readyz')).text, 'ok\n');
  assert.equal((JSON.parse((await face.call('GET', '/health')).text) as Record<string, unknown>)['health'], 'true');
  face.info.isAlive = false;
  const live = await face.call('GET', '/livez?verbose');
  assert.equal(live.status, 503);
  assert.equal(live.error['code'], 'STOPPED');
});

test('many probes cost one readiness check', async (t) => {
  const face = await startTestFace(t, { readyCacheMs: 60_000 });
  await Promise.all(Array.from({ length: 20 }, () => face.call('GET', '/readyz')));
  assert.equal(face.info.readyChecks, 1);
  const uncached = await startTestFace(t, { readyCacheMs: 0 });
  await uncached.call('GET', '/readyz');
  await uncached.call('HEAD', '/readyz');
  assert.equal(uncached.info.readyChecks, 2);
});
