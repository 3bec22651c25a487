import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catchAckBeforeSync, seed } from './catch-mutant.js';
import { cutPower } from './cut-power.js';

test('R10, R9, R15: three nodes: nothing acknowledged is missing after 200 power cuts of any of them', async (t) => {
  const { violation, ...counts } = await cutPower({ seed, nodes: 3, cuts: 200 });
  assert.equal(violation?.message, undefined);
  assert.ok(counts.acknowledged > 5000 && counts.flushes > 100, JSON.stringify(counts));
  t.diagnostic(JSON.stringify(counts));
});

test('R7: three nodes: acknowledging before the sync is caught', (t) => catchAckBeforeSync(t, 3, seed));
