import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { KeyValueReader, KeyValueSource, keyValueBytes, writeKeyValue } from './key-value.js';
import {
  isRecordHeader,
  isTombstone,
  RECORD_HEADER_BYTES,
  RECORD_TOMBSTONE,
  RecordLinks,
  writeRecordHeader,
} from './record.js';
import { encodeRevisionKey, revisionKeyMain, revisionKeySub } from './revision.js';

interface Fields {
  key: string;
  createRevision: number;
  modRevision: number;
  version: number;
  value: string;
  lease: bigint;
}

function encode(fields: Fields): Uint8Array {
  const source = new KeyValueSource();
  source.keyBytes = Buffer.from(fields.key);
  source.keyEnd = source.keyBytes.length;
  source.valueBytes = Buffer.from(fields.value);
  source.valueEnd = source.valueBytes.length;
  source.createRevision = fields.createRevision;
  source.modRevision = fields.modRevision;
  source.version = fields.version;
  source.leaseLow = Number(fields.lease & 0xffff_ffffn);
  source.leaseHigh = Number(fields.lease >> 32n);
  const bytes = new Uint8Array(keyValueBytes(source));
  assert.equal(writeKeyValue(bytes, 0, source), bytes.length);
  return bytes;
}

/** Protobuf's own arithmetic, with bigint and arrays. */
function varint(value: bigint): number[] {
  return value < 0x80n ? [Number(value)] : [Number(value & 0x7fn) | 0x80, ...varint(value >> 7n)];
}

function encodePlainly(fields: Fields): number[] {
  const number = (tag: number, value: bigint): number[] => (value === 0n ? [] : [tag, ...varint(value)]);
  const text = (tag: number, value: string): number[] =>
    value === '' ? [] : [tag, ...varint(BigInt(Buffer.byteLength(value))), ...Buffer.from(value)];
  return [
    ...text(0x0a, fields.key),
    ...number(0x10, BigInt(fields.createRevision)),
    ...number(0x18, BigInt(fields.modRevision)),
    ...number(0x20, BigInt(fields.version)),
    ...text(0x2a, fields.value),
    ...number(0x30, fields.lease),
  ];
}

const fieldsArbitrary: fc.Arbitrary<Fields> = fc.record({
  key: fc.string({ minLength: 1, maxLength: 300 }),
  createRevision: fc.maxSafeNat(),
  modRevision: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  version: fc.maxSafeNat(),
  value: fc.string({ maxLength: 300 }),
  lease: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
});

test('a KeyValue is the canonical mvccpb encoding', () => {
  const put = encode({ key: 'foo', createRevision: 2, modRevision: 300, version: 3, value: 'bar', lease: 1n });
  assert.equal(Buffer.from(put).toString('hex'), '0a03666f6f100218ac0220032a036261723001');
  const tombstone = encode({ key: 'foo', createRevision: 0, modRevision: 4, version: 0, value: '', lease: 0n });
  assert.equal(Buffer.from(tombstone).toString('hex'), '0a03666f6f1804');
  fc.assert(fc.property(fieldsArbitrary, (fields) => assert.deepEqual([...encode(fields)], encodePlainly(fields))));
});

test('S1: the KeyValue reader takes every canonical encoding and nothing else', () => {
  const reader = new KeyValueReader();
  fc.assert(
    fc.property(fieldsArbitrary, (fields) => {
      const bytes = encode(fields);
      assert.equal(reader.read(bytes, 0, bytes.length), true);
      const read: Fields = {
        key: Buffer.from(bytes.subarray(reader.keyStart, reader.keyEnd)).toString(),
        createRevision: reader.createRevision,
        modRevision: reader.modRevision,
        version: reader.version,
        value: Buffer.from(bytes.subarray(reader.valueStart, reader.valueEnd)).toString(),
        lease: (BigInt(reader.leaseHigh) << 32n) | BigInt(reader.leaseLow),
      };
      assert.deepEqual(read, { ...fields });
    }),
  );
  const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), damaged(fieldsArbitrary.map(encode)));
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      if (!reader.read(bytes, 0, bytes.length)) return;
      const again = new KeyValueSource();
      Object.assign(again, reader, { keyBytes: bytes, valueBytes: bytes });
      const encoded = new Uint8Array(keyValueBytes(again));
      writeKeyValue(encoded, 0, again);
      assert.deepEqual([...encoded], [...bytes]);
    }),
    { numRuns: 2_000 },
  );
});

/** Bytes with one of them replaced. */
function damaged(arbitrary: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(arbitrary, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
    const copy = new Uint8Array(bytes);
    copy[at % copy.length] = byte;
    return copy;
  });
}

test('a record header lies as its table says', () => {
  const links = new RecordLinks();
  Object.assign(links, {
    chainDepth: 0x01020304,
    previousMain: 0x0b0a09080706,
    previousSub: 0x11,
    jumpMain: 5,
    jumpSub: 0xffff_ffff,
  });
  const record = new Uint8Array(RECORD_HEADER_BYTES + 2).fill(0xaa);
  writeRecordHeader(record, 1, RECORD_TOMBSTONE, links);
  const header = Buffer.from(record.subarray(1, 1 + RECORD_HEADER_BYTES));
  assert.equal(
    header.toString('hex'),
    ['01010000', '04030201', '060708090a0b0000', '0500000000000000', '11000000', 'ffffffff', '00'.repeat(16)].join(''),
  );
  assert.deepEqual([isRecordHeader(header), isTombstone(header)], [true, true]);
  const read = new RecordLinks();
  read.read(record, 1);
  assert.deepEqual(read, links);
  for (const [at, byte] of [
    [0, 2],
    [1, 4],
    [2, 1],
    [15, 1],
  ] as const) {
    const bad = Buffer.from(header);
    bad[at] = byte;
    assert.equal(isRecordHeader(bad), false);
  }
});

test('store keys order as revisions do', () => {
  assert.equal(Buffer.from(encodeRevisionKey(2 ** 40 + 3, 258)).toString('hex'), '000001000000000300000102');
  const revision = fc.tuple(fc.maxSafeNat(), fc.nat(0xffff_ffff));
  fc.assert(
    fc.property(revision, revision, (a, b) => {
      const [first, second] = [encodeRevisionKey(...a), encodeRevisionKey(...b)];
      assert.deepEqual([revisionKeyMain(first), revisionKeySub(first)], a);
      assert.equal(Buffer.compare(first, second), Math.sign(a[0] - b[0] || a[1] - b[1]));
    }),
  );
});
