import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Accusation, COMPARISON_BYTES, readComparison, writeComparison } from './comparison-codec.js';
import { sampleComparison } from './testing/rig.js';
import { ByteReader, ProtocolError } from './wire.js';

const accusations: readonly (Accusation | undefined)[] = [
  undefined,
  { cause: 'minority', differsIn: 'log' },
  { cause: 'minority', differsIn: 'content' },
  { cause: 'noMajority', differsIn: 'log' },
  { cause: 'noMajority', differsIn: 'content' },
];

test('R14: reports and verdicts come back as they were written', () => {
  for (const accusation of accusations) {
    for (const isCompacting of [false, true]) {
      const message = { hashes: { ...sampleComparison.hashes, isCompacting }, accusation };
      const bytes = new Uint8Array(COMPARISON_BYTES);
      writeComparison(bytes, 0, 7, message);
      const reader = new ByteReader(bytes);
      assert.equal(reader.u32(), 7);
      assert.deepEqual(readComparison(reader), message);
      reader.expectEnd();
    }
  }
});

test('S1: an unknown kind of comparison, or a boolean that is none, is a ProtocolError', () => {
  for (const [at, value] of [
    [4, 5],
    [37, 2],
  ] as const) {
    const bytes = new Uint8Array(COMPARISON_BYTES);
    writeComparison(bytes, 0, 7, sampleComparison);
    bytes[at] = value;
    assert.throws(() => readComparison(new ByteReader(bytes, 4)), ProtocolError);
  }
});
