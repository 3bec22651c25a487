import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activateMutation, type Mutation } from '../mutations/all-mutations.js';
import { runSeed } from '../simulation.js';
import type { RunReport } from '../run-report.js';

/** Real clients only, that suffer what clients may suffer. */
const fixed = {
  nodes: 3,
  apiClients: 4,
  faults: ['clientReset', 'clientAnswersLost', 'clientCutOff', 'clientPause', 'cutNewLeader', 'isolateLeader'],
  faultEveryMs: 300,
} as const;

function countOf({ counts, faults }: RunReport, name: string): number {
  return new Map([...counts, ...faults]).get(name) ?? 0;
}

test('R1, R20: real clients lose connections and answers, retry, and write exactly once; the same seed gives the same log', async () => {
  const first = await runSeed(5, { fixed });
  assert.deepEqual(first.violations, []);
  assert.ok(countOf(first, 'workload apiCall') > 100);
  assert.ok(countOf(first, 'client retries') > 0);
  assert.ok(countOf(first, 'client batches') > 0);
  assert.ok(countOf(first, 'clientAnswersLost') > 0);
  const second = await runSeed(5, { fixed });
  assert.equal(second.digest, first.digest);
});

async function caughtBy(mutation: Mutation): Promise<readonly string[]> {
  activateMutation(mutation);
  try {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { violations } = await runSeed(seed, { fixed, goesOnAfterBugs: true });
      if (violations.length > 0) return violations.map(({ checker }) => checker);
    }
    return [];
  } finally {
    activateMutation(undefined);
  }
}

for (const [mutation, checkers] of [
  ['retryWithNewSequence', ['revision witness', 'revision times', 'linearizability', 'watches']],
  ['unknownToldAsDefinite', ['revision witness', 'linearizability', 'revision times']],
  ['watchResumedLate', ['watches']],
] as const) {
  test(`R7, R20: a checker names what ${mutation} breaks`, async () => {
    const found = await caughtBy(mutation);
    const expected: readonly string[] = checkers;
    assert.ok(
      found.some((checker) => expected.includes(checker)),
      found.join(', '),
    );
  });
}
