import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metadata, type ServerCall, unary } from '@kvorum/grpc';
import { CallTracer } from './call-tracer.js';
import { registerTracing } from './testing/test-tracing.js';
import { tracedTable } from './traced-methods.js';

const text = { encode: (value: string) => Buffer.from(value), decode: (bytes: Uint8Array) => String(bytes) };

/** A call whose headers hold what is no metadata. */
const call: ServerCall = {
  path: '/a.B/C',
  peer: 'test',
  connection: {},
  get metadata() {
    return Metadata.fromHeaders(['traceparent', 'x', 'some-bin', '%']);
  },
  deadlineMs: undefined,
  isOver: false,
  signal: new AbortController().signal,
  sendMetadata: () => undefined,
  setTrailer: () => undefined,
};

test('S1: metadata that a handler does not look at fails no call because of its span', async (t) => {
  const tracing = registerTracing(t);
  assert.throws(() => call.metadata, { code: 13 });
  const table = new Map([[call.path, unary(text, text, (request: string) => `${request}!`)]]);
  const method = tracedTable(new CallTracer('1'), table).get(call.path);
  assert.ok(method?.kind === 'unary');
  assert.equal(method.handle('hello', call), 'hello!');
  const [span] = await tracing.until(1);
  assert.equal(span?.name, 'a.B/C');
  assert.equal(span.parent, undefined);
});
