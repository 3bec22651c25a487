import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

test('text survives, and is encoded as everybody else does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
      assert.equal(decodeUtf8(encodeUtf8(text)), text);
    }),
  );
  assert.deepEqual(encodeUtf8('\ud800'), Uint8Array.of(0xef, 0xbf, 0xbd));
});

test('bytes that are no UTF-8 decode without an error, each into a replacement character', () => {
  assert.equal(
    decodeUtf8(Uint8Array.of(0x61, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x62)),
    'a\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdb',
  );
});
