import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyBytes, toBytes, toText, valueBytes } from './bytes.js';
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
  for (const each of ['', 'ü', '\ufeffx', 'x'.repeat(64), 'x'.repeat(65), '\ud83d\ude00']) {
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

test('text with half a surrogate pair is refused, short or long: U+FFFD would be stored instead', () => {
  for (const each of ['\ud800', 'x\udc00', '\ude00\ud83d', `${'x'.repeat(100)}\ud83d`]) {
    assert.throws(() => toBytes('value', each), { code: 'INVALID_ARGUMENT', field: 'value' });
    assert.throws(() => keyBytes(each), { code: 'INVALID_ARGUMENT', field: 'key' });
  }
});

test('keys and values over the limits are refused with the code that servers use, and with the limit', () => {
  const tooLarge = {
    code: 'KEY_TOO_LARGE',
    field: 'key',
    retryable: false,
    message: /65537 bytes; allowed are 1 to 65536/,
  };
  assert.throws(() => keyBytes('k'.repeat(65_537)), tooLarge);
  assert.throws(() => keyBytes(''), { code: 'INVALID_ARGUMENT', field: 'key', message: /allowed are 1 to 65536/ });
  const size = 1536 * 1024 + 1;
  assert.throws(() => valueBytes(new Uint8Array(size)), {
    code: 'REQUEST_TOO_LARGE',
    field: 'value',
    message: /1572864/,
  });
});
