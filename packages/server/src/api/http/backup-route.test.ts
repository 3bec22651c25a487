import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { startTestFace } from './testing/test-face.js';

const chunks = [1, 2, 3].map((byte) => new Uint8Array(100_000).fill(byte));

test('a backup is streamed with its revision and an estimate', async (t) => {
  const face = await startTestFace(t);
  face.kv.backupChunks = chunks;
  const asked: unknown[] = [];
  face.kv.gate = (operation, options) => {
    if (operation === 'backup') asked.push(options);
    return undefined;
  };
  const { status, headers, body } = await face.call('GET', '/backup?keyspace=default&timeout=700');
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/octet-stream');
  assert.equal(headers['x-kvorum-revision'], '1');
  assert.equal(headers['x-kvorum-bytes-estimate'], '300000');
  assert.ok(body.equals(Buffer.concat(chunks)));
  await face.call('GET', '/backup?serializable');
  assert.deepEqual(asked, [
    { consistency: 'linearizable', timeoutMs: 700 },
    { consistency: 'serializable', timeoutMs: undefined },
  ]);
  assert.equal(face.kv.openBackups, 0);
});

test('a backup that fails early has its own status, one that fails late is cut before its end', async (t) => {
  const face = await startTestFace(t);
  face.kv.backupChunks = chunks;
  face.kv.gate = (operation) => {
    if (operation === 'backup') throw new KvorumError('TOO_MANY_REQUESTS', 'one at a time');
    return undefined;
  };
  assert.equal((await face.call('GET', '/backup')).status, 429);
  let passed = 0;
  face.kv.gate = (operation) => {
    if (operation === 'chunk' && (passed += 1) === 3) throw new Error('too slow');
    return undefined;
  };
  await assert.rejects(face.call('GET', '/backup'), { code: 'ECONNRESET' });
  assert.equal(face.kv.openBackups, 0);
});

test('a client that goes away ends its backup', async (t) => {
  const face = await startTestFace(t);
  face.kv.backupChunks = Array.from({ length: 1000 }, () => new Uint8Array(256 * 1024));
  const socket = await face.open();
  socket.write('GET /backup HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  while (face.kv.openBackups > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('wrong methods, parameters and keyspaces are refused', async (t) => {
  const face = await startTestFace(t);
  const put = await face.call('PUT', '/backup');
  assert.deepEqual([put.status, put.headers.allow], [405, 'GET']);
  assert.equal((await face.call('GET', '/backup?keyspace=other')).error['code'], 'KEYSPACE_NOT_FOUND');
  assert.equal((await face.call('GET', '/backup?prefix=a')).status, 400);
});
