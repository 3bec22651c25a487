import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { keyBytesMax, KvorumError, requestBytesMax } from '@kvorum/protocol';
import { batchOperationsMax } from '../../service/request-checks.js';
import { startTestFace } from '../http/testing/test-face.js';
import { failureOf, ForeignClient, startForeign } from './testing/foreign-client.js';

const KV = 'kvorum.v1.KV';
const API = 'api.KV';
const bytes = (text: string) => Buffer.from(text);

test('a key is set, read, deleted, and not found afterwards', async (t) => {
  const { client } = await startForeign(t);
  const key = bytes('color');
  assert.deepEqual(await client.call(KV, 'Set', { key, value: bytes('blue') }), {
    ok: true,
    createRevision: 2,
    version: 1,
    revision: 2,
  });
  assert.deepEqual(await client.call(KV, 'Get', { key }), {
    key,
    value: bytes('blue'),
    createRevision: 2,
    modRevision: 2,
    version: 1,
    revision: 2,
    more: false,
  });
  assert.deepEqual(await client.call(KV, 'Delete', { key }), { ok: true, deleted: 1, revision: 3 });
  assert.deepEqual(await client.call(KV, 'Delete', { key }), { ok: true, deleted: 0, revision: 3 });
  const { code, error } = await client.failure(KV, 'Get', { key });
  assert.deepEqual([code, error.code, error.details.currentRevision], [5, 'KEY_NOT_FOUND', 3]);
});

test('a condition that fails tells FAILED_PRECONDITION with the current revision', async (t) => {
  const { client } = await startForeign(t);
  const key = bytes('k');
  const { revision } = await client.call(KV, 'Set', { key, value: bytes('1'), ifAbsent: true });
  for (const [method, condition] of [
    ['Set', { ifAbsent: true }],
    ['Set', { ifModRevision: 99 }],
    ['Delete', { ifModRevision: 99 }],
    ['Delete', { ifAbsent: true }],
  ] as const) {
    const { code, error } = await client.failure(KV, method, { key, ...condition });
    assert.deepEqual([code, error.code, error.details.currentRevision], [9, 'CONDITION_FAILED', revision]);
    assert.equal(error.details.mayHaveHappened, false);
  }
  const again = await client.call(KV, 'Set', { key, value: bytes('2'), ifModRevision: revision });
  assert.equal(again['version'], 2);
  assert.equal((await client.call(KV, 'Delete', { key: bytes('missing'), ifAbsent: true }))['deleted'], 0);
});

test('S9: what is wrong with a request is INVALID_ARGUMENT with the field of the message', async (t) => {
  const { client } = await startForeign(t);
  const key = bytes('k');
  const rows: [string, object, string][] = [
    ['Set', { key, ifModRevision: 1, ifAbsent: true }, 'if_absent'],
    ['Set', { key, sequence: 1 }, 'session'],
    ['Get', { key, consistency: 7 }, 'consistency'],
    ['Get', { key, consistency: 2 }, 'max_staleness_ms'],
    ['Get', { key, maxStalenessMs: 5 }, 'max_staleness_ms'],
    ['Batch', { operations: [] }, 'operations'],
    ['Batch', { operations: new Array(batchOperationsMax + 1).fill({ get: { key } }) }, 'operations'],
  ];
  for (const [method, request, field] of rows) {
    const { code, error } = await client.failure(KV, method, request);
    assert.deepEqual([code, error.code, error.details.field], [3, 'INVALID_ARGUMENT', field]);
  }
});

test('only the keyspace default exists', async (t) => {
  const { client } = await startForeign(t);
  const key = bytes('k');
  await client.call(KV, 'Set', { key, value: key, keyspace: 'default' });
  assert.deepEqual((await client.call(KV, 'Get', { key, keyspace: 'default' }))['value'], key);
  for (const method of ['Get', 'Set', 'Delete', 'GetServers', 'OpenSession', 'KeepAliveSession', 'CloseSession']) {
    const request = method === 'GetServers' || method.endsWith('Session') ? {} : { key };
    const { code, error } = await client.failure(KV, method, { ...request, keyspace: 'other' });
    assert.deepEqual([code, error.code], [5, 'KEYSPACE_NOT_FOUND'], method);
  }
  assert.equal((await failureOf(client.list(KV, { keyspace: 'other' }))).code, 5);
});

test('a list streams its rows in order, at one revision that the headers tell', async (t) => {
  const { client, face } = await startForeign(t);
  face.kv.pageRows = 3;
  const empty = await client.list(KV, {});
  assert.deepEqual([empty.rows.length, empty.headers?.get('kvorum-revision')], [0, ['1']]);
  const names = ['a', 'b/1', 'b/2', 'b/3', 'b/4', 'c', 'd'];
  for (const name of names) await client.call(KV, 'Set', { key: bytes(name), value: bytes(`v${name}`) });
  const list = async (request: object) => (await client.list(KV, request)).rows.map((row) => String(row['key']));
  assert.deepEqual(await list({}), names);
  assert.deepEqual(await list({ prefix: bytes('b/') }), ['b/1', 'b/2', 'b/3', 'b/4']);
  assert.deepEqual(await list({ start: bytes('b/3') }), ['b/3', 'b/4', 'c', 'd']);
  assert.deepEqual(await list({ end: bytes('b/3') }), ['a', 'b/1', 'b/2']);
  assert.deepEqual(await list({ prefix: bytes('b/'), start: bytes('a'), end: bytes('b/2') }), ['b/1']);
  assert.deepEqual(await list({ prefix: bytes('b/'), start: bytes('c') }), []);
  assert.deepEqual(await list({ prefix: bytes('b/'), start: bytes('b/2'), end: bytes('b/2') }), []);
  const { rows, headers } = await client.list(KV, { keysOnly: true, limit: 2 });
  assert.deepEqual(
    rows.map((row) => [String(row['key']), String(row['value']), row['more']]),
    [
      ['a', '', false],
      ['b/1', '', true],
    ],
  );
  assert.deepEqual(headers?.get('kvorum-revision'), ['8']);
  const all = await client.list(KV, { limit: 2, end: bytes('b/2') });
  assert.equal(all.rows.at(-1)?.['more'], false);
});

test('a batch gives each operation the result it would have alone', async (t) => {
  const { client } = await startForeign(t);
  const [a, b] = [bytes('a'), bytes('b')];
  const { results } = await client.call(KV, 'Batch', {
    operations: [
      { set: { key: a, value: b } },
      { set: { key: a, value: b, ifAbsent: true } },
      { get: { key: b } },
      { delete: { key: b } },
      {},
      { get: { key: a, keyspace: 'other' } },
    ],
  });
  assert.ok(Array.isArray(results));
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 9, 5, 0, 3, 5],
  );
  const [set, conflict, , removed] = results;
  assert.equal(set.set.revision, 2);
  assert.deepEqual([conflict.error.code, conflict.error.revision], ['CONDITION_FAILED', 2]);
  assert.deepEqual([removed.delete.ok, removed.delete.deleted], [true, 0]);
});

test('R20: a write of a session happens once; an ended session is refused', async (t) => {
  const { client } = await startForeign(t);
  const { session, idleMs, window } = await client.call(KV, 'OpenSession', {});
  assert.ok(Number(session) > 0 && Number(idleMs) > 0 && Number(window) > 0);
  const write = { key: bytes('k'), value: bytes('1'), session, sequence: 1, firstUnacknowledged: 1 };
  const first = await client.call(KV, 'Set', write);
  assert.deepEqual(await client.call(KV, 'Set', write), first);
  await client.call(KV, 'KeepAliveSession', { session });
  await client.call(KV, 'CloseSession', { session });
  const late = await client.failure(KV, 'Set', { ...write, sequence: 2, firstUnacknowledged: 2 });
  assert.deepEqual([late.code, late.error.code], [9, 'SESSION_EXPIRED']);
  assert.equal((await client.failure(KV, 'KeepAliveSession', { session })).error.code, 'SESSION_EXPIRED');
});

test('R20: UNAVAILABLE tells whether a write may have happened, and who leads', async (t) => {
  const { client, face } = await startForeign(t);
  for (const [mayHaveHappened, suffix] of [
    [true, '(unknown)'],
    [false, '(not_sent)'],
  ] as const) {
    face.kv.gate = () => Promise.reject(new KvorumError('UNAVAILABLE', 'no leader', { mayHaveHappened }));
    const { code, message, error } = await client.failure(KV, 'Set', { key: bytes('k') });
    assert.deepEqual([code, message], [14, `no leader ${suffix}`]);
    assert.deepEqual(error.details, { mayHaveHappened, leader: '127.0.0.1:2379' });
  }
  face.kv.gate = () => Promise.reject(new Error('a bug'));
  const bug = await client.failure(KV, 'Set', { key: bytes('k') });
  assert.deepEqual([bug.code, bug.error.details.mayHaveHappened], [13, true]);
  assert.ok(!bug.message.includes('a bug'));
  assert.equal(face.logged.length, 1);
});

test('a call with a deadline gives the service no more than what is left', async (t) => {
  const { client, face } = await startForeign(t);
  const times: (number | undefined)[] = [];
  face.kv.gate = (_operation, options) => {
    times.push(options.timeoutMs);
    return undefined;
  };
  await client.call(KV, 'Set', { key: bytes('k') }, { deadlineMs: 2_000 });
  await client.call(KV, 'Set', { key: bytes('k') }, { deadlineMs: 1_000_000 });
  await client.call(KV, 'Set', { key: bytes('k') });
  const [short = 0, long, none] = times;
  assert.ok(short > 1 && short <= 2_000);
  assert.deepEqual([long, none], [60_000, undefined]);
  face.kv.gate = () => new Promise<void>(() => undefined);
  assert.equal((await client.failure(KV, 'Set', { key: bytes('k') }, { deadlineMs: 50 })).code, 4);
});

test('GetServers tells the nodes', async (t) => {
  const { client } = await startForeign(t);
  const { servers, clusterId, term } = await client.call(KV, 'GetServers', {});
  assert.deepEqual([clusterId, term], [0xaa, 2]);
  assert.deepEqual(servers, [
    { id: '1', rpcAddr: '127.0.0.1:2379', isLeader: true, role: 1, zone: 'here', version: '0.1.0', isConnected: true },
    { id: '2', rpcAddr: '', isLeader: false, role: 3, zone: 'there', version: '0.2.0', isConnected: false },
  ]);
});

test("mökv's service answers to its own messages", async (t) => {
  const { client } = await startForeign(t);
  assert.deepEqual(await client.call(API, 'Set', { key: 'é', value: bytes('1') }), { ok: true });
  assert.deepEqual(await client.call(API, 'Get', { key: 'é' }), { key: 'é', value: bytes('1') });
  await client.call(KV, 'Set', { key: Buffer.of(0xff, 0xfe), value: bytes('not text') });
  await client.call(API, 'Set', { key: 'a', value: bytes('2') });
  const { rows } = await client.list(API, {});
  assert.deepEqual(rows, [
    { key: 'a', value: bytes('2') },
    { key: 'é', value: bytes('1') },
  ]);
  assert.deepEqual(await client.call(API, 'Delete', { key: 'a' }), { ok: true });
  assert.deepEqual(await client.call(API, 'Delete', { key: 'a' }), { ok: true });
  assert.equal((await client.failure(API, 'Get', { key: 'a' })).code, 5);
  const { servers } = await client.call(API, 'GetServers', {});
  assert.deepEqual(servers, [
    { id: '1', rpcAddr: '127.0.0.1:2379', isLeader: true },
    { id: '2', rpcAddr: '', isLeader: false },
  ]);
});

test('S9: a request at its limit passes the gRPC face, one above a message limit does not', async (t) => {
  const { client } = await startForeign(t);
  const key = Buffer.alloc(keyBytesMax, 'k');
  const value = Buffer.alloc(requestBytesMax - keyBytesMax, 'v');
  await client.call(KV, 'Set', { key, value });
  assert.deepEqual((await client.call(KV, 'Get', { key }))['value'], value);
  assert.equal((await client.failure(KV, 'Set', { key, value: Buffer.alloc(5 << 20) })).code, 8);
});

test('gRPC and HTTP/1.1 share the port, and calls are counted by method and code', async (t) => {
  const { client, face } = await startForeign(t);
  await client.call(KV, 'Set', { key: bytes('k'), value: bytes('v') });
  assert.equal((await face.call('GET', '/kv/k')).text, 'v');
  await face.call('PUT', '/kv/k', { body: 'w' });
  assert.deepEqual((await client.call(KV, 'Get', { key: bytes('k') }))['value'], bytes('w'));
  await client.failure(KV, 'Get', { key: bytes('missing') });
  await client.list(KV, {});
  const { methods, openCalls } = face.metrics.grpc;
  assert.deepEqual([methods.Set.answers[0], methods.Get.answers[0], methods.Get.answers[5]], [1, 1, 1]);
  assert.deepEqual([methods.List.answers[0], openCalls], [1, 0]);
});

test('close tells clients to go, finishes running calls, and takes no new ones', async (t) => {
  const face = await startTestFace(t);
  const client = new ForeignClient(face.port);
  t.after(() => client.close());
  let release: (() => void) | undefined;
  const entered = new Promise<void>((resolve) => {
    face.kv.gate = () => {
      resolve();
      return new Promise((done) => {
        release = () => done(undefined);
      });
    };
  });
  const running = client.call(KV, 'Set', { key: bytes('k'), value: bytes('v') });
  await entered;
  const closing = face.face.close();
  release?.();
  assert.equal((await running)['ok'], true);
  await closing;
  assert.equal((await client.failure(KV, 'Get', { key: bytes('k') })).code, 14);
});

test('bytes that are no message are INVALID_ARGUMENT', async (t) => {
  const face = await startTestFace(t);
  const session = connect(`http://127.0.0.1:${face.port}`);
  t.after(() => session.close());
  const trailers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const call = session.request({
      ':method': 'POST',
      ':path': `/${KV}/Get`,
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    call.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) resolve({ ...headers });
    });
    call.on('trailers', (headers) => resolve({ ...headers }));
    call.on('error', reject);
    call.resume();
    call.end(Buffer.of(0, 0, 0, 0, 2, 0x0a, 0x7f));
  });
  assert.equal(trailers['grpc-status'], '3');
});

test('health tells whether the node is ready, reflection names the services and files', async (t) => {
  const { face } = await startForeign(t);
  const client = new Client(`127.0.0.1:${face.port}`, credentials.createInsecure());
  t.after(() => client.close());
  const same = (message: Buffer) => message;
  const check = (service: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = Buffer.concat([Buffer.of(0x0a, service.length), bytes(service)]);
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, request, (error, answer) => {
        if (error === null) resolve(answer?.at(1));
        else reject(error);
      });
    });
  assert.deepEqual([await check(''), await check(KV), await check(API)], [1, 1, 1]);
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const stream = client.makeBidiStreamRequest(path, same, same);
  const answers: string[] = [];
  stream.on('data', (answer: Buffer) => answers.push(answer.toString('latin1')));
  const ended = new Promise((resolve) => stream.on('end', resolve));
  stream.write(Buffer.of(0x3a, 1, 0x2a));
  stream.write(Buffer.concat([Buffer.of(0x22, KV.length), bytes(KV)]));
  stream.end();
  await ended;
  const [names = '', files = ''] = answers;
  for (const name of [KV, API, 'grpc.health.v1.Health']) assert.ok(names.includes(name), name);
  for (const name of ['kvorum/v1/kv.proto', 'kvorum/v1/read.proto']) assert.ok(files.includes(name), name);
});

test('a health watch tells NOT_SERVING and ends when the node stops, which waits for nobody', async (t) => {
  const { face } = await startForeign(t);
  const client = new Client(`127.0.0.1:${face.port}`, credentials.createInsecure());
  t.after(() => client.close());
  const same = (message: Buffer) => message;
  const stream = client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', same, same, Buffer.alloc(0));
  const statuses: (number | undefined)[] = [];
  const ended = new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  await new Promise<void>((resolve) => {
    stream.on('data', (answer: Buffer) => {
      statuses.push(answer.at(1));
      resolve();
    });
  });
  const startMs = performance.now();
  await face.face.close();
  assert.ok(performance.now() - startMs < 2_000, 'the drain time of 5 s was not used');
  await ended;
  assert.deepEqual(statuses, [1, 2]);
});
