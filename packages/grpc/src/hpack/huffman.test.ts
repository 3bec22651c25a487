import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeBits, codes, endOfString } from './huffman-code.js';
import { decodedBytesMax, huffmanDecode } from './huffman-decode.js';
import { huffmanBytes, huffmanEncode } from './huffman-encode.js';

function encode(text: string): Uint8Array {
  const out = new Uint8Array(huffmanBytes(text));
  assert.equal(huffmanEncode(text, out, 0), out.length);
  return out;
}

function decode(bytes: Uint8Array): string | undefined {
  const out = Buffer.alloc(decodedBytesMax(bytes.length));
  const end = huffmanDecode(bytes, 0, bytes.length, out);
  return end === -1 ? undefined : out.toString('latin1', 0, end);
}

test('the code is complete and ends with the end of string', () => {
  assert.equal(codeBits.length, endOfString + 1);
  assert.equal(
    codeBits.reduce((sum, bits) => sum + 2 ** (30 - bits), 0),
    2 ** 30,
    'no bits are left over',
  );
  assert.equal(codes[endOfString], 2 ** 30 - 1);
  // A few of the table in appendix B.
  assert.deepEqual([codes[0x30], codes[0x7a], codes[0x5c], codes[0xff]], [0x0, 0x7b, 0x7fff0, 0x3ffffee]);
});

test('every octet survives at every bit position', () => {
  for (let octet = 0; octet < 256; octet++) {
    for (let before = 0; before < 8; before++) {
      const text = `${'0'.repeat(before)}${String.fromCharCode(octet)}z`;
      assert.equal(decode(encode(text)), text);
    }
  }
});

test('random strings survive', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      const text = Buffer.from(octets).toString('latin1');
      assert.equal(decode(encode(text)), text);
    }),
  );
});

test('what decodes encodes to the same octets: padding is checked exactly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (octets) => {
      const text = decode(octets);
      if (text !== undefined) assert.deepEqual(encode(text), octets);
    }),
    { numRuns: 5_000 },
  );
});

test('RFC 7541 5.2: wrong padding and the end of string are errors', () => {
  const good = encode('a'); // 00011 and three ones
  assert.deepEqual([...good], [0x1f]);
  assert.equal(decode(Uint8Array.of(0x1e)), undefined, 'padding with a zero');
  assert.equal(decode(Uint8Array.of(0x1f, 0xff)), undefined, 'eleven bits of padding');
  assert.equal(decode(Uint8Array.of(0xff)), undefined, 'eight bits of padding');
  assert.equal(decode(Uint8Array.of(0xff, 0xff, 0xff, 0xff)), undefined, 'the end of string itself');
  assert.equal(decode(new Uint8Array(0)), '');
});
