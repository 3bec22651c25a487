import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StateHashes } from '@kvorum/core/kv/meta.js';
import type { JointConfig } from '@kvorum/core/raft/quorum/joint.js';
import fc from 'fast-check';
import { judge } from './verdict.js';

/** What a replica tells: the log's part as a number, then the content's, undefined while it compacts. */
type Told = readonly [log: number, content: number | undefined];

function hashesOf([log, content]: Told): StateHashes {
  return {
    appliedIndex: 100,
    appliedTerm: 3,
    currentRevision: 50,
    compactRevision: 0,
    isCompacting: content === undefined,
    chainHash: { low: log, high: 0 },
    contentHash: { low: content ?? 999, high: 0 },
  };
}

function verdictOn(told: Readonly<Record<number, Told>>, voters: JointConfig) {
  const reports = new Map(Object.entries(told).map(([node, one]) => [Number(node), hashesOf(one)]));
  const { state, accused } = judge(reports, voters);
  const words = [...accused].map(([node, { cause, differsIn }]) => `${node} ${cause} ${differsIn}`);
  return [state, ...words.sort()];
}

const three: JointConfig = { incoming: [1, 2, 3], outgoing: [] };
const five: JointConfig = { incoming: [1, 2, 3, 4, 5], outgoing: [] };
const pair: JointConfig = { incoming: [1, 2], outgoing: [] };
const four: JointConfig = { incoming: [1, 2, 3, 4], outgoing: [] };
const joint: JointConfig = { incoming: [1, 2, 3], outgoing: [3, 4, 5] };

const same: Told = [1, 1];
const otherLog: Told = [2, 1];
const otherContent: Told = [1, 2];
const compacting: Told = [1, undefined];

const cases: readonly (readonly [
  name: string,
  told: Readonly<Record<number, Told>>,
  voters: JointConfig,
  verdict: readonly string[],
])[] = [
  ['nobody has told', {}, three, ['open']],
  ['one of three has told', { 1: same }, three, ['open']],
  ['a majority is equal, the third silent', { 1: same, 3: same }, three, ['equal']],
  ['all are equal', { 1: same, 2: same, 3: same }, three, ['equal']],
  ['two differ, the third may tell who is right', { 1: same, 2: otherLog }, three, ['differs']],
  ['one has another log', { 1: same, 2: otherLog, 3: same }, three, ['equal', '2 minority log']],
  ['one has other records', { 1: same, 2: same, 3: otherContent }, three, ['equal', '3 minority content']],
  [
    'all three differ',
    { 1: same, 2: otherLog, 3: [3, 1] },
    three,
    ['differs', '1 noMajority log', '2 noMajority log', '3 noMajority log'],
  ],
  [
    'the records of all three differ',
    { 1: same, 2: otherContent, 3: [1, 3] },
    three,
    ['differs', '1 noMajority content', '2 noMajority content', '3 noMajority content'],
  ],
  ['two voters differ', { 1: same, 2: otherLog }, pair, ['differs', '1 noMajority log', '2 noMajority log']],
  [
    'two against two',
    { 1: same, 2: same, 3: otherContent, 4: otherContent },
    four,
    ['differs', '1 noMajority content', '2 noMajority content', '3 noMajority content', '4 noMajority content'],
  ],
  [
    'two of five, wrong in different ways',
    { 1: same, 2: otherLog, 3: same, 4: otherContent, 5: same },
    five,
    ['equal', '2 minority log', '4 minority content'],
  ],
  ['who compacts is not compared by content', { 1: same, 2: same, 3: compacting }, three, ['equal']],
  ['content is open while a majority compacts', { 1: same, 2: compacting, 3: compacting }, three, ['open']],
  ['contents differ and the third compacts', { 1: same, 2: otherContent, 3: compacting }, three, ['differs']],
  ['who compacts is compared by its log', { 1: same, 2: same, 3: [2, undefined] }, three, ['equal', '3 minority log']],
  ['a learner is told it is wrong', { 1: same, 2: same, 9: otherContent }, three, ['equal', '9 minority content']],
  ['learners make no majority', { 1: same, 8: same, 9: same }, three, ['open']],
  ['both halves of a joint configuration must agree', { 1: same, 2: same }, joint, ['open']],
  ['one node can count in both halves', { 1: same, 3: same, 5: same }, joint, ['equal']],
  [
    'halves that hold different states leave nobody right',
    { 1: same, 2: same, 4: otherLog, 5: otherLog },
    joint,
    ['differs', '1 noMajority log', '2 noMajority log', '4 noMajority log', '5 noMajority log'],
  ],
];

for (const [name, told, voters, verdict] of cases) {
  test(`R14: ${name}`, () => assert.deepEqual(verdictOn(told, voters), verdict));
}

test('R14: another revision or compactRevision at the same index is another state', () => {
  for (const change of [{ currentRevision: 51 }, { compactRevision: 7 }, { appliedTerm: 4 }]) {
    const reports = new Map([1, 2, 3].map((node) => [node, hashesOf(same)]));
    reports.set(2, { ...hashesOf(same), ...change });
    assert.deepEqual([...judge(reports, three).accused], [[2, { cause: 'minority', differsIn: 'log' }]]);
  }
});

/** The value of a majority of each half; what was not told is completed. */
function majorityOf(values: ReadonlyMap<number, string>, { incoming, outgoing }: JointConfig): string | undefined {
  const halves = [incoming, outgoing].filter((half) => half.length > 0);
  return [...new Set(values.values())].find((value) =>
    halves.every((half) => half.filter((node) => values.get(node) === value).length * 2 > half.length),
  );
}

/** Every way in which the voters that have not told might go on: as one of those that did, or in a way of their own. */
function* completions(told: ReadonlyMap<number, string>, voters: readonly number[]): Generator<Map<number, string>> {
  const [next, ...rest] = voters;
  if (next === undefined) {
    yield new Map(told);
    return;
  }
  const candidates = told.has(next) ? [told.get(next) ?? ''] : [...new Set(told.values()), 'fresh'];
  for (const value of candidates) yield* completions(new Map([...told, [next, value]]), rest);
}

test('R14: the verdict is that of trying every way in which silent voters may still answer', () => {
  const nodes = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
  const config = fc.record({ incoming: nodes, outgoing: fc.oneof(fc.constant([]), nodes) });
  const reports = fc.dictionary(fc.integer({ min: 1, max: 7 }).map(String), fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(config, reports, fc.boolean(), (voters, told, isContent) => {
      const hashes = Object.entries(told).map(([node, value]): [number, Told] => [
        Number(node),
        isContent ? [1, value] : [value, 1],
      ]);
      const { accused } = judge(new Map(hashes.map(([node, one]) => [node, hashesOf(one)])), voters);
      const values = new Map(Object.entries(told).map(([node, value]) => [Number(node), `${value}`]));
      // Contents are looked at only when the log's part is settled.
      const isSettled = !isContent || majorityOf(new Map([...values.keys()].map((node) => [node, 'same'])), voters);
      if (isSettled === undefined) {
        assert.equal(accused.size, 0);
        return;
      }
      const everyVoter = [...new Set([...voters.incoming, ...voters.outgoing])];
      const majorities = [...completions(values, everyVoter)].map((all) => majorityOf(all, voters));
      for (const [node, value] of values) {
        const isWrong = majorities.every((majority) => majority !== undefined && majority !== value);
        const isInDoubt = majorities.every((majority) => majority === undefined);
        const cause = isWrong ? 'minority' : isInDoubt ? 'noMajority' : undefined;
        assert.equal(accused.get(node)?.cause, cause, `node ${node} of ${JSON.stringify({ voters, told })}`);
      }
    }),
    { numRuns: 2000 },
  );
});
