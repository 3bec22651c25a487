import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfStateError, decodeConfState, encodeConfState } from './conf-state-codec.js';

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 0xffff_ffff }), { maxLength: 9 });
const state = fc.record({
  voters: ids,
  votersOutgoing: ids,
  learners: ids,
  learnersNext: ids,
  autoLeave: fc.boolean(),
});

test('any ConfState comes back as it was encoded', () => {
  fc.assert(fc.property(state, (one) => assert.deepEqual(decodeConfState(encodeConfState(one)), { ...one })));
});

test('S1: any bytes, damaged, cut or random, are a ConfState or a ConfStateError', () => {
  const decode = (bytes: Uint8Array): void => {
    try {
      const { voters, votersOutgoing, learners, learnersNext } = decodeConfState(bytes);
      const items = [voters, votersOutgoing, learners, learnersNext].reduce((sum, { length }) => sum + length, 0);
      assert.ok(4 * items <= bytes.length, 'no more than the bytes can hold');
    } catch (error) {
      assert.ok(error instanceof ConfStateError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), decode));
  fc.assert(
    fc.property(state, fc.nat(), fc.nat(255), (one, at, byte) => {
      const bytes = encodeConfState(one);
      decode(bytes.subarray(0, at % bytes.length));
      bytes[at % bytes.length] = byte;
      decode(bytes);
    }),
  );
});
