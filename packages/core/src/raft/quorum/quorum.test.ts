import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jointCommittedIndex, jointVoteResult } from './joint.js';
import { committedIndex, type MajorityConfig, type VoteResult, voteResult } from './majority.js';

const configs = fc
  .uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 7 })
  .map((ids) => ids.sort((a, b) => a - b));
const indexes = fc.dictionary(fc.integer({ min: 1, max: 12 }).map(String), fc.integer({ min: 0, max: 20 }));
const votes = fc.dictionary(fc.integer({ min: 1, max: 12 }).map(String), fc.boolean());

/** By definition: the highest index such that more than half of the voters are at or beyond it. */
function bruteForce(config: MajorityConfig, acked: Readonly<Record<string, number>>): number {
  if (config.length === 0) return Number.POSITIVE_INFINITY;
  for (let index = 20; index > 0; index -= 1) {
    if (config.filter((id) => (acked[id] ?? 0) >= index).length * 2 > config.length) return index;
  }
  return 0;
}

/** By trying every way in which the missing votes may turn out. */
function bruteForceVote(config: MajorityConfig, given: Readonly<Record<string, boolean>>): VoteResult {
  if (config.length === 0) return 'won';
  const granted = config.filter((id) => given[id] === true).length;
  const open = config.filter((id) => given[id] === undefined).length;
  const wins = Array.from({ length: open + 1 }, (_, more) => (granted + more) * 2 > config.length);
  if (wins.every((isWon) => isWon)) return 'won';
  return wins.some((isWon) => isWon) ? 'pending' : 'lost';
}

test('the committed index of a majority is what counting voters gives', () => {
  fc.assert(
    fc.property(configs, indexes, (config, acked) => {
      assert.equal(committedIndex(config, { ackedIndex: (id) => acked[id] }), bruteForce(config, acked));
    }),
    { numRuns: 2000 },
  );
});

test('a joint configuration commits what both halves commit', () => {
  fc.assert(
    fc.property(configs, configs, indexes, (incoming, outgoing, acked) => {
      const expected = Math.min(bruteForce(incoming, acked), bruteForce(outgoing, acked));
      assert.equal(jointCommittedIndex({ incoming, outgoing }, { ackedIndex: (id) => acked[id] }), expected);
    }),
    { numRuns: 2000 },
  );
});

test('a vote is won, lost or pending as trying all open votes says', () => {
  fc.assert(
    fc.property(configs, configs, votes, (incoming, outgoing, given) => {
      const source = { vote: (id: number) => given[id] };
      const [first, second] = [bruteForceVote(incoming, given), bruteForceVote(outgoing, given)];
      assert.equal(voteResult(incoming, source), first);
      const both = first === 'lost' || second === 'lost' ? 'lost' : first === second ? first : 'pending';
      assert.equal(jointVoteResult({ incoming, outgoing }, source), both);
    }),
    { numRuns: 2000 },
  );
});
