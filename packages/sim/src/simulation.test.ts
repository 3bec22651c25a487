import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { activateMutation } from '@kvorum/core/base/mutation.js';
import { runSeed } from './simulation.js';

/** Kept short: the command runs thousands. */
const SEEDS = [1, 2, 3, 4, 5, 6];

test('R2 R3 R4 R5 R8: clusters keep their promises under faults, serve again and come to one state', async () => {
  for (const seed of SEEDS) {
    const report = await runSeed(seed);
    assert.deepEqual(report.violations, [], `npm run sim -- --seed ${seed}`);
    assert.ok(report.acknowledged > 0 && report.lines > 0);
  }
});

test('R1: the same seed gives the same event log', async () => {
  for (const seed of [7, 8]) {
    const [first, second] = [await runSeed(seed), await runSeed(seed)];
    assert.equal(first.digest, second.digest);
    assert.equal(first.lines, second.lines);
  }
});

test('seeds that found a bug in the past stay green', async () => {
  const text = readFileSync(new URL('../seeds.txt', import.meta.url), 'utf8');
  const seeds = text.split('\n').filter((line) => /^\d/.test(line));
  for (const line of seeds) {
    const seed = Number(line.split(' ', 1)[0]);
    assert.deepEqual((await runSeed(seed)).violations, [], line);
  }
});

test('R7: bugs that are brought back are noticed', async () => {
  for (const mutation of ['quorumOfHalf', 'segmentFreedBeforeFlush', 'directoryNotSynced'] as const) {
    activateMutation(mutation);
    try {
      let isNoticed = false;
      for (let seed = 1; seed <= 10 && !isNoticed; seed++) isNoticed = (await runSeed(seed)).violations.length > 0;
      assert.ok(isNoticed, mutation);
    } finally {
      activateMutation(undefined);
    }
  }
});
