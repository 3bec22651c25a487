import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { startTestFace } from './testing/test-face.js';

const rows: readonly (readonly [path: string, status: number, text: string])[] = [
  ['/Get/hello', 404, 'Key not found'],
  ['/Delete/hello', 404, 'Key not found'],
  ['/Set/hello/world', 200, "Set key 'hello' to value 'world'\n"],
  ['/Get/hello', 200, 'world'],
  ['/Delete/hello', 200, "Deleted key 'hello'\n"],
  ['/Get/hello', 404, 'Key not found'],
  ['/Set/a%2Fb/x%20%C3%A9+y', 200, "Set key 'a/b' to value 'x é+y'\n"],
  ['/Get/a%2Fb', 200, 'x é+y'],
  ['/isLeader', 200, 'I am the leader'],
  ['/Health', 200, 'OK'],
  ...[
    '/Set',
    '/Set/',
    '/Set/hello',
    '/Set/hello/',
    '/Set//world',
    '/Set/a/b/c',
    '/Set/%zz/v',
    '/Set/k/%4',
    '/Set/k/v?x=1',
  ].map((path) => [path, 400, 'Invalid URL format. Expected Set/{key}/{value}'] as const),
  ...['/Get', '/Get/', '/Get/a/b', '/Get/%'].map(
    (path) => [path, 400, 'Invalid URL format. Expected Get/{key}'] as const,
  ),
  ...['/Delete', '/Delete/', '/Delete/a/b', '/Delete/%'].map(
    (path) => [path, 400, 'Invalid URL format. Expected Delete/{key}'] as const,
  ),
];

test('the demo routes answer exactly as documented', async (t) => {
  const face = await startTestFace(t, { demoRoutes: true });
  for (const [path, status, text] of rows) {
    const answer = await face.call('GET', path);
    assert.equal(answer.status, status, path);
    assert.equal(answer.text, text, path);
  }
  face.info.isLeader = false;
  assert.equal((await face.call('GET', '/isLeader')).text, 'I am not the leader');
});

test('demo routes change nothing by another method, and tell failures in words', async (t) => {
  const face = await startTestFace(t, { demoRoutes: true });
  for (const method of ['HEAD', 'POST', 'PUT']) {
    const answer = await face.call(method, '/Set/a/b');
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'GET');
  }
  assert.equal((await face.kv.get(Buffer.from('a'))).kv, undefined);
  face.kv.gate = () => Promise.reject(new KvorumError('UNAVAILABLE', 'no leader is known', { mayHaveHappened: false }));
  const answer = await face.call('GET', '/Set/a/b');
  assert.equal(answer.status, 503);
  assert.equal(answer.text, 'no leader is known\nThe write did not happen\n');
  for (const error of [new KvorumError('TIMEOUT', 'late', { mayHaveHappened: true }), new Error('a defect')]) {
    face.kv.gate = () => Promise.reject(error);
    const unclear = await face.call('GET', '/Delete/a');
    assert.match(unclear.text, /^[^\n]+\nThe write may have happened: read the key before trying again\n$/);
  }
  assert.doesNotMatch((await face.call('GET', '/Get/a')).text, /write/, 'a read has no outcome to tell');
});

test('demo routes are off unless asked for', async (t) => {
  const face = await startTestFace(t);
  for (const path of ['/Set/a/b', '/Get/a', '/Delete/a', '/isLeader', '/Health']) {
    assert.equal((await face.call('GET', path)).status, 404, path);
  }
});
