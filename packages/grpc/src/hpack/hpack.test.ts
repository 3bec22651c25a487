import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteSink } from '../base/byte-sink.js';
import type { HeaderList } from '../base/header-list.js';
import { HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';
import { HpackError } from './hpack-error.js';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ''), 'hex'));
const newDecoder = (headerListBytesMax = 65_536): HpackDecoder =>
  new HpackDecoder({ tableBytesMax: 4_096, headerListBytesMax });

function encode(encoder: HpackEncoder, list: HeaderList): Uint8Array {
  const sink = new ByteSink(new Uint8Array(1));
  encoder.encode(list, sink);
  return Uint8Array.from(sink.view());
}

const request: HeaderList = [
  ...[':method', 'POST', ':scheme', 'http', ':path', '/kvorum.v1.KV/Get', ':authority', '127.0.0.1:7400'],
  ...['te', 'trailers', 'content-type', 'application/grpc', 'user-agent', 'kvorum'],
];

const names = fc.oneof(
  fc.constantFrom(
    ':status',
    ':path',
    'content-type',
    'authorization',
    'x-a',
    'x-b',
    'grpc-status',
    'x-data-bin',
    'vary',
  ),
  fc.stringMatching(/^[a-z0-9-]{1,20}$/),
);
const values = fc.oneof(
  fc.constantFrom('', '200', 'application/grpc', 'v'.repeat(300), 'w'.repeat(5_000)),
  fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets).toString('latin1')),
);
const lists = fc.array(fc.tuple(names, values), { maxLength: 12 }).map((fields) => fields.flat());

test('random lists and random table sizes survive a connection', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ list: lists, times: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ sizes: fc.array(fc.integer({ min: 0, max: 8_192 }), { maxLength: 3 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 8_192 }), (steps, own) => {
      const encoder = new HpackEncoder({ tableBytesMax: own });
      const decoder = new HpackDecoder({ tableBytesMax: 4_096, headerListBytesMax: 1 << 20 });
      for (const each of steps) {
        if ('sizes' in each) {
          for (const size of each.sizes) {
            encoder.setTableBytesMax(size);
            decoder.setTableBytesMax(size);
          }
          // Encoder and decoder learn of the sizes at once here; what the encoder may use is smaller where its own limit is.
          const last = each.sizes.at(-1);
          if (last !== undefined && own < last) encoder.setTableBytesMax(own);
          continue;
        }
        for (let time = 0; time < each.times; time++) {
          assert.deepEqual(decoder.decode(encode(encoder, each.list)), each.list);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a repeated request is one list, decoded once, until the table changes', () => {
  const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  const decoder = newDecoder();
  assert.deepEqual(decoder.decode(encode(encoder, request)), request);
  const block = encode(encoder, request);
  assert.ok(block.length <= 7, 'all fields are in the tables');
  const list = decoder.decode(block);
  assert.deepEqual(list, request);
  assert.equal(decoder.decode(block.slice()), list, 'the same instance');
  const within = Buffer.concat([Buffer.of(0xbe), block, Buffer.of(0xbe)]);
  assert.equal(decoder.decode(within, 1, within.length - 1), list, 'also within a larger buffer');
  assert.deepEqual(encode(encoder, [...request]), block, 'an equal list that is another instance');
  assert.deepEqual(decoder.decode(encode(encoder, ['x-new', '1'])), ['x-new', '1']);
  const moved = encode(encoder, request);
  assert.notDeepEqual(moved, block, 'the indexes have moved');
  assert.deepEqual(decoder.decode(moved), request);
  assert.notDeepEqual(decoder.decode(block), request, 'the old octets mean something else now');
});

test('secrets are never indexed, and say so; what changes all the time is not indexed', () => {
  const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  for (const name of ['authorization', 'cookie', 'token', 'x-session-token']) {
    const block = encode(encoder, [name, 'secret']);
    assert.equal((block[0] ?? 0) & 0xf0, 0x10, name);
    assert.deepEqual(encode(encoder, [name, 'secret']), block, name);
  }
  for (const name of ['grpc-timeout', 'traceparent', 'x-blob-bin']) {
    assert.equal((encode(encoder, [name, '1'])[0] ?? 0) & 0xf0, 0x00, name);
  }
});

test('RFC 7541 4.2: the encoder tells the smallest and the last of several sizes', () => {
  const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  encode(encoder, ['x-a', '1']);
  encoder.setTableBytesMax(100);
  encoder.setTableBytesMax(0);
  encoder.setTableBytesMax(200);
  assert.deepEqual(encode(encoder, [':method', 'GET']), bytesOf('20 3fa901 82'));
  assert.deepEqual(encode(encoder, [':method', 'GET']), bytesOf('82'));
  encoder.setTableBytesMax(10_000);
  assert.deepEqual(encode(encoder, [':method', 'GET']), bytesOf('3fe11f 82'), 'its own limit');
  assert.deepEqual(encode(new HpackEncoder({ tableBytesMax: 0 }), ['x-a', '1']).subarray(0, 2), bytesOf('2000'));
});

test('RFC 7541 4.2: the decoder insists on updates at the start of a block and within the limit', () => {
  assert.throws(() => newDecoder().decode(bytesOf('3fe21f')), { code: 'BAD_TABLE_SIZE_UPDATE' }, '4,097');
  assert.deepEqual(newDecoder().decode(bytesOf('3fe11f 20 82')), [':method', 'GET'], 'two updates');
  assert.throws(() => newDecoder().decode(bytesOf('82 20')), { code: 'BAD_TABLE_SIZE_UPDATE' }, 'behind a field');
  const lowered = newDecoder();
  lowered.setTableBytesMax(1_000);
  assert.throws(() => lowered.decode(bytesOf('82')), { code: 'BAD_TABLE_SIZE_UPDATE' }, 'no update');
  const told = newDecoder();
  told.setTableBytesMax(1_000);
  assert.deepEqual(told.decode(bytesOf('3fc907 82')), [':method', 'GET']);
  assert.deepEqual(told.decode(bytesOf('82')), [':method', 'GET']);
});

test('S9: a list over the limit is refused, and the table stays right', () => {
  const list: HeaderList = ['x-a', '1', 'x-b', '2'];
  const bytes = 2 * (3 + 1 + 32);
  for (const [limit, expected] of [
    [bytes, list],
    [bytes - 1, undefined],
  ] as const) {
    const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
    const decoder = newDecoder(limit);
    assert.deepEqual(decoder.decode(encode(encoder, list)), expected);
    assert.deepEqual(decoder.decode(encode(encoder, list)), expected, 'also when indexed');
    assert.deepEqual(decoder.decode(encode(encoder, ['x-b', '2'])), ['x-b', '2']);
  }
});

test('S9: a string at the limit passes, one octet more ends the connection', () => {
  for (const octet of ['a', '\u0000']) {
    const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
    const options = { tableBytesMax: 4_096, headerListBytesMax: 1_000, stringBytesMax: 100 };
    const decoder = new HpackDecoder(options);
    const atLimit = ['x-a', octet.repeat(100)];
    assert.deepEqual(decoder.decode(encode(encoder, atLimit)), atLimit);
    assert.throws(() => decoder.decode(encode(encoder, ['x-a', octet.repeat(101)])), { code: 'STRING_TOO_LONG' });
  }
});

test('broken blocks have their own errors', () => {
  const cases: readonly (readonly [hex: string, code: string])[] = [
    ['80', 'INDEX_OUT_OF_RANGE'],
    ['be', 'INDEX_OUT_OF_RANGE'],
    ['7f00 0161', 'INDEX_OUT_OF_RANGE'],
    ['ff', 'TRUNCATED'],
    ['40', 'TRUNCATED'],
    ['4001 61', 'TRUNCATED'],
    ['4001 6102 62', 'TRUNCATED'],
    ['ff80 8080 8080 00', 'INTEGER_TOO_LARGE'],
    ['ffff ffff ffff ff', 'INTEGER_TOO_LARGE'],
    ['007f ffff ff7f', 'TRUNCATED'],
    ['0081 1e00', 'BAD_HUFFMAN'],
  ];
  for (const [hex, code] of cases) assert.throws(() => newDecoder().decode(bytesOf(hex)), { code }, hex);
});

test('S1: a block cut or changed at every octet never crashes, and what comes out stays below the cap', () => {
  const options = { tableBytesMax: 4_096, headerListBytesMax: 2_000, stringBytesMax: 500 };
  const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  const blocks = [request, ['x-a', '\u0001\u00ff~'], ['cookie', 'c=1', ':status', '404'], request].map((list) =>
    encode(encoder, list),
  );
  for (const [at, block] of blocks.entries()) {
    for (let cut = 0; cut < block.length; cut++) tryBlocks(options, [...blocks.slice(0, at), block.subarray(0, cut)]);
    for (let octet = 0; octet < block.length; octet++) {
      for (let value = 0; value < 256; value++) {
        const changed = block.slice();
        changed[octet] = value;
        tryBlocks(options, [...blocks.slice(0, at), changed, ...blocks.slice(at + 1)]);
      }
    }
  }
});

test('S1: random octets never crash, and a small block that names a large entry again and again stays below the cap', () => {
  const options = { tableBytesMax: 4_096, headerListBytesMax: 2_000, stringBytesMax: 500 };
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => tryBlocks(options, blocks)),
    { numRuns: 3_000 },
  );
  const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  tryBlocks(options, [encode(encoder, ['x-a', 'v'.repeat(500)]), new Uint8Array(16_384).fill(0xbe)]);
});

/** Decodes blocks on one connection until one fails. */
function tryBlocks(
  options: { tableBytesMax: number; headerListBytesMax: number; stringBytesMax: number },
  blocks: readonly Uint8Array[],
): void {
  const decoder = new HpackDecoder(options);
  for (const block of blocks) {
    let list: HeaderList | undefined;
    try {
      list = decoder.decode(block);
    } catch (error) {
      assert.ok(error instanceof HpackError, String(error));
      return;
    }
    const bytes = (list ?? []).reduce((sum, text) => sum + text.length + 16, 0);
    assert.ok(bytes <= options.headerListBytesMax, 'the named cap');
  }
}
