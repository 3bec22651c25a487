import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconcile } from './reconcile.js';

const entries = (from: number, ...terms: number[]) => terms.map((term, i) => ({ index: from + i, term }));
const log = (over: object = {}) => ({
  term: 3,
  vote: 2,
  commit: 4,
  logStart: { index: 2, term: 1 },
  entries: entries(3, 1, 2, 3),
  ...over,
});

test('R9: the log keeps its tail when the store agrees with it', () => {
  assert.deepEqual(reconcile(log(), { index: 4, term: 2 }), {
    kind: 'start',
    term: 3,
    vote: 2,
    commit: 4,
    logStart: { index: 2, term: 1 },
    entries: entries(3, 1, 2, 3),
    mustRepairWal: false,
  });
});

test('the store at the log start keeps the whole log', () => {
  const start = reconcile(log(), { index: 2, term: 1 });
  assert.equal(start.kind === 'start' && start.entries.length, 3);
});

test('R15: a store beyond the log, as after an installed snapshot, drops the entries but never term and vote', () => {
  assert.deepEqual(reconcile(log(), { index: 9, term: 3 }), {
    kind: 'start',
    term: 3,
    vote: 2,
    commit: 9,
    logStart: { index: 9, term: 3 },
    entries: [],
    mustRepairWal: true,
  });
});

test('a different term at the applied index drops the entries', () => {
  const start = reconcile(log({ commit: 3 }), { index: 4, term: 3 });
  assert.deepEqual(start.kind === 'start' && [start.logStart, start.entries], [{ index: 4, term: 3 }, []]);
});

test('a snapshot of a newer term raises the term without a vote', () => {
  const start = reconcile(log(), { index: 9, term: 7 });
  assert.deepEqual(start.kind === 'start' && [start.term, start.vote], [7, 0]);
});

test('R16: a log that starts after the applied index is damaged', () => {
  assert.deepEqual(reconcile(log(), { index: 1, term: 1 }), {
    kind: 'damaged',
    reason: 'the log starts after index 2, but the store holds only up to 1',
  });
});

test('R16: a log that lost committed entries is damaged', () => {
  assert.deepEqual(reconcile(log({ commit: 6 }), { index: 4, term: 2 }), {
    kind: 'damaged',
    reason: 'index 6 was committed, but the log ends at 5',
  });
});

test('R16: committed entries are never dropped because the store contradicts them', () => {
  assert.deepEqual(reconcile(log({ commit: 5 }), { index: 4, term: 3 }), {
    kind: 'damaged',
    reason: 'index 5 was committed, but log and store contradict each other at 4',
  });
});

test('R16: an entry of a term that the hard state never saw is damage', () => {
  assert.deepEqual(reconcile(log({ term: 1 }), { index: 4, term: 2 }), {
    kind: 'damaged',
    reason: 'entry 4 is of term 2, but the log knows only term 1',
  });
});

test('a new replica starts from nothing', () => {
  const start = reconcile(
    { term: 0, vote: 0, commit: 0, logStart: { index: 0, term: 0 }, entries: [] },
    { index: 0, term: 0 },
  );
  assert.deepEqual(start.kind === 'start' && [start.logStart.index, start.mustRepairWal], [0, false]);
});
