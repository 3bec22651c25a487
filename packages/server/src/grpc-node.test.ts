import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { bytesCodec, createRealClock, createRuntime, GrpcClient, socketConnector } from '@kvorum/grpc';
import { keyBytesMax, requestBytesMax } from '@kvorum/protocol';
import { decodeWatchResponse, encodeWatchRequest } from '@kvorum/protocol/kvorum/v1/watch.js';
import { failureOf, ForeignClient } from './api/grpc/testing/foreign-client.js';
import { startTestFace } from './api/http/testing/test-face.js';
import { type KvorumNode, startNode } from './node.js';
import { watchesPerConnectionMax } from './service/watch/limits.js';
import type { NodeOptions } from './options/node-options.js';

const KV = 'kvorum.v1.KV';
const bytes = (text: string) => Buffer.from(text);

async function start(
  t: TestContext,
  options: NodeOptions = {},
): Promise<{ readonly node: KvorumNode; readonly client: ForeignClient }> {
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0', ...options });
  const client = new ForeignClient(Number(node.status().clientAddress?.split(':').at(-1)));
  t.after(async () => {
    client.close();
    await node.close();
  });
  return { node, client };
}

test('a whole node answers gRPC on its client port', async (t) => {
  const { node, client } = await start(t);
  const key = bytes('k');
  const { revision } = await client.call(KV, 'Set', { key, value: bytes('1') });
  assert.equal((await client.call(KV, 'Get', { key, consistency: 1 }))['modRevision'], revision);
  assert.equal((await client.call(KV, 'Get', { key, consistency: 2, maxStalenessMs: 100 }))['modRevision'], revision);
  await node.put('l', '2');
  assert.equal((await client.list(KV, {})).rows.length, 2);
  assert.equal((await client.list(KV, { revision })).rows.length, 1);
  const { error } = await client.failure(KV, 'Delete', { key, ifAbsent: true });
  assert.deepEqual([error.code, error.details.currentRevision], ['CONDITION_FAILED', revision]);
  const { servers } = await client.call(KV, 'GetServers', {});
  assert.ok(Array.isArray(servers));
  assert.deepEqual([servers.length, servers[0].isLeader, servers[0].rpcAddr], [1, true, node.status().clientAddress]);
  assert.match(await node.metricsText(), /^kvorum_grpc_calls_total\{method="Set",code="OK"\} 1$/m);
});

test('S9: limits of keys, values and sessions come as INVALID_ARGUMENT with the field', async (t) => {
  const { client } = await start(t);
  const rows: [string, object, string][] = [
    ['Set', { value: bytes('v') }, 'key'],
    ['Set', { key: Buffer.alloc(keyBytesMax + 1) }, 'key'],
    ['Set', { key: bytes('k'), value: Buffer.alloc(requestBytesMax) }, 'value'],
    ['Get', {}, 'key'],
    ['Delete', {}, 'key'],
    ['Set', { key: bytes('k'), session: 5, sequence: 0, firstUnacknowledged: 0 }, 'sequence'],
    ['Set', { key: bytes('k'), session: 5, sequence: 2, firstUnacknowledged: 3 }, 'sequence'],
    ['KeepAliveSession', {}, 'session'],
  ];
  for (const [method, request, field] of rows) {
    const { code, error } = await client.failure(KV, method, request);
    assert.deepEqual([code, error.details.field, error.details.mayHaveHappened], [3, field, false], method);
  }
  const future = await client.failure(KV, 'Get', { key: bytes('k'), revision: 1_000 });
  assert.deepEqual([future.code, future.error.code], [11, 'FUTURE_REVISION']);
  const empty = await client.failure('api.KV', 'Set', { key: '' });
  assert.equal(empty.error.details.field, 'key');
});

test('S9: keyBytesMax holds for prefixes and bounds of lists and watches, and for watched keys', async (t) => {
  const { client } = await start(t);
  const largest = Buffer.alloc(keyBytesMax, 'k');
  const more = Buffer.alloc(keyBytesMax + 1, 'k');
  const most = Buffer.alloc(keyBytesMax + 2, 'k');
  await client.call(KV, 'Set', { key: largest });
  assert.equal((await client.list(KV, { prefix: largest, end: more })).rows.length, 1);
  assert.equal((await client.list(KV, { start: more })).rows.length, 0, 'a list may begin right after any key');
  const watched = (request: object) => client.watch(request).ended;
  const rows: [() => Promise<unknown>, string][] = [
    [() => client.list(KV, { prefix: more }), 'prefix'],
    [() => client.list(KV, { start: most }), 'start'],
    [() => client.list(KV, { end: most }), 'end'],
    [() => watched({ key: more }), 'key'],
    [() => watched({ prefix: more }), 'prefix'],
    [() => watched({ start: most }), 'start'],
    [() => watched({ start: bytes('a'), end: most }), 'end'],
  ];
  for (const [call, field] of rows) {
    const { code, error, message } = await failureOf(call());
    assert.deepEqual([code, error.code, error.details.field], [3, 'KEY_TOO_LARGE', field]);
    assert.match(message, new RegExp(`^the ${field} has \\d+ bytes; allowed: (1|up) to 6553\\d bytes`));
  }
});

test('S9: the text of a refusal tells what is allowed and names fields as the messages do', async (t) => {
  const { client } = await start(t);
  const key = bytes('k');
  const value = Buffer.alloc(requestBytesMax);
  const rows: [object, RegExp][] = [
    [{ key, value }, /^key and value together have 1572865 bytes; allowed: up to 1572864 bytes/],
    [{ key: Buffer.alloc(keyBytesMax + 1) }, /^the key has 65537 bytes; allowed: 1 to 65536 bytes/],
    [{ key, session: 5, sequence: 1 }, /^first_unacknowledged 0 is not allowed; allowed: 1 to 9007199254740991/],
    [
      { key, session: 5, sequence: 1025, firstUnacknowledged: 1 },
      /^sequence 1025 is not allowed; allowed: the first unacknowledged one \(1\) to 1023 above it/,
    ],
  ];
  for (const [request, text] of rows) {
    const { code, error, message } = await client.failure(KV, 'Set', request);
    assert.equal(code, 3, error.code);
    assert.match(message, text);
  }
  assert.match((await client.failure(KV, 'KeepAliveSession', {})).message, /^session 0 is not allowed/);
});

test('a bad operation in a batch harms none of the others', async (t) => {
  const { client } = await start(t);
  const value = bytes('v');
  const { results } = await client.call(KV, 'Batch', {
    operations: [{ set: { key: bytes('a'), value } }, { set: { value } }, { set: { key: bytes('b'), value } }],
  });
  assert.ok(Array.isArray(results));
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 3, 0],
  );
  assert.equal(results[2].set.revision, results[0].set.revision + 1);
});

test('R20: a write sent twice in a session happens once', async (t) => {
  const { client } = await start(t);
  const { session } = await client.call(KV, 'OpenSession', {});
  const write = { key: bytes('k'), value: bytes('1'), session, sequence: 1, firstUnacknowledged: 1 };
  const first = await client.call(KV, 'Set', write);
  assert.deepEqual(await client.call(KV, 'Set', write), first);
  assert.equal((await client.call(KV, 'Get', { key: bytes('k') }))['version'], 1);
});

test('R20: a sequence sent again as another kind of write is refused, and neither write happens again', async (t) => {
  const { client } = await start(t);
  const { session } = await client.call(KV, 'OpenSession', {});
  const key = bytes('k');
  const stamp = (sequence: number) => ({ key, session, sequence, firstUnacknowledged: 1 });
  await client.call(KV, 'Set', { ...stamp(1), value: bytes('1') });
  await client.call(KV, 'Set', { key, value: bytes('2') });
  const removal = await client.failure(KV, 'Delete', stamp(1));
  assert.match(removal.message, /^the sequence was used before, for a put; this delete was not carried out/);
  await client.call(KV, 'Delete', stamp(2));
  await client.call(KV, 'Set', { key, value: bytes('3') });
  const set = await client.failure(KV, 'Set', { ...stamp(2), value: bytes('4') });
  assert.match(set.message, /^the sequence was used before, for a delete; this put was not carried out/);
  for (const { code, error } of [removal, set]) {
    assert.deepEqual([code, error.code, error.details.field], [9, 'SEQUENCE_REFUSED', 'sequence']);
    assert.equal(error.details.mayHaveHappened, false);
  }
  assert.deepEqual((await client.call(KV, 'Get', { key }))['value'], bytes('3'));
});

test('S12: flooded with puts a node refuses them as not sent, and keeps sessions, GetServers and health', async (t) => {
  const { node, client } = await start(t, { requestQueueCount: 10 });
  const { session } = await client.call(KV, 'OpenSession', {});
  let isOver = false;
  let done = 0;
  let refused = 0;
  const flood = Array.from({ length: 100 }, async (_, n) => {
    while (!isOver) {
      const put = client.call(KV, 'Set', { key: bytes(`k${n}`), value: Buffer.alloc(1_000) });
      const failure = await put.then(
        () => undefined,
        () => failureOf(put),
      );
      if (failure === undefined) done += 1;
      else {
        assert.deepEqual([failure.code, failure.error.code], [8, 'TOO_MANY_REQUESTS']);
        assert.equal(failure.error.details.mayHaveHappened, false);
        refused += 1;
      }
    }
  });
  const base = `http://${node.status().clientAddress}`;
  /** Not by the clock, for machines differ: how many puts were answered while one other request waited. */
  let mostBefore = 0;
  const measured = async <T>(request: Promise<T>): Promise<T> => {
    const before = done + refused;
    const answer = await request;
    mostBefore = Math.max(mostBefore, done + refused - before);
    return answer;
  };
  for (let round = 0; round < 3 || refused < 300; round += 1) {
    await measured(client.call(KV, 'KeepAliveSession', { session }));
    const { servers } = await measured(client.call(KV, 'GetServers', {}));
    assert.ok(Array.isArray(servers) && servers.length === 1);
    for (const path of ['/health', '/livez', '/readyz']) {
      assert.equal((await measured(fetch(base + path))).status, 200, path);
    }
  }
  isOver = true;
  await Promise.all(flood);
  assert.ok(done > 0, 'what has room is carried out');
  assert.ok(mostBefore < 10 * flood.length, `${mostBefore} puts were answered while another request waited`);
  // Revision 1 is the empty state; each put that was answered with OK is there, and none that was refused.
  assert.equal((await node.get('k0')).revision, 1 + done);
});

test('R11: a watch delivers each change of its keys once and in order, and goes on where another one ended', async (t) => {
  const { node, client } = await start(t);
  const all = client.watch({});
  const prefix = client.watch({ prefix: bytes('a/'), prevKv: true });
  const key = client.watch({ key: bytes('b') });
  const range = client.watch({ start: bytes('b'), end: bytes('c') });
  await Promise.all([all.begun(), prefix.begun(), key.begun(), range.begun()]);
  await node.put('a/1', 'x');
  await node.put('b', 'y');
  await node.delete('a/1');
  await node.put('c', 'z');
  await all.until('put c=z@5');
  assert.deepEqual(all.events, ['put a/1=x@2', 'put b=y@3', 'delete a/1@4', 'put c=z@5']);
  await prefix.until('delete a/1@4');
  assert.deepEqual(prefix.previous, ['', 'x']);
  await key.until('put b=y@3');
  await range.until('put b=y@3');
  assert.deepEqual([key.events.length, range.events.length], [1, 1]);
  const resumed = client.watch({ fromRevision: 4 });
  await resumed.until('put c=z@5');
  assert.deepEqual(resumed.events, ['delete a/1@4', 'put c=z@5']);
  assert.equal(resumed.responses[0]?.['revision'], 3);
});

test('R11: a watch from before the compaction tells the compact revision', async (t) => {
  const { node, client } = await start(t);
  for (const value of ['1', '2', '3']) await node.put('k', value);
  await node.kv.compact(3);
  const { code, error } = await failureOf(client.watch({ fromRevision: 2 }).ended);
  assert.deepEqual([code, error.code, error.details.compactRevision], [11, 'COMPACTED', 3]);
  const wrong = await failureOf(client.watch({ key: bytes('k'), prefix: bytes('k') }).ended);
  assert.deepEqual([wrong.code, wrong.error.code], [3, 'INVALID_ARGUMENT']);
  assert.equal((await failureOf(client.watch({ keyspace: 'other' }).ended)).code, 5);
});

test('S9: watchesPerConnectionMax watches fit on a connection, one more is refused, other connections are free', async (t) => {
  const { node } = await start(t);
  const face = await startTestFace(t);
  const connections = new Set<object | undefined>();
  face.kv.watch = (options) => {
    connections.add(options?.connection);
    return node.kv.watch(options);
  };
  const [one, two] = [new ForeignClient(face.port), new ForeignClient(face.port)];
  t.after(() => [one, two].map((client) => client.close()));
  const first = one.watch({});
  await first.begun();
  const [connection] = connections;
  assert.ok(connection !== undefined);
  // A connection has too few streams for so many; other faces put many watches in one.
  for (let count = 2; count < watchesPerConnectionMax; count += 1) await node.kv.watch({ connection, fromRevision: 1 });
  const last = one.watch({});
  await last.begun();
  assert.equal(connections.size, 1, 'calls of one connection count together');
  const { code, error } = await failureOf(one.watch({}).ended);
  assert.deepEqual([code, error.code], [8, 'TOO_MANY_REQUESTS']);
  const other = two.watch({});
  await other.begun();
  assert.equal(connections.size, 2);
  last.cancel();
  const again = async (): Promise<void> => {
    const watch = one.watch({});
    await watch.begun().catch(again);
    watch.cancel();
  };
  await again();
  for (const watch of [first, other]) watch.cancel();
});

test('S11: a cancelled watch holds nothing, and a stop ends watches at once', async (t) => {
  const { node, client } = await start(t);
  const open = async (count: number): Promise<void> => {
    while (!new RegExp(`^kvorum_grpc_open_calls ${count}$`, 'm').test(await node.metricsText())) await turn();
  };
  const watches = [client.watch({}), client.watch({})];
  await Promise.all(watches.map((watch) => watch.begun()));
  await open(2);
  watches[0]?.cancel();
  await open(1);
  const ended = failureOf(watches[1]?.ended ?? Promise.resolve());
  const startMs = performance.now();
  await node.close();
  const { code, error } = await ended;
  assert.deepEqual([code, error.code], [14, 'STOPPED']);
  assert.ok(performance.now() - startMs < 4_000, 'the drain time was not used up');
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('S11: watches that are not read cost the others nothing, and go on without a gap when they are', async (t) => {
  const { node, client } = await start(t);
  const runtime = createRuntime(createRealClock());
  const port = Number(node.status().clientAddress?.split(':').at(-1));
  const lazyClient = new GrpcClient({ runtime, connector: socketConnector({ host: '127.0.0.1', port }) });
  t.after(() => lazyClient.destroy());
  const remote = { path: '/kvorum.v1.KV/Watch', request: bytesCodec, response: bytesCodec };
  // More than the windows of a stream, what is queued for it and what is kept for a watch hold together.
  const value = 'v'.repeat(64 * 1024);
  const puts = 20;
  const lazy = Array.from({ length: 2 }, () => lazyClient.serverStream(remote, encodeWatchRequest({})));
  await Promise.all(lazy.map((responses) => responses.next()));
  const eager = Array.from({ length: 8 }, () => client.watch({}));
  await Promise.all(eager.map((watch) => watch.begun()));
  for (let n = 0; n < puts; n += 1) await node.put('k', value);
  await Promise.all(eager.map((watch) => watch.until(`put k=${value}@${puts + 1}`)));
  assert.ok(eager.every(({ events }) => events.length === puts));
  for (const responses of lazy) {
    const revisions: number[] = [];
    while (revisions.length < puts) {
      const next = await responses.next();
      assert.ok(next.done !== true, 'the watch goes on');
      revisions.push(...decodeWatchResponse(next.value).events.map(({ kv }) => kv?.modRevision ?? 0));
    }
    assert.deepEqual(
      revisions,
      Array.from({ length: puts }, (_, n) => n + 2),
    );
    await responses.return?.();
  }
});
