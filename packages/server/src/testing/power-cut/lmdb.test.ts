import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seed } from './catch-mutant.js';
import { cutPower } from './cut-power.js';
import { LmdbCutStores } from './lmdb-stores.js';

for (const nodes of [1, 3]) {
  test(`R10, R9: LMDB, nodes: ${nodes}: nothing acknowledged is missing after 20 power cuts`, async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'kvorum-cut-'));
    try {
      const stores = () => new LmdbCutStores(root);
      // Its thread takes real time, so a step must, too: else virtual time runs away.
      const breathe = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
      const { violation, ...counts } = await cutPower({ seed, nodes, cuts: 20, stores, breathe });
      assert.equal(violation?.message, undefined);
      t.diagnostic(JSON.stringify(counts));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
}
