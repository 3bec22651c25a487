import assert from 'node:assert/strict';
import { test } from 'node:test';
import { singleClientBound } from './bound.mjs';

test('P18: the bound of one client is 1 / (RTT + sync + loop), of the faster measurements', () => {
  const bound = singleClientBound({ roundTripMs: [0.3, 0.1], syncMs: [0.39, 5], turnMs: [0.01, 0.01] });
  assert.equal(Math.round(bound), 2000);
});
