/** Shows that power-cut runs notice a node that acknowledges before the sync (R7). */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { cutPower } from './cut-power.js';

const runsMax = 20;
const cutsPerRun = 60;

/** Runs with `ack-before-sync` until a lost write is told; fails when none is. */
export async function catchAckBeforeSync(t: TestContext, nodes: number, seed: number): Promise<void> {
  let cuts = 0;
  for (let run = 0; run < runsMax; run += 1) {
    const report = await cutPower({ seed: seed + run, nodes, cuts: cutsPerRun, testing: { ackBeforeSync: true } });
    cuts += report.cuts;
    if (report.violation?.kind !== 'lost') continue;
    t.diagnostic(`ack-before-sync: caught after ${cuts} cuts: ${report.violation.message}`);
    return;
  }
  assert.fail(`ack-before-sync went unnoticed through ${cuts} cuts`);
}

/** Another seed is another run; a failure names the one to give. */
export const seed = Number(process.env['KVORUM_SEED'] ?? 1);
