import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from './testing/cluster.js';

const STEPS = 6000;

/** Runs seeds from `firstSeed` on and answers what happened in all of them together. */
function run(
  seeds: number,
  firstSeed: number,
  nodes: number,
  voters: number,
  changesMembership: boolean,
): Cluster['counts'] {
  const total = { applied: 0, reads: 0, crashes: 0, snapshots: 0, changes: 0, elections: 0, fetches: 0 };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const cluster = new Cluster({ seed, nodes, voters, changesMembership });
    try {
      for (let step = 0; step < STEPS; step += 1) cluster.step();
      cluster.settle(2000);
    } catch (error) {
      throw new Error(`seed ${seed} of ${nodes} nodes fails`, { cause: error });
    }
    total.applied += cluster.counts.applied;
    total.reads += cluster.counts.reads;
    total.crashes += cluster.counts.crashes;
    total.snapshots += cluster.counts.snapshots;
    total.changes += cluster.counts.changes;
    total.elections += cluster.counts.elections;
    total.fetches += cluster.counts.fetches;
  }
  return total;
}

test('R10, R13, R15: three nodes under loss, reorder, cuts and crashes never disagree, and agree once faults end', () => {
  const counts = run(100, 1, 3, 3, false);
  for (const [what, count] of Object.entries(counts)) {
    if (what !== 'changes') assert.ok(count > 30, `${what}: ${count}`);
  }
});

test('five nodes with members that come and go by joint changes never disagree', () => {
  const counts = run(40, 1000, 5, 3, true);
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 20, `${what}: ${count}`);
});
