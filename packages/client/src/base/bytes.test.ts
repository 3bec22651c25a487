import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBytes, toText } from './bytes.js';

test('text is UTF-8, short or long, with or without characters beyond ASCII', () => {
  const text = fc.oneof(fc.string({ maxLength: 100 }), fc.string({ unit: 'binary', maxLength: 100 }));
  fc.assert(
    fc.property(text, (each) => {
      assert.deepEqual(Buffer.from(toBytes(each)), Buffer.from(each));
      assert.equal(toText(toBytes(each)), each);
    }),
  );
  assert.equal(toText(toBytes('\ufeffx')), '\ufeffx');
  for (const each of ['', 'ü', '\ufeffx', 'x'.repeat(64), 'x'.repeat(65), '\ud800']) {
    assert.deepEqual(Buffer.from(toBytes(each)), Buffer.from(each));
  }
});
