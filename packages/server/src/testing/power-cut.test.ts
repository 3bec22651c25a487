import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cutPower } from './power-cut/cut-power.js';
import { LmdbCutStores } from './power-cut/lmdb-stores.js';

/** Another seed is another run; a failure names the one to give. */
const seed = Number(process.env['KVORUM_SEED'] ?? 1);

test('R10, R9, R16: one node: nothing acknowledged is missing after 320 power cuts', async (t) => {
  const { violation, ...counts } = await cutPower({ seed, nodes: 1, cuts: 320 });
  assert.equal(violation?.message, undefined);
  assert.ok(counts.acknowledged > 5000 && counts.flushes > 100 && counts.duringStart > 20, JSON.stringify(counts));
  t.diagnostic(JSON.stringify(counts));
});

test('R10, R9, R15: three nodes: nothing acknowledged is missing after 220 power cuts of any of them', async (t) => {
  const { violation, ...counts } = await cutPower({ seed, nodes: 3, cuts: 220 });
  assert.equal(violation?.message, undefined);
  assert.ok(counts.acknowledged > 5000 && counts.flushes > 100 && counts.snapshots > 0, JSON.stringify(counts));
  t.diagnostic(JSON.stringify(counts));
});

for (const nodes of [1, 3]) {
  test(`R10, R9: LMDB: ${nodes} node(s): nothing acknowledged is missing after 40 power cuts`, async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'kvorum-cut-'));
    try {
      const stores = () => new LmdbCutStores(root);
      const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
      const { violation, ...counts } = await cutPower({ seed, nodes, cuts: 40, stores, breathe });
      assert.equal(violation?.message, undefined);
      t.diagnostic(JSON.stringify(counts));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  test(`R7: ${nodes} node(s): acknowledging before the sync is caught`, async (t) => {
    let cuts = 0;
    for (let run = 0; run < 20; run += 1) {
      const report = await cutPower({ seed: seed + run, nodes, cuts: 60, testing: { ackBeforeSync: true } });
      cuts += report.cuts;
      if (report.violation?.kind !== 'lost') continue;
      t.diagnostic(`ack-before-sync: caught after ${cuts} cuts (${nodes} nodes): ${report.violation.message}`);
      return;
    }
    assert.fail(`ack-before-sync went unnoticed through ${cuts} cuts`);
  });
}
