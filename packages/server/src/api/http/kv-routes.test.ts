import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { KvorumError } from '@kvorum/protocol';
import { startTestFace } from './testing/test-face.js';

test('put, get and delete answer with the revisions in headers', async (t) => {
  const face = await startTestFace(t);
  const created = await face.call('PUT', '/kv/a', { body: 'one' });
  assert.equal(created.status, 200);
  assert.equal(created.text, '');
  assert.equal(created.headers['x-kvorum-revision'], '2');
  assert.equal(created.headers['x-kvorum-create-revision'], '2');
  assert.equal(created.headers['x-kvorum-version'], '1');
  assert.equal(created.headers.etag, '"2"');

  const changed = await face.call('PUT', '/kv/a', { body: 'two' });
  assert.equal(changed.headers['x-kvorum-revision'], '3');
  assert.equal(changed.headers['x-kvorum-create-revision'], '2');
  assert.equal(changed.headers['x-kvorum-version'], '2');
  await face.call('PUT', '/kv/b', { body: 'x' });

  const got = await face.call('GET', '/kv/a');
  assert.equal(got.status, 200);
  assert.equal(got.text, 'two');
  assert.equal(got.headers['content-type'], 'application/octet-stream');
  assert.equal(got.headers['x-kvorum-revision'], '4');
  assert.equal(got.headers['x-kvorum-mod-revision'], '3');
  assert.equal(got.headers['x-kvorum-create-revision'], '2');
  assert.equal(got.headers['x-kvorum-version'], '2');
  assert.equal(got.headers.etag, '"3"');

  const deleted = await face.call('DELETE', '/kv/a');
  assert.equal(deleted.status, 200);
  assert.equal(deleted.headers['x-kvorum-deleted'], '1');
  assert.equal(deleted.headers['x-kvorum-revision'], '5');
  const again = await face.call('DELETE', '/kv/a');
  assert.equal(again.status, 200);
  assert.equal(again.headers['x-kvorum-deleted'], '0');
  assert.equal(again.headers['x-kvorum-revision'], '5');

  const missing = await face.call('GET', '/kv/a');
  assert.equal(missing.status, 404);
  assert.equal(missing.headers['x-kvorum-revision'], '5');
  assert.deepEqual(missing.error, { code: 'KEY_NOT_FOUND', message: 'the key does not exist' });
});

test('HEAD answers as GET does, without the body', async (t) => {
  const face = await startTestFace(t);
  await face.call('PUT', '/kv/a', { body: 'four' });
  const answer = await face.call('HEAD', '/kv/a');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-length'], '4');
  assert.equal(answer.headers['x-kvorum-version'], '1');
  assert.equal(answer.body.length, 0);
  assert.equal((await face.call('HEAD', '/kv/none')).status, 404);
});

test('an empty value is a value', async (t) => {
  const face = await startTestFace(t);
  assert.equal((await face.call('PUT', '/kv/e')).status, 200);
  const got = await face.call('GET', '/kv/e');
  assert.equal(got.status, 200);
  assert.equal(got.headers['content-length'], '0');
});

test('a read at an old revision, and serializable and timeout options, reach the service', async (t) => {
  const face = await startTestFace(t);
  const seen: unknown[] = [];
  await face.call('PUT', '/kv/a', { body: 'old' });
  await face.call('PUT', '/kv/a', { body: 'new' });
  assert.equal((await face.call('GET', '/kv/a?revision=2')).text, 'old');
  face.kv.gate = (_operation, options) => {
    seen.push(options);
    return undefined;
  };
  await face.call('GET', '/kv/a?serializable&timeout=60000');
  await face.call('PUT', '/kv/a?timeout=1', { body: 'x' });
  await face.call('GET', '/kv/a?maxStaleness=500');
  assert.deepEqual(seen, [
    { consistency: 'serializable', revision: undefined, timeoutMs: 60000 },
    { timeoutMs: 1 },
    { consistency: 'maxStaleness', maxStalenessMs: 500, revision: undefined, timeoutMs: undefined },
  ]);
  const future = await face.call('GET', '/kv/a?revision=99');
  assert.equal(future.status, 400);
  assert.equal(future.error['code'], 'FUTURE_REVISION');
  assert.equal((await face.call('POST', '/compact?revision=3')).text, '{"compactRevision":3,"revision":4}\n');
  const compacted = await face.call('GET', '/kv/a?revision=2');
  assert.equal(compacted.status, 410);
  assert.equal(compacted.error['compactRevision'], 3);
});

test('If-Match and If-None-Match compare and set', async (t) => {
  const face = await startTestFace(t);
  const put = (headers: Record<string, string>) => face.call('PUT', '/kv/c', { body: 'v', headers });
  assert.equal((await put({ 'If-None-Match': '*' })).status, 200);
  const exists = await put({ 'If-None-Match': '*' });
  assert.equal(exists.status, 412);
  assert.equal(exists.error['code'], 'CONDITION_FAILED');
  assert.equal(exists.error['currentRevision'], 2);
  assert.equal((await put({ 'If-Match': '2' })).status, 200);
  assert.equal((await put({ 'If-Match': '2' })).status, 412);
  assert.equal((await put({ 'If-Match': '"3"' })).status, 200);
  assert.equal((await face.call('DELETE', '/kv/c', { headers: { 'If-Match': '"3"' } })).status, 412);
  assert.equal((await face.call('DELETE', '/kv/c', { headers: { 'If-Match': '"4"' } })).status, 200);
});

const sameKey: readonly (readonly [target: string, key: string])[] = [
  ['/kv/a/b/c', 'a/b/c'],
  ['/kv//a//b/', '/a//b/'],
  ['/kv/../x/./y', '../x/./y'],
  ['/kv/.', '.'],
  ['/kv/a+b', 'a+b'],
  ['/kv/a%2Bb', 'a+b'],
  ['/kv/a%20b', 'a b'],
  ['/kv/%00%ff', '\x00\xff'],
  ['/kv/%3F%23', '?#'],
  ['/kv/a#b', 'a#b'],
  ['/kv/%2e%2E', '..'],
  ['/kv/caf%c3%a9', 'caf\xc3\xa9'],
  ['/kv/;=&@:!$', ';=&@:!$'],
];

test('the key is every byte between /kv/ and ?, without normalising', async (t) => {
  const face = await startTestFace(t);
  for (const [target, key] of sameKey) {
    const answer = await face.raw(
      `PUT ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nv`,
    );
    assert.match(answer, /^HTTP\/1.1 200 /, target);
    const { kv } = await face.kv.get(Buffer.from(key, 'latin1'));
    assert.ok(kv !== undefined, `${target} did not write ${JSON.stringify(key)}`);
  }
  const listed = await face.kv.count();
  assert.equal(listed.count, new Set(sameKey.map(([, key]) => key)).size);
});

test('the absolute form of a target, as proxies send it, names the same key', async (t) => {
  const face = await startTestFace(t);
  await face.raw('PUT http://any.host:1/kv/abs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nv');
  assert.equal((await face.call('GET', '/kv/abs')).text, 'v');
});

test('S1: any key of random bytes makes the round trip', async (t) => {
  const face = await startTestFace(t);
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.uint8Array({ maxLength: 100 }), fc.boolean(), async (key, value, isUpper) => {
      const hex = Buffer.from(key).toString('hex');
      const escaped = (isUpper ? hex.toUpperCase() : hex).replaceAll(/../g, '%$&');
      assert.equal((await face.call('PUT', `/kv/${escaped}`, { body: value })).status, 200);
      assert.deepEqual(Buffer.from((await face.kv.get(key)).kv?.value ?? []), Buffer.from(value));
      const got = await face.call('GET', `/kv/${escaped}`);
      assert.deepEqual(got.body, Buffer.from(value));
    }),
    { numRuns: 60 },
  );
});

test('S1: any target gives an answer, never a crash', async (t) => {
  const face = await startTestFace(t, { demoRoutes: true });
  const pieces = fc.constantFrom(
    '/kv/',
    '%',
    '%4',
    '?',
    '&',
    '=',
    'limit',
    'cursor=',
    'AQ',
    '/',
    'revision=',
    '/Set/',
    '1',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), async (parts) => {
      const answer = await face.call('GET', `/${parts.join('')}`);
      assert.ok([200, 400, 404].includes(answer.status), `${parts.join('')} → ${answer.status}`);
    }),
    { numRuns: 100 },
  );
  assert.deepEqual(face.logged, []);
});

test('R20: an error of the service keeps its code, status and what it says about the write', async (t) => {
  const face = await startTestFace(t);
  const rows = [
    [new KvorumError('TIMEOUT', 'no answer in time', { mayHaveHappened: true }), 503, true],
    [new KvorumError('UNAVAILABLE', 'no leader', { mayHaveHappened: false }), 503, false],
    [new KvorumError('NO_SPACE', 'disk full', { mayHaveHappened: false }), 507, false],
    [new KvorumError('TOO_MANY_REQUESTS', 'busy', { mayHaveHappened: false }), 429, false],
  ] as const;
  for (const [error, status, mayHaveHappened] of rows) {
    face.kv.gate = () => Promise.reject(error);
    const answer = await face.call('PUT', '/kv/a', { body: 'v' });
    assert.equal(answer.status, status);
    assert.deepEqual(answer.error, { code: error.code, message: error.message, mayHaveHappened });
  }
});

test('R20: a failure nobody foresaw is INTERNAL, may have happened, is logged, and tells no inner detail', async (t) => {
  const face = await startTestFace(t);
  face.kv.gate = () => Promise.reject(new TypeError('secret detail'));
  const answer = await face.call('PUT', '/kv/a', { body: 'v' });
  assert.equal(answer.status, 500);
  assert.equal(answer.error['code'], 'INTERNAL');
  assert.equal(answer.error['mayHaveHappened'], true);
  assert.doesNotMatch(answer.text, /secret/);
  assert.equal(face.logged.length, 1);
});
