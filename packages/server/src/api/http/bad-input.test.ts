import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { keyBytesMax, requestBytesMax } from '@kvorum/protocol';
import { readToEnd, readUntil, startTestFace } from './testing/test-face.js';

interface Row {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  readonly field?: string;
  readonly says: RegExp;
}

const rows: readonly Row[] = [
  { path: '/kv/%zz', status: 400, code: 'INVALID_ARGUMENT', field: 'key', says: /"%zz" at byte 0/ },
  { path: '/kv/a%4', status: 400, code: 'INVALID_ARGUMENT', field: 'key', says: /"%4" at byte 1/ },
  { path: '/kv/a%', status: 400, code: 'INVALID_ARGUMENT', field: 'key', says: /"%" at byte 1/ },
  {
    method: 'PUT',
    path: '/kv/',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'key',
    says: /key must have 1 to 65536 bytes/,
  },
  { method: 'DELETE', path: '/kv/', status: 400, code: 'INVALID_ARGUMENT', field: 'key', says: /1 to 65536 bytes/ },
  {
    path: '/kv/a?colour=red',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'colour',
    says: /"colour".*revision, serializable, timeout/,
  },
  {
    method: 'PUT',
    path: '/kv/a?revision=1',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'revision',
    says: /allowed here: timeout/,
  },
  { path: '/kv/?prefx=a', status: 400, code: 'INVALID_ARGUMENT', field: 'prefx', says: /prefix, limit, cursor/ },
  { path: '/kv/a?revision=0', status: 400, code: 'INVALID_ARGUMENT', field: 'revision', says: /1 to 9007199254740991/ },
  { path: '/kv/a?revision=-1', status: 400, code: 'INVALID_ARGUMENT', field: 'revision', says: /"-1"/ },
  { path: '/kv/a?revision=1e3', status: 400, code: 'INVALID_ARGUMENT', field: 'revision', says: /integer/ },
  {
    path: '/kv/a?revision=9007199254740992',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'revision',
    says: /integer/,
  },
  { path: '/kv/a?revision', status: 400, code: 'INVALID_ARGUMENT', field: 'revision', says: /integer/ },
  { path: '/kv/a?timeout=0', status: 400, code: 'INVALID_ARGUMENT', field: 'timeout', says: /1 to 60000/ },
  { path: '/kv/a?timeout=60001', status: 400, code: 'INVALID_ARGUMENT', field: 'timeout', says: /1 to 60000/ },
  { path: '/kv/a?timeout=1&timeout=2', status: 400, code: 'INVALID_ARGUMENT', field: 'timeout', says: /twice/ },
  {
    path: '/kv/a?serializable&maxStaleness=5',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'maxStaleness',
    says: /one of serializable and maxStaleness/,
  },
  {
    path: '/kv/a?maxStaleness=0',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'maxStaleness',
    says: /an integer from 1 to 4294967295/,
  },
  {
    path: '/kv/a?serializable=maybe',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'serializable',
    says: /serializable=true/,
  },
  { path: '/kv/?limit=0', status: 400, code: 'INVALID_ARGUMENT', field: 'limit', says: /1 to 2147483647/ },
  { path: '/kv/?cursor=nonsense', status: 400, code: 'INVALID_ARGUMENT', field: 'cursor', says: /cursor/ },
  {
    path: '/kv/?cursor=AQAAAAAAAAACYQ&revision=2',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'revision',
    says: /exclude/,
  },
  {
    path: '/kv/?prefix=b&cursor=AQAAAAAAAAACYQ',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'cursor',
    says: /cursor/,
  },
  { path: '/kv/?count&limit=2', status: 400, code: 'INVALID_ARGUMENT', field: 'limit', says: /exclude/ },
  { path: '/kv/?prefix=%g0', status: 400, code: 'INVALID_ARGUMENT', field: 'prefix', says: /percent-encoding/ },
  { method: 'POST', path: '/compact', status: 400, code: 'INVALID_ARGUMENT', field: 'revision', says: /missing/ },
  {
    method: 'POST',
    path: '/compact?revision=x',
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'revision',
    says: /integer/,
  },
  { path: '/', status: 404, code: 'ROUTE_NOT_FOUND', says: /\/kv\// },
  { path: '/kv', status: 404, code: 'ROUTE_NOT_FOUND', says: /\/kv\// },
  { path: '/Set/hello/world', status: 404, code: 'ROUTE_NOT_FOUND', says: /nothing here/ },
  { method: 'POST', path: '/kv/a', status: 405, code: 'METHOD_NOT_ALLOWED', says: /GET, HEAD, PUT, DELETE/ },
  { method: 'OPTIONS', path: '/kv/a', status: 405, code: 'METHOD_NOT_ALLOWED', says: /GET, HEAD/ },
  { path: '/compact?revision=1', status: 405, code: 'METHOD_NOT_ALLOWED', says: /POST/ },
  { method: 'POST', path: '/livez', status: 405, code: 'METHOD_NOT_ALLOWED', says: /GET, HEAD/ },
  ...['abc', '0', '-1', '"', '""', '"x"', '*', '1,2', 'W/"1"', '9007199254740992'].map((value) => ({
    method: 'PUT',
    path: '/kv/a',
    headers: { 'If-Match': value },
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'If-Match',
    says: /1 to 9007199254740991, quoted or not/,
  })),
  {
    method: 'PUT',
    path: '/kv/a',
    headers: { 'If-Match': '1', 'If-None-Match': '*' },
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'If-None-Match',
    says: /exclude each other/,
  },
  {
    method: 'PUT',
    path: '/kv/a',
    headers: { 'If-None-Match': '"1"' },
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'If-None-Match',
    says: /\* \(the key must be absent\)/,
  },
  {
    method: 'DELETE',
    path: '/kv/a',
    headers: { 'If-None-Match': '*' },
    status: 400,
    code: 'INVALID_ARGUMENT',
    field: 'If-None-Match',
    says: /no meaning on DELETE/,
  },
];

test('S9: each bad input is refused with an error that names the thing and what is allowed', async (t) => {
  const face = await startTestFace(t);
  for (const row of rows) {
    const { method = 'GET', path, headers = {} } = row;
    const where = `${method} ${path} ${JSON.stringify(headers)}`;
    const answer = await face.call(method, path, { headers, ...(method === 'PUT' ? { body: 'v' } : {}) });
    assert.equal(answer.status, row.status, where);
    assert.equal(answer.headers['content-type'], 'application/json', where);
    assert.equal(answer.error['code'], row.code, where);
    if (row.field !== undefined) assert.equal(answer.error['field'], row.field, where);
    assert.match(String(answer.error['message']), row.says, where);
    if (row.status === 405) assert.ok(answer.headers.allow, where);
  }
  assert.equal(face.kv.revision, 1, 'nothing was written');
});

test('S9: a key of 65,536 bytes is taken however it is written, one of 65,537 is refused', async (t) => {
  const face = await startTestFace(t);
  const limit = { headers: {}, body: 'v' };
  assert.equal((await face.call('PUT', `/kv/${'%ff'.repeat(keyBytesMax)}`, limit)).status, 200);
  assert.equal((await face.call('GET', `/kv/${'%FF'.repeat(keyBytesMax)}`)).text, 'v');
  assert.equal((await face.call('PUT', `/kv/${'k'.repeat(keyBytesMax)}`, limit)).status, 200);
  for (const path of [`/kv/${'%ff'.repeat(keyBytesMax + 1)}`, `/kv/${'k'.repeat(keyBytesMax + 1)}`]) {
    for (const method of ['PUT', 'GET', 'DELETE']) {
      const answer = await face.call(method, path, method === 'PUT' ? limit : {});
      assert.equal(answer.status, 414);
      assert.equal(answer.error['code'], 'KEY_TOO_LARGE');
      assert.match(String(answer.error['message']), /65537 bytes; allowed are 1 to 65536 bytes/);
    }
  }
  const prefix = await face.call('GET', `/kv/?prefix=${'k'.repeat(keyBytesMax + 1)}`);
  assert.equal(prefix.status, 414);
  assert.equal((await face.call('GET', `/kv/?prefix=${'k'.repeat(keyBytesMax)}`)).status, 200);
});

test('S9: a header of more than 256 KiB is answered with 431 naming the limit', async (t) => {
  const face = await startTestFace(t);
  const answer = await face.raw(`GET /kv/${'k'.repeat(270_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.match(answer, /^HTTP\/1.1 431 /);
  assert.match(answer, /HEADERS_TOO_LARGE.*262144 bytes/);
  assert.equal(face.metrics.http.badRequests, 1);
});

test('S9: key and value of 1.5 MiB together are taken, one byte more is refused', async (t) => {
  const face = await startTestFace(t);
  const value = Buffer.alloc(requestBytesMax - 1, 7);
  assert.equal((await face.call('PUT', '/kv/k', { body: value })).status, 200);
  assert.deepEqual((await face.call('GET', '/kv/k')).body, value);
  const over = Buffer.alloc(requestBytesMax, 7);
  const answer = await face.call('PUT', '/kv/k', { body: over });
  assert.equal(answer.status, 413);
  assert.equal(answer.headers.connection, 'close');
  assert.equal(answer.error['code'], 'REQUEST_TOO_LARGE');
  assert.equal(answer.error['mayHaveHappened'], false);
  assert.match(String(answer.error['allowed']), /1572864 bytes/);
  assert.equal(face.kv.revision, 2);
});

test('S9: a chunked value of 1.5 MiB less the key is taken, one byte more is refused while it still arrives', async (t) => {
  const face = await startTestFace(t);
  const head = 'PUT /kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'v'.repeat(bytes)}\r\n`;
  const exact = await face.raw(`${head}${chunk(1_000_000)}${chunk(requestBytesMax - 1_000_001)}0\r\n\r\n`);
  assert.match(exact, /^HTTP\/1.1 200 /);
  // The last chunk is never sent: the answer must not wait for it.
  const over = await face.raw(`${head}${chunk(1_000_000)}${chunk(requestBytesMax - 1_000_000)}`);
  assert.match(over, /^HTTP\/1.1 413 /);
  assert.match(over, /REQUEST_TOO_LARGE/);
  assert.equal(face.kv.revision, 2);
});

test('S9: a value announced as too large is refused before a byte of it is sent', async (t) => {
  const face = await startTestFace(t);
  const head = `PUT /kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: ${requestBytesMax}\r\nExpect: 100-continue\r\n\r\n`;
  const answer = await face.raw(head);
  assert.match(answer, /^HTTP\/1.1 413 /);
  assert.match(answer, /Connection: close/);
});

test('Expect: 100-continue is answered before the value is sent', async (t) => {
  const face = await startTestFace(t);
  const socket = await face.open();
  socket.write(
    'PUT /kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
  );
  await readUntil(socket, (text) => text.includes('HTTP/1.1 100 Continue\r\n\r\n'));
  const rest = readToEnd(socket);
  socket.write('ok');
  assert.match(await rest, /^HTTP\/1.1 200 /);
  assert.equal((await face.call('GET', '/kv/k')).text, 'ok');
});

test('a client that sends much more than allowed still reads the answer', async (t) => {
  const face = await startTestFace(t);
  const socket = await face.open();
  const answer = readToEnd(socket);
  socket.write('PUT /kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n');
  socket.write(Buffer.alloc(8_000_000));
  assert.match(await answer, /^HTTP\/1.1 413 [\s\S]*REQUEST_TOO_LARGE/);
});

test('a missing Host and an unknown Expect are refused in the form of all errors', async (t) => {
  const face = await startTestFace(t);
  const close = 'Connection: close\r\n\r\n';
  const rows: [string, string][] = [
    [`GET /livez HTTP/1.1\r\n${close}`, 'Host'],
    [`PUT /kv/k HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 1\r\n${close}v`, 'Expect'],
  ];
  for (const [bytes, field] of rows) {
    const answer = await face.raw(bytes);
    assert.match(answer, /^HTTP\/1.1 400 [\s\S]*Content-Type: application\/json\r\n/);
    assert.ok(answer.includes(`"field":"${field}"`), answer);
    assert.match(answer, /"code":"INVALID_ARGUMENT"/);
  }
  assert.equal(face.kv.revision, 1, 'nothing was written');
  assert.match(await face.raw('GET /livez HTTP/1.0\r\n\r\n'), /^HTTP\/1.1 200 /);
});

test('S10: what is not HTTP/1.1 gets 400 and the end of the connection', async (t) => {
  const face = await startTestFace(t);
  for (const bytes of ['PRX * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x00\x05hello', 'x\r\n\r\n']) {
    const answer = await face.raw(bytes);
    assert.match(answer, /^HTTP\/1.1 400 [\s\S]*INVALID_ARGUMENT/, JSON.stringify(bytes));
  }
});

test('raw bytes above 0x7f in a target are refused or taken, and leave the face working', async (t) => {
  const face = await startTestFace(t);
  const answer = await face.raw('GET /kv/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(answer, /^HTTP\/1.1 (400|404) /);
  assert.equal((await face.call('GET', '/livez')).status, 200);
});
