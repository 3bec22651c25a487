import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as api from './api/kv.js';
import { decodeBatchOperation } from './kvorum/v1/batch.js';
import { kvMethods } from './kvorum/v1/kv.js';
import { decodeGetResponse, encodeGetResponse, encodeListRequest } from './kvorum/v1/read.js';
import { decodeGetServersResponse, encodeGetServersResponse } from './kvorum/v1/servers.js';
import { decodeDeleteResponse, decodeSetRequest, encodeSetRequest, encodeSetResponse } from './kvorum/v1/write.js';
import { decodeEverything, encodeEverything } from './testing/everything.js';
import { asOracle, completed, randomMessage, schema, testedTypes } from './testing/schema.js';
import { messageDepthMax, messageItemsMax } from './wire/proto-reader.js';

const malformed = { name: 'ProtoError', code: 'MALFORMED_MESSAGE' };

test('N6: every message is encoded byte for byte as protobufjs does, and decoded to what was encoded', () => {
  assert.equal(testedTypes.length > 35, true);
  for (const { type, encode, decode } of testedTypes) {
    fc.assert(
      fc.property(randomMessage(type), (message) => {
        const bytes = encode(message);
        assert.deepEqual(Buffer.from(bytes), Buffer.from(type.encode(asOracle(type, message)).finish()));
        assert.deepEqual(decode(bytes), completed(type, message));
      }),
      { numRuns: type.name === 'Everything' ? 500 : 100 },
    );
  }
});

test('a message cut off at any byte is refused, or decoded as a shorter one; never anything else', () => {
  for (const { type, decode, encode } of testedTypes) {
    fc.assert(
      fc.property(randomMessage(type, 1), (message) => {
        const bytes = encode(message);
        for (let end = 0; end < bytes.length; end += 1) {
          try {
            const again = encode(decode(bytes.subarray(0, end)));
            assert.ok(again.length <= end);
          } catch (error) {
            assert.equal(error instanceof Error && error.name, 'ProtoError');
          }
        }
      }),
      { numRuns: 10 },
    );
  }
});

test('S1: random and damaged bytes are decoded or refused, with nothing but ProtoError', () => {
  for (const { type, decode, encode } of testedTypes) {
    const damaged = fc
      .tuple(randomMessage(type, 1), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([message, changes]) => {
        const bytes = Uint8Array.from(encode(message));
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), damaged), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          assert.equal(error instanceof Error && error.name, 'ProtoError');
        }
      }),
      { numRuns: 200 },
    );
  }
});

test('unknown fields of every wire type are skipped, wherever they stand', () => {
  const unknown = [
    [0xf8, 0x7f, 0xff, 0x01],
    [0xf9, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8],
    [0xfa, 0x7f, 3, 9, 9, 9],
    [0xfd, 0x7f, 1, 2, 3, 4],
  ];
  const key = [0x0a, 1, 0x61];
  const value = [0x12, 1, 0x62];
  for (const field of unknown) {
    for (const bytes of [
      [...field, ...key, ...value],
      [...key, ...field, ...value],
      [...key, ...value, ...field],
    ]) {
      const { key: gotKey, value: gotValue } = decodeSetRequest(Uint8Array.from(bytes));
      assert.deepEqual([[...gotKey], [...gotValue]], [[0x61], [0x62]]);
    }
  }
});

test('a known field with another wire type is skipped as an unknown one', () => {
  const { key } = decodeSetRequest(Uint8Array.of(0x08, 5, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x0d, 1, 2, 3, 4));
  assert.equal(key.length, 0);
  assert.equal(decodeSetRequest(Uint8Array.of(0x2a, 1, 1)).ifAbsent, false);
});

test('groups, unknown wire types and field number 0 are refused', () => {
  for (const bytes of [[0x0b, 0x0c], [0x0c], [0x0e], [0x0f], [0x00, 0], [0x07], [0xfb, 0x7f, 0xfc, 0x7f]]) {
    assert.throws(() => decodeSetRequest(Uint8Array.from(bytes)), malformed, String(bytes));
  }
  assert.throws(() => decodeSetRequest(Uint8Array.of(0xf8, 0xff, 0xff, 0xff, 0x7f, 0)), malformed);
});

test('S1: lengths beyond the message are refused before anything is allocated', () => {
  const lengths = [
    [2],
    [0x7f],
    [0xff, 0xff, 0xff, 0xff, 0x07],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
  ];
  const before = process.memoryUsage();
  for (let round = 0; round < 2_000; round += 1) {
    for (const length of lengths) {
      for (const tag of [0x0a, 0x12, 0x1a, 0xfa]) {
        const bytes = tag === 0xfa ? [tag, 0x7f, ...length, 1] : [tag, ...length, 1];
        assert.throws(() => decodeSetRequest(Uint8Array.from(bytes)), malformed);
      }
    }
  }
  assert.ok(process.memoryUsage().arrayBuffers - before.arrayBuffers < 8 << 20);
});

test('S1, N6: byte fields are views of the input, an empty one is not', () => {
  const bytes = encodeSetRequest({ key: Uint8Array.of(1), value: new Uint8Array(1000) });
  const { value } = decodeSetRequest(bytes);
  assert.equal(value.buffer, bytes.buffer);
  assert.equal(decodeSetRequest(new Uint8Array()).value.length, 0);
});

test('a varint longer than ten bytes is refused; bits beyond the 64th are dropped', () => {
  const long = (count: number, last: number) =>
    Uint8Array.from([0x30, ...new Array<number>(count - 1).fill(0xff), last]);
  assert.equal(decodeEverything(long(10, 1)).uint64Field, 2n ** 64n - 1n);
  assert.equal(decodeEverything(long(10, 0x7f)).uint64Field, 2n ** 64n - 1n);
  assert.throws(() => decodeEverything(long(11, 1)), malformed);
  assert.equal(decodeEverything(Uint8Array.of(0x30, 0x85, 0x80, 0x80, 0x00)).uint64Field, 5n);
});

test('N6: counters from 2^53 on are refused in both directions, 64-bit ids are exact', () => {
  const tag = 0x40;
  const highest = Uint8Array.of(tag, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f);
  assert.equal(decodeEverything(highest).uint64Number, Number.MAX_SAFE_INTEGER);
  assert.throws(() => decodeEverything(Uint8Array.of(tag, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10)), malformed);
  for (const uint64Number of [2 ** 53, -1, 0.5, Number.POSITIVE_INFINITY]) {
    assert.throws(() => encodeEverything({ uint64Number }), malformed);
  }
  assert.throws(() => encodeEverything({ uint32Field: 2 ** 32 }), malformed);
  assert.throws(() => encodeEverything({ int32Field: 2 ** 31 }), malformed);
  assert.throws(() => encodeEverything({ uint64Field: 2n ** 64n }), malformed);
  assert.equal(decodeEverything(encodeEverything({ uint64Number: 3 })).uint64Number, 3);
});

test('lists of numbers are read packed, unpacked and mixed', () => {
  const mixed = Uint8Array.of(0x70, 1, 0x72, 3, 2, 0x83, 0x01, 0x70, 4, 0x72, 0);
  assert.deepEqual(decodeEverything(mixed).numbers, [1, 2, 131, 4]);
  assert.throws(() => decodeEverything(Uint8Array.of(0x72, 2, 1, 0x80, 1)), malformed);
});

test('text that is no UTF-8 is refused', () => {
  for (const text of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x61, 0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]]) {
    assert.throws(() => api.decodeGetRequest(Uint8Array.of(0x0a, text.length, ...text)), malformed);
  }
  const key = '日本 𝄞 é'.repeat(3000);
  assert.equal(api.decodeGetRequest(api.encodeGetRequest({ key })).key, key);
});

test('messages inside each other are refused beyond the depth', () => {
  let bytes = encodeEverything({});
  for (let depth = 0; depth < messageDepthMax; depth += 1) bytes = wrapped(bytes);
  decodeEverything(bytes);
  assert.throws(() => decodeEverything(wrapped(bytes)), malformed);
});

/** `bytes` as the field `inner` of a message. */
function wrapped(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  return Uint8Array.from([0x62, ...length, ...bytes]);
}

test('S1: items of lists are bounded, since each of two bytes becomes an object', () => {
  const items = (count: number) => new Uint8Array(2 * count).map((_, at) => (at % 2 === 0 ? 0x6a : 0));
  assert.equal(decodeEverything(items(messageItemsMax)).items.length, messageItemsMax);
  assert.throws(() => decodeEverything(items(messageItemsMax + 1)), malformed);
  const numbers = Uint8Array.from([0x72, 0x81, 0x80, 0x04, ...new Uint8Array(messageItemsMax + 1)]);
  assert.throws(() => decodeEverything(numbers), malformed);
});

test('a message given in pieces is merged, in time that grows with its length only', () => {
  const merged = decodeEverything(Uint8Array.of(0x62, 2, 0x20, 1, 0x62, 4, 0x28, 2, 0x6a, 0, 0x62, 2, 0x6a, 0)).inner;
  assert.deepEqual([merged?.uint32Field, merged?.int32Field, merged?.items.length], [1, 2, 2]);
  const pieces = new Uint8Array(4 * messageItemsMax).map((_, at) => [0x62, 2, 0x6a, 0][at % 4] ?? 0);
  assert.equal(decodeEverything(pieces).inner?.items.length, messageItemsMax);
});

test('of the members of a oneof the last one counts', () => {
  const { get, set } = decodeBatchOperation(Uint8Array.of(0x0a, 3, 0x0a, 1, 0x61, 0x12, 3, 0x0a, 1, 0x62));
  assert.deepEqual([get, [...(set?.key ?? [])]], [undefined, [0x62]]);
});

test('messages of every size follow each other without touching', () => {
  const sizes = [0, 1, 100, 127, 128, 4_000, 16_383, 16_384, 65_535, 65_536, 70_000, 1 << 20, 5, 60_000, 20_000];
  const encoded = sizes.map((size) =>
    encodeSetRequest({ key: Uint8Array.of(size & 0xff), value: new Uint8Array(size).fill(size) }),
  );
  for (const [at, size] of sizes.entries()) {
    const { key, value } = decodeSetRequest(encoded[at] ?? new Uint8Array());
    assert.deepEqual([key[0], value.length, value.every((byte) => byte === (size & 0xff))], [size & 0xff, size, true]);
  }
});

test('an encoder that threw leaves the next one unharmed', () => {
  for (let round = 0; round < 100; round += 1) {
    assert.throws(
      () => encodeSetRequest({ key: new Uint8Array(10_000), session: -1, value: new Uint8Array(9_000) }),
      malformed,
    );
    assert.equal(decodeSetRequest(encodeSetRequest({ key: Uint8Array.of(7) })).key[0], 7);
  }
});

test('kvorum.v1 and api.KV understand each other in the fields that they share', () => {
  const text = (value: string) => new TextEncoder().encode(value);
  assert.deepEqual(decodeSetRequest(api.encodeSetRequest({ key: 'k', value: text('v') })).key, text('k'));
  assert.deepEqual(
    encodeSetRequest({ key: text('k'), value: text('v') }),
    api.encodeSetRequest({ key: 'k', value: text('v') }),
  );
  assert.deepEqual(
    api.decodeGetResponse(encodeGetResponse({ key: text('k'), value: text('v'), revision: 7, more: true })),
    { key: 'k', value: text('v') },
  );
  assert.deepEqual(decodeGetResponse(api.encodeGetResponse({ key: 'k', value: text('v') })).value, text('v'));
  assert.equal(api.decodeSetResponse(encodeSetResponse({ ok: true, revision: 7 })).ok, true);
  assert.equal(decodeDeleteResponse(api.encodeDeleteResponse({ ok: true })).ok, true);
  const server = { id: '1', rpcAddr: '127.0.0.1:2379', isLeader: true };
  assert.deepEqual(
    api.decodeGetServersResponse(encodeGetServersResponse({ servers: [{ ...server, zone: 'a' }] })).servers,
    [server],
  );
  assert.equal(
    decodeGetServersResponse(api.encodeGetServersResponse({ servers: [server] })).servers[0]?.rpcAddr,
    server.rpcAddr,
  );
  assert.equal(encodeListRequest({}).length, 0);
});

test('the tables of methods name the paths and kinds of the services', () => {
  for (const [methods, name] of [
    [kvMethods, 'kvorum.v1.KV'],
    [api.kvMethods, 'api.KV'],
  ] as const) {
    const declared = schema
      .lookupService(name)
      .methodsArray.map(
        (method) => `/${name}/${method.name} ${method.responseStream === true ? 'serverStream' : 'unary'}`,
      );
    assert.deepEqual(
      Object.values(methods).map(({ path, kind }) => `${path} ${kind}`),
      declared,
    );
  }
});
