import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activateMutation, type Mutation } from './all-mutations.js';
import { runSeed } from '../simulation.js';
import { hunt } from './hunt.js';
import { runGroup } from '../groups/random-group.js';

/** Cheap to catch, in a few groups: `npm run sim -- --mutations` hunts all of them. */
const cheap: readonly (readonly [Mutation, checkers: readonly string[]])[] = [
  ['voteForgottenInTerm', ['one vote per term', 'election safety']],
  ['quorumOfHalf', ['state machine safety', 'election safety', 'read freshness']],
  ['commitFromHeartbeatUnchecked', ['state machine safety', 'read freshness']],
];

for (const [mutation, checkers] of cheap) {
  test(`R7: a checker names what ${mutation} breaks`, async () => {
    const { found } = await hunt({ mutation, baseSeed: 1, seedsMax: 3 });
    assert.ok(found !== undefined, 'not caught');
    assert.ok(checkers.includes(found.checker), `${found.checker}: ${found.message}`);
  });
}

test('R2, R7: a node that cuts damage away is noticed when its lost entries are needed', async () => {
  const named: string[] = [];
  activateMutation('damageInMiddleCut');
  try {
    for (let seed = 1; seed <= 12 && named.length === 0; seed += 1) {
      const fixed = { nodes: 3, faults: ['damageNeeded'] } as const;
      const { violations } = await runSeed(seed, { fixed, goesOnAfterBugs: true });
      named.push(...violations.map(({ checker }) => checker));
    }
  } finally {
    activateMutation(undefined);
  }
  const expected = [
    'committed entries',
    'leader completeness',
    'election safety',
    'state machine safety',
    'log matching',
  ];
  assert.ok(
    named.some((checker) => expected.includes(checker)),
    named.join(', '),
  );
});

test('R7: without a bug the same groups break nothing', () => {
  for (let seed = 10; seed < 50; seed += 1) assert.equal(runGroup(seed).violation, undefined, `seed ${seed}`);
});
