import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mutation } from '@kvorum/core/base/mutation.js';
import { hunt } from './hunt.js';
import { runGroup } from './random-group.js';

/** Cheap to catch: `npm run sim -- --mutations` hunts all of them. */
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

test('R7: without a bug the same groups break nothing', () => {
  for (let seed = 10; seed < 50; seed += 1) assert.equal(runGroup(seed).violation, undefined, `seed ${seed}`);
});
