import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOf } from '../testing/node-harness.js';
import { Unstable } from './unstable.js';

/** Entries from index 5 on, of these terms, all handed out for writing. */
function written(terms: readonly number[]): Unstable {
  const unstable = new Unstable(5, {});
  unstable.truncateAndAppend(entriesOf(5, terms));
  unstable.acceptInProgress();
  return unstable;
}

test('R10: entries up to the one that was written are stable', () => {
  const unstable = written([1, 1, 2]);
  unstable.stableTo(6, 1);
  assert.deepEqual([unstable.offset, unstable.length, unstable.offsetInProgress], [7, 1, 8]);
  unstable.stableTo(7, 2);
  assert.deepEqual([unstable.offset, unstable.length], [8, 0]);
});

test('R10: an entry that took the place of a written one is not stable with it, nor is what is before it', () => {
  const unstable = written([1, 1]);
  unstable.truncateAndAppend(entriesOf(6, [2, 2]));
  unstable.stableTo(6, 1);
  assert.deepEqual([unstable.offset, unstable.length], [5, 3]);
  assert.deepEqual(
    unstable.nextEntries().map(({ term }) => term),
    [2, 2],
    'still to be written',
  );
  unstable.stableTo(6, 2);
  assert.equal(unstable.offset, 7);
});

test('R10: what is written of entries that are gone, or stable already, changes nothing', () => {
  const unstable = written([1, 1]);
  unstable.truncateAndAppend(entriesOf(5, [3]));
  unstable.stableTo(6, 1);
  assert.deepEqual([unstable.offset, unstable.length], [5, 1]);
  unstable.stableTo(4, 1);
  assert.deepEqual([unstable.offset, unstable.length], [5, 1]);
});
