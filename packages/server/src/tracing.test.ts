import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ForeignClient } from './api/grpc/testing/foreign-client.js';
import { registerTracing, type TestSpan } from './api/tracing/testing/test-tracing.js';
import { type KvorumNode, startNode } from './node.js';
import { version } from './version.js';

const KV = 'kvorum.v1.KV';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const bytes = (text: string) => Buffer.from(text);

interface Rig {
  readonly node: KvorumNode;
  readonly client: ForeignClient;
  readonly http: (method: string, path: string, headers?: Record<string, string>) => Promise<Response>;
}

async function start(t: TestContext, tracing: boolean): Promise<Rig> {
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0', tracing });
  await node.ready();
  const client = new ForeignClient(Number(node.clientAddress?.split(':').at(-1)));
  t.after(async () => {
    client.close();
    await node.close();
  });
  const http: Rig['http'] = async (method, path, headers = {}) => {
    const response = await fetch(`http://${node.clientAddress ?? ''}${path}`, {
      method,
      headers,
      ...(method === 'PUT' ? { body: 'v' } : {}),
    });
    await response.arrayBuffer();
    return response;
  };
  return { node, client, http };
}

function shown(span: TestSpan): unknown {
  const { 'client.address': client, ...attributes } = span.attributes;
  assert.match(String(client), /^127\.0\.0\.1/);
  assert.equal(span.ended, 1);
  return { name: span.name, kind: span.kind, attributes, status: span.status, parent: span.parent?.spanId };
}

test('a span for each HTTP request, below the caller its traceparent names', async (t) => {
  const tracing = registerTracing(t);
  const { http } = await start(t, true);
  assert.deepEqual(tracing.tracers, [`@kvorum/server@${version}`]);
  await http('PUT', '/kv/a?timeout=1000', { traceparent, tracestate: 'vendor=1' });
  const [commit, put] = await tracing.until(2);
  assert.ok(put && commit);
  assert.deepEqual(shown(put), {
    name: 'PUT /kv/{key}',
    kind: SpanKind.SERVER,
    attributes: {
      'http.request.method': 'PUT',
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
      'url.path': '/kv/a',
      'http.route': '/kv/{key}',
      'http.response.status_code': 200,
    },
    status: { code: SpanStatusCode.UNSET },
    parent: '00f067aa0ba902b7',
  });
  assert.equal(put.parent?.traceId, traceId);
  assert.equal(put.parent?.isRemote, true);
  assert.equal(put.parent?.traceState?.serialize(), 'vendor=1');
  assert.deepEqual([commit.name, commit.kind], ['kvorum.put', SpanKind.INTERNAL]);
  assert.deepEqual(commit.parent, put.spanContext(), 'the commit lies within the request');
});

test('names, routes and status of HTTP spans; malformed parents are ignored', async (t) => {
  const tracing = registerTracing(t);
  const { http } = await start(t, true);
  const key = 'k'.repeat(300);
  for (const [method, path, parent] of [
    ['GET', `/kv/${key}?serializable`, 'nonsense'],
    ['GET', '/kv/?prefix=a', `${traceparent}, ${traceparent}`],
    ['GET', '/nowhere', `ff${traceparent.slice(2)}`],
    ['GET', '/livez', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['POST', '/compact', traceparent.toUpperCase()],
  ] as const) {
    await http(method, path, { traceparent: parent });
    await tracing.until(tracing.started);
  }
  assert.deepEqual(
    tracing.ended.map(({ name, attributes, parent }) => [
      name,
      attributes['url.path'],
      attributes['http.response.status_code'],
      parent,
    ]),
    [
      ['GET /kv/{key}', `/kv/${key}`.slice(0, 256), 404, undefined],
      ['GET /kv/', '/kv/', 200, undefined],
      ['GET', '/nowhere', 404, undefined],
      ['GET /livez', '/livez', 200, undefined],
      ['POST /compact', '/compact', 400, undefined],
    ],
  );
});

test('a span for each gRPC call, below the caller its traceparent names', async (t) => {
  const tracing = registerTracing(t);
  const { client } = await start(t, true);
  await client.call(
    KV,
    'Set',
    { key: bytes('k'), value: bytes('v') },
    { metadata: { traceparent, tracestate: 'vendor=1' } },
  );
  const [commit, set] = await tracing.until(2);
  assert.ok(set && commit);
  assert.deepEqual(shown(set), {
    name: 'kvorum.v1.KV/Set',
    kind: SpanKind.SERVER,
    attributes: {
      'rpc.system.name': 'grpc',
      'rpc.method': 'kvorum.v1.KV/Set',
      'network.protocol.name': 'http',
      'network.protocol.version': '2',
      'rpc.response.status_code': 'OK',
    },
    status: { code: SpanStatusCode.UNSET },
    parent: '00f067aa0ba902b7',
  });
  assert.equal(set.parent?.traceId, traceId);
  assert.equal(set.parent?.traceState?.serialize(), 'vendor=1');
  assert.deepEqual([commit.name, commit.parent?.spanId], ['kvorum.put', set.spanContext().spanId]);
});

test('status of gRPC spans: faults of the client are none of ours; streams end their span', async (t) => {
  const tracing = registerTracing(t);
  const { node, client } = await start(t, true);
  await client.failure(KV, 'Get', { key: bytes('missing') }, { metadata: { traceparent: 'nonsense' } });
  await client.failure(KV, 'Get', {});
  await client.list(KV, {});
  await client.call('api.KV', 'Set', { key: 'k', value: bytes('v') });
  const watch = client.watch({});
  await watch.begun();
  watch.cancel();
  await tracing.until(6);
  const stopped = client.watch({});
  await stopped.begun();
  const ended = assert.rejects(stopped.ended);
  await node.close();
  await ended;
  await tracing.until(7);
  assert.deepEqual(
    tracing.ended.map(({ name, attributes, status, parent }) => [
      name,
      attributes['rpc.response.status_code'],
      attributes['error.type'],
      status.code,
      parent?.isRemote,
    ]),
    [
      ['kvorum.v1.KV/Get', 'NOT_FOUND', undefined, SpanStatusCode.UNSET, undefined],
      ['kvorum.v1.KV/Get', 'INVALID_ARGUMENT', undefined, SpanStatusCode.UNSET, undefined],
      ['kvorum.v1.KV/List', 'OK', undefined, SpanStatusCode.UNSET, undefined],
      ['kvorum.put', undefined, undefined, SpanStatusCode.UNSET, undefined],
      ['api.KV/Set', 'OK', undefined, SpanStatusCode.UNSET, undefined],
      ['kvorum.v1.KV/Watch', 'CANCELLED', undefined, SpanStatusCode.UNSET, undefined],
      ['kvorum.v1.KV/Watch', 'UNAVAILABLE', 'UNAVAILABLE', SpanStatusCode.ERROR, undefined],
    ],
  );
});

test('a demo route tells no value, a failed commit is told', async (t) => {
  const tracing = registerTracing(t);
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0', tracing: true, demoRoutes: true });
  t.after(() => node.close());
  await node.ready();
  await fetch(`http://${node.clientAddress ?? ''}/Set/name/secret`);
  const [, demo] = await tracing.until(2);
  assert.deepEqual([demo?.name, demo?.attributes['url.path']], ['GET /Set/{key}/{value}', '/Set/{key}/{value}']);
  await fetch(`http://${node.clientAddress ?? ''}/kv/name`, { method: 'PUT', headers: { 'If-Match': '9' }, body: 'x' });
  const [commit, put] = (await tracing.until(4)).slice(2);
  assert.deepEqual([commit?.name, commit?.status.code], ['kvorum.put', SpanStatusCode.ERROR]);
  assert.deepEqual([put?.attributes['http.response.status_code'], put?.status.code], [412, SpanStatusCode.UNSET]);
});

test('off: nobody is asked for a tracer, whatever is sent', async (t) => {
  const tracing = registerTracing(t);
  const { client, http } = await start(t, false);
  await http('PUT', '/kv/a', { traceparent });
  await client.call(KV, 'Set', { key: bytes('k'), value: bytes('v') }, { metadata: { traceparent } });
  await client.list(KV, {});
  assert.deepEqual([tracing.tracers, tracing.started], [[], 0]);
});

test('on without an SDK: calls are served', async (t) => {
  const { client, http } = await start(t, true);
  assert.equal((await http('PUT', '/kv/a', { traceparent })).status, 200);
  await client.call(KV, 'Set', { key: bytes('k'), value: bytes('v') }, { metadata: { traceparent } });
  assert.equal(trace.getSpan(ROOT_CONTEXT), undefined);
});
