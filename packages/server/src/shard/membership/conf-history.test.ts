import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry, EntryType } from '@kvorum/core/raft/entry.js';
import { ConfHistory } from './conf-history.js';

const conf = (n: number): Uint8Array => Uint8Array.of(n);

function entries(first: number, types: readonly EntryType[]): Entry[] {
  return types.map((type, at) => ({ index: first + at, term: 1, type, data: new Uint8Array(0) }));
}

test('a log start is marked with the ConfState of its own place', () => {
  const history = new ConfHistory({ logStartIndex: 0, entries: [] }, { index: 0, confState: conf(0) });
  history.note(5, conf(5));
  history.note(9, conf(9));
  assert.deepEqual(
    [0, 4, 5, 8, 9, 100].map((index) => history.at(index)?.[0]),
    [0, 0, 5, 5, 9, 9],
  );
  assert.equal(history.lastIndex, 9);
  history.forgetBefore(7);
  assert.deepEqual([history.at(4), history.at(7)?.[0], history.at(9)?.[0]], [undefined, 5, 9]);
  history.restart(20, conf(20));
  assert.deepEqual([history.at(19), history.at(20)?.[0]], [undefined, 20]);
});

test('after a start it reaches back to the last change before the applied index, or to where the log begins', () => {
  const log = entries(11, ['normal', 'confChange', 'normal', 'normal', 'confChangeV2']);
  const changed = new ConfHistory({ logStartIndex: 10, entries: log }, { index: 14, confState: conf(1) });
  assert.deepEqual([changed.at(11), changed.at(12)?.[0], changed.lastIndex], [undefined, 1, 12]);
  const unchanged = new ConfHistory({ logStartIndex: 10, entries: log }, { index: 11, confState: conf(1) });
  assert.deepEqual([unchanged.at(9), unchanged.at(10)?.[0]], [undefined, 1]);
});
