import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { activateMutation } from '@kvorum/core/base/mutation.js';
import { readSeedsFile } from './seeds-file.js';
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
  const known = readSeedsFile(fileURLToPath(new URL('../seeds.txt', import.meta.url)));
  assert.ok(known.length > 0);
  for (const { seed, fixed, cause } of known) {
    assert.deepEqual((await runSeed(seed, { fixed })).violations, [], `seed ${seed}: ${cause}`);
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

test('a run of so many steps is the beginning of the whole run', async () => {
  const lines: string[] = [];
  const whole: string[] = [];
  const cut = await runSeed(5, { steps: 3000, print: (line) => lines.push(line) });
  await runSeed(5, { print: (line) => whole.push(line) });
  assert.equal(cut.steps, 3000);
  assert.deepEqual(cut.violations, []);
  assert.ok(lines.length > 1000 && lines.length < whole.length);
  assert.deepEqual(lines, whole.slice(0, lines.length));
});

test('a run in which too little happens fails', async () => {
  // Values that take ten seconds to think of.
  const { violations } = await runSeed(4, { fixed: { thinkMs: 10_000, clients: 1 } });
  const messages = violations.filter(({ checker }) => checker === 'enough happens').map(({ message }) => message);
  assert.ok(messages.some((message) => /^\d+ acknowledged in .* at least 500 are asked for in 30 s$/.test(message)));
});
