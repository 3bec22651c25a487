import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTraceParent } from './trace-parent.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a traceparent is read as W3C Trace Context says', () => {
  const read = (text: string) => readTraceParent(text, undefined);
  const context = { traceId, spanId, traceFlags: 1, isRemote: true };
  assert.deepEqual(read(`00-${traceId}-${spanId}-01`), context);
  assert.deepEqual(read(`00-${traceId}-${spanId}-00`), { ...context, traceFlags: 0 });
  assert.deepEqual(read(`00-${traceId}-${spanId}-ff`), context, 'flags that nobody knows are left out');
  assert.deepEqual(read(`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`), context);
  assert.deepEqual(read(`cc-${traceId}-${spanId}-01`), context);
  const { traceState } = readTraceParent(`00-${traceId}-${spanId}-01`, 'rojo=00f067,congo=t61') ?? {};
  assert.equal(traceState?.serialize(), 'rojo=00f067,congo=t61');
});

test('a malformed traceparent is none', () => {
  for (const bad of [
    undefined,
    '',
    'x',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01-`,
    `00-${traceId}-${spanId}-01-more`,
    `cc-${traceId}-${spanId}-01.more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
    ` 00-${traceId}-${spanId}-01`,
    `00_${traceId}-${spanId}-01`,
  ]) {
    assert.equal(readTraceParent(bad, 'a=1'), undefined, bad);
  }
});

test('S1: any text is a parent or none', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), (parent, state) => {
      assert.equal(readTraceParent(parent, state), undefined);
      assert.equal(readTraceParent(`00-${traceId}-${spanId}-01`, state)?.traceId, traceId);
    }),
  );
});
