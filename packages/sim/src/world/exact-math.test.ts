import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { exp, ln } from './exact-math.js';

function isClose(found: number, expected: number): boolean {
  return Math.abs(found - expected) <= 1e-13 * Math.max(1, Math.abs(expected));
}

test('ln and exp are those of mathematics', () => {
  const positive = fc.double({ min: 1e-12, max: 1e12, noNaN: true });
  fc.assert(fc.property(positive, (x) => isClose(ln(x), Math.log(x))));
  const small = fc.double({ min: -30, max: 30, noNaN: true });
  fc.assert(fc.property(small, (x) => isClose(exp(x), Math.exp(x))));
  assert.equal(ln(1), 0);
  assert.equal(exp(0), 1);
  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => ln(wrong), RangeError);
  for (const wrong of [701, -701, Number.NaN]) assert.throws(() => exp(wrong), RangeError);
});

test('R1: chance is the same to the last bit on every version of Node', () => {
  const hash = createHash('sha256');
  for (let i = 1; i <= 10_000; i += 1) hash.update(`${ln(i / 10_001)} ${exp(i / 700 - 7)}\n`);
  assert.equal(hash.digest('hex').slice(0, 16), '9581a0e746933200');
});
