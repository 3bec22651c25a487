import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { decodeCursor, encodeCursor } from './cursor.js';
import { readToEnd, startTestFace, type TestFace } from './testing/test-face.js';

async function fill(face: TestFace, names: readonly string[]): Promise<void> {
  for (const name of names) await face.kv.put(Buffer.from(name, 'latin1'), Buffer.from(`value of ${name}`, 'latin1'));
}

test('a list is one JSON line per key, in order, at one revision', async (t) => {
  const face = await startTestFace(t);
  await fill(face, ['b', 'a/2', 'a/1']);
  const answer = await face.call('GET', '/kv/?prefix=a%2F');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/x-ndjson');
  assert.equal(answer.headers['x-kvorum-revision'], '4');
  assert.equal(
    answer.text,
    '{"key":"a/1","value":"value of a/1","modRevision":4,"createRevision":4,"version":1}\n' +
      '{"key":"a/2","value":"value of a/2","modRevision":3,"createRevision":3,"version":1}\n',
  );
  assert.equal((await face.call('GET', '/kv/')).text.split('\n').length, 4);
  assert.equal((await face.call('GET', '/kv/?prefix=none')).text, '');
  assert.equal((await face.call('GET', '/kv/?revision=2')).text.split('\n').length, 2);
});

test('keys and values that are not UTF-8 are base64; text survives whatever it holds', async (t) => {
  const face = await startTestFace(t);
  await face.kv.put(Buffer.from([0xff, 0x00]), Buffer.from('\ufeff"\\\u2028é\u0000'));
  await face.kv.put(Buffer.from('é'), Buffer.from([0xc3]));
  const lines = (await face.call('GET', '/kv/')).text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(lines, [
    { key: 'é', valueBase64: 'ww==', modRevision: 3, createRevision: 3, version: 1 },
    { keyBase64: '/wA=', value: '\ufeff"\\\u2028é\u0000', modRevision: 2, createRevision: 2, version: 1 },
  ]);
});

test('keys leaves values out, count gives the number only', async (t) => {
  const face = await startTestFace(t);
  await fill(face, ['a1', 'a2', 'b']);
  const keys = await face.call('GET', '/kv/?prefix=a&keys');
  assert.equal(keys.text.split('\n')[0], '{"key":"a1","modRevision":2,"createRevision":2,"version":1}');
  const count = await face.call('GET', '/kv/?prefix=a&count');
  assert.equal(count.text, '{"count":2,"revision":4}\n');
  assert.equal(count.headers['x-kvorum-revision'], '4');
});

test('pages by cursor continue at the revision of the first page', async (t) => {
  const face = await startTestFace(t);
  await fill(face, ['k1', 'k2', 'k3', 'k4', 'k5', 'x']);
  const seen: string[] = [];
  let query = 'prefix=k&limit=2';
  for (let page = 0; page < 3; page += 1) {
    const answer = await face.call('GET', `/kv/?${query}`);
    assert.equal(answer.headers['x-kvorum-revision'], '7');
    let cursor: string | undefined;
    for (const line of answer.text.trim().split('\n')) {
      const row = JSON.parse(line) as { key?: string; cursor?: string };
      if (row.key !== undefined) seen.push(row.key);
      cursor = row.cursor;
    }
    assert.equal(cursor !== undefined, page < 2, 'only a cut page ends with a cursor');
    query = `prefix=k&limit=2&cursor=${cursor}`;
    await face.kv.delete(Buffer.from('k5'));
    await face.kv.put(Buffer.from('k9'), Buffer.from('later'));
  }
  assert.deepEqual(seen, ['k1', 'k2', 'k3', 'k4', 'k5']);
});

test('a cursor survives any key, and is refused when changed or for another prefix', () => {
  const cursor = { revision: Number.MAX_SAFE_INTEGER, key: Buffer.from([0, 255, 97]) };
  const text = encodeCursor(cursor);
  assert.deepEqual(decodeCursor(text, new Uint8Array(0)), cursor);
  assert.throws(() => decodeCursor(text, Buffer.from('b')), KvorumError);
  for (const bad of [
    '',
    'AA',
    `${text}=`,
    `${text}!`,
    text.slice(0, 8),
    encodeCursor({ revision: 0, key: cursor.key }),
  ]) {
    assert.throws(() => decodeCursor(bad, new Uint8Array(0)), KvorumError, bad);
  }
});

test('a failure before the first row has its own status', async (t) => {
  const face = await startTestFace(t);
  await fill(face, ['a', 'b']);
  const cursor = encodeCursor({ revision: 2, key: Buffer.from('a') });
  await face.kv.compact(3);
  const answer = await face.call('GET', `/kv/?cursor=${cursor}`);
  assert.equal(answer.status, 410);
  assert.equal(answer.error['code'], 'COMPACTED');
});

test('a failure in mid-stream ends with an error line on a connection that is cut off', async (t) => {
  const face = await startTestFace(t);
  face.kv.pageRows = 1;
  await fill(face, ['a', 'b', 'c']);
  let pages = 0;
  face.kv.gate = (operation) => {
    if (operation !== 'page') return undefined;
    pages += 1;
    return pages < 3 ? undefined : Promise.reject(new KvorumError('UNAVAILABLE', 'the node stops'));
  };
  const answer = await face.raw('GET /kv/ HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.match(answer, /^HTTP\/1.1 200 /);
  assert.match(answer, /"key":"b"/);
  assert.match(answer, /\{"error":\{"code":"UNAVAILABLE","message":"the node stops"\}\}\n\r\n$/);
  assert.ok(!answer.endsWith('0\r\n\r\n'), 'the chunked body must not look complete');
  pages = 0;
  await assert.rejects(face.call('GET', '/kv/'), 'a client that checks sees the break');
  assert.equal(face.kv.openListings, 0);
});

test('N8: a reader that stops reading a list of 200 MB holds a few pages, and gives them back when it leaves', async (t) => {
  const face = await startTestFace(t);
  face.kv.pageRows = 4;
  const value = Buffer.alloc(100_000, 'v');
  for (let key = 0; key < 2000; key += 1) await face.kv.put(Buffer.from(`k${key}`), value);
  let pages = 0;
  face.kv.gate = (operation) => {
    if (operation === 'page') pages += 1;
    return undefined;
  };
  const socket = await face.open();
  socket.pause();
  socket.write('GET /kv/ HTTP/1.1\r\nHost: x\r\n\r\n');
  // Both kernels' buffers fill; from then on no page is asked for.
  let before = -1;
  while (pages !== before || pages === 0) {
    before = pages;
    await face.call('GET', '/livez');
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(pages < 250, `${pages} of 500 pages were made for a reader that reads nothing`);
  assert.equal(face.kv.openListings, 1);
  const closed = readToEnd(socket);
  socket.destroy();
  await closed;
  while (face.kv.openListings > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('N11: a long list lets other requests through', async (t) => {
  const face = await startTestFace(t);
  face.kv.pageRows = 10;
  const value = Buffer.alloc(10_000, 'v');
  for (let key = 0; key < 3000; key += 1) await face.kv.put(Buffer.from(`k${key}`), value);
  let isDone = false;
  const list = face.call('GET', '/kv/').then((answer) => {
    isDone = true;
    return answer;
  });
  const probe = await face.call('GET', '/livez');
  assert.equal(probe.status, 200);
  assert.equal(isDone, false, 'the probe was answered while the list ran');
  assert.equal((await list).text.split('\n').length, 3001);
});
