import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBytes, toText } from './bytes.js';
import { keyValueOf } from './key-value.js';

test('text is UTF-8, short or long, with or without characters beyond ASCII', () => {
  const text = fc.oneof(fc.string({ maxLength: 100 }), fc.string({ unit: 'binary', maxLength: 100 }));
  fc.assert(
    fc.property(text, (each) => {
      assert.deepEqual(Buffer.from(toBytes('value', each)), Buffer.from(each));
      assert.equal(toText(toBytes('value', each)), each);
    }),
  );
  assert.equal(toText(toBytes('value', '\ufeffx')), '\ufeffx');
  for (const each of ['', 'ü', '\ufeffx', 'x'.repeat(64), 'x'.repeat(65), '\ud800']) {
    assert.deepEqual(Buffer.from(toBytes('value', each)), Buffer.from(each));
  }
});

test('N13: a value that was read does not keep the bytes it came with, though they are a Buffer', () => {
  const chunk = Buffer.alloc(65_536, 'v');
  const meta = { key: new Uint8Array(1), createRevision: 1, modRevision: 1, version: 1, revision: 1, more: false };
  const { value } = keyValueOf(meta.key, { ...meta, value: chunk.subarray(7, 17) });
  chunk.fill('x');
  assert.deepEqual([toText(value), value.buffer.byteLength], ['v'.repeat(10), 10]);
});
