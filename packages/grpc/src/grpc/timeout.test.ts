import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeTimeout, parseTimeout } from './timeout.js';

test('a timeout has at most eight digits and a unit', () => {
  for (const [text, ms] of [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3_000],
    ['4m', 4],
    ['5000u', 5],
    ['2000000n', 2],
    ['99999999H', 99_999_999 * 3_600_000],
    ['0m', 0],
    ['123456789m', undefined],
    ['m', undefined],
    ['', undefined],
    ['1', undefined],
    ['1x', undefined],
    ['1s', undefined],
    ['-1m', undefined],
    ['1 m', undefined],
    ['1.5S', undefined],
    ['1constructor', undefined],
  ] as const) {
    assert.equal(parseTimeout(text), ms, text);
  }
});

test('what is sent is at least the time left, and never much more', () => {
  assert.equal(encodeTimeout(5_000), '5000m');
  assert.equal(encodeTimeout(0.25), '250u');
  assert.equal(encodeTimeout(0), '1n');
  assert.equal(encodeTimeout(-3), '1n');
  assert.equal(encodeTimeout(Number.POSITIVE_INFINITY), '99999999H');
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e14, noNaN: true }), (ms) => {
      const parsed = parseTimeout(encodeTimeout(ms)) ?? 0;
      assert.ok(parsed >= ms * (1 - 1e-12), `${ms} became ${parsed}`);
      assert.ok(parsed <= ms * 1.05 + 0.001, `${ms} became ${parsed}`);
    }),
  );
});
