/** The examples of RFC 7541, appendix C: both directions where the encoder makes the RFC's choices, decoding for the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteSink } from '../base/byte-sink.js';
import type { HeaderList } from '../base/header-list.js';
import { BlockReader } from './block-reader.js';
import { HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';
import { writeInteger } from './integer.js';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ''), 'hex'));
const newDecoder = (): HpackDecoder => new HpackDecoder({ tableBytesMax: 4_096, headerListBytesMax: 8_192 });

test('RFC 7541 C.1: integers', () => {
  for (const [prefixBits, value, hex] of [
    [5, 10, '0a'],
    [5, 1337, '1f9a0a'],
    [8, 42, '2a'],
  ] as const) {
    const out = new Uint8Array(6);
    const end = writeInteger(out, 0, 0, prefixBits, value);
    assert.equal(Buffer.from(out.subarray(0, end)).toString('hex'), hex);
    const reader = new BlockReader(100);
    reader.start(bytesOf(hex), 0, hex.length / 2);
    assert.equal(reader.integer(prefixBits), value);
    assert.ok(reader.isAtEnd);
  }
});

test('RFC 7541 C.2: the representations of a field', () => {
  const indexed = newDecoder();
  assert.deepEqual(indexed.decode(bytesOf('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')), [
    'custom-key',
    'custom-header',
  ]);
  assert.deepEqual(indexed.decode(bytesOf('be')), ['custom-key', 'custom-header'], 'it is in the table now');
  const plain = newDecoder();
  assert.deepEqual(plain.decode(bytesOf('040c 2f73 616d 706c 652f 7061 7468')), [':path', '/sample/path']);
  const never = bytesOf('1008 7061 7373 776f 7264 0673 6563 7265 74');
  assert.deepEqual(plain.decode(never), ['password', 'secret']);
  assert.throws(() => plain.decode(bytesOf('be')), { code: 'INDEX_OUT_OF_RANGE' }, 'neither is in the table');
  assert.deepEqual(newDecoder().decode(bytesOf('82')), [':method', 'GET']);
});

const requests: readonly HeaderList[] = [
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com', 'cache-control', 'no-cache'],
  [
    ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
    ...['custom-key', 'custom-value'],
  ],
];

test('RFC 7541 C.3: requests without Huffman coding', () => {
  const blocks = [
    '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
    '8286 84be 5808 6e6f 2d63 6163 6865',
    '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
  ];
  const decoder = newDecoder();
  assert.deepEqual(
    blocks.map((block) => decoder.decode(bytesOf(block))),
    requests,
  );
});

test('RFC 7541 C.4: requests with Huffman coding, both ways', () => {
  const blocks = [
    '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
    '8286 84be 5886 a8eb 1064 9cbf',
    '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
  ];
  const decoder = newDecoder();
  assert.deepEqual(
    blocks.map((block) => decoder.decode(bytesOf(block))),
    requests,
  );
  const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  for (const [at, request] of requests.entries()) {
    const sink = new ByteSink();
    encoder.encode(request, sink);
    assert.deepEqual(Uint8Array.from(sink.view()), bytesOf(blocks[at] ?? ''));
  }
});

const first = 'Mon, 21 Oct 2013 20:13:21 GMT';
const last = 'Mon, 21 Oct 2013 20:13:22 GMT';
const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const responses: readonly HeaderList[] = [
  [':status', '302', 'cache-control', 'private', 'date', first, 'location', 'https://www.example.com'],
  [':status', '307', 'cache-control', 'private', 'date', first, 'location', 'https://www.example.com'],
  [
    ...[':status', '200', 'cache-control', 'private', 'date', last, 'location', 'https://www.example.com'],
    ...['content-encoding', 'gzip', 'set-cookie', cookie],
  ],
];
/** The examples have a table of 256 octets from the start; this update at the start of the first block says so. */
const tableOf256 = '3fe101';

test('RFC 7541 C.5: responses without Huffman coding, with evictions', () => {
  const blocks = [
    `${tableOf256} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
     474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
    '4803 3330 37c1 c0bf',
    `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153
     444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
  ];
  const decoder = newDecoder();
  assert.deepEqual(
    blocks.map((block) => decoder.decode(bytesOf(block))),
    responses,
  );
});

test('RFC 7541 C.6: responses with Huffman coding, with evictions', () => {
  const blocks = [
    `${tableOf256} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
     63c7 8f0b 97c8 e9ae 82ae 43d3`,
    '4883 640e ffc1 c0bf',
    `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
     cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
  ];
  const decoder = newDecoder();
  assert.deepEqual(
    blocks.map((block) => decoder.decode(bytesOf(block))),
    responses,
  );
  // What the last block left in the table: set-cookie, content-encoding, date (RFC 7541, C.6.3).
  assert.deepEqual(decoder.decode(bytesOf('bebfc0')), ['set-cookie', cookie, 'content-encoding', 'gzip', 'date', last]);
  assert.throws(() => decoder.decode(bytesOf('c1')), { code: 'INDEX_OUT_OF_RANGE' });
});
