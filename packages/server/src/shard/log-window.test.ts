import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMPACTED, NOT_YET, UNAVAILABLE } from '@kvorum/core/raft/log-storage.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { LogWindow } from './log-window.js';

const confState = confStateOf([1, 2, 3]);
const entry = (index: number, term: number, size = 0) =>
  ({ index, term, type: 'normal', data: new Uint8Array(size) }) as const;

function window() {
  return new LogWindow({
    hardState: { term: 2, vote: 1, commit: 6 },
    confState,
    logStart: { index: 5, term: 1 },
    entries: [entry(6, 1), entry(7, 2), entry(8, 2)],
  });
}

const shape = (log: LogWindow) => {
  const entries =
    log.firstIndex() > log.lastIndex()
      ? []
      : log.entries(log.firstIndex(), log.lastIndex() + 1, Number.POSITIVE_INFINITY);
  return Array.isArray(entries)
    ? entries.map((one: { index: number; term: number }) => `${one.term}/${one.index}`)
    : entries;
};

test('reads within, before and after the window', () => {
  const log = window();
  assert.deepEqual([log.firstIndex(), log.lastIndex()], [6, 8]);
  assert.deepEqual(
    [4, 5, 6, 8, 9].map((index) => log.term(index)),
    [COMPACTED, 1, 1, 2, UNAVAILABLE],
  );
  assert.equal(log.entries(5, 7, 100), COMPACTED);
  assert.deepEqual(shape(log), ['1/6', '2/7', '2/8']);
});

test('a read gives at least one entry and keeps to its bytes', () => {
  const log = window();
  log.append([entry(9, 2, 1000), entry(10, 2)]);
  const found = log.entries(9, 11, 10);
  assert.equal(Array.isArray(found) && found.length, 1);
});

test('an append replaces what is at or after its first index', () => {
  const log = window();
  log.append([entry(7, 3)]);
  assert.deepEqual(shape(log), ['1/6', '3/7']);
  log.append([entry(8, 3), entry(9, 3)]);
  assert.deepEqual(shape(log), ['1/6', '3/7', '3/8', '3/9']);
});

test('an append that begins before the log start keeps only what is after it', () => {
  const log = window();
  log.append([entry(4, 1), entry(5, 1), entry(6, 4)]);
  assert.deepEqual(shape(log), ['4/6']);
});

test('compaction and appends keep positions and bytes right over many rounds', () => {
  const log = new LogWindow({
    hardState: { term: 1, vote: 0, commit: 0 },
    confState,
    logStart: { index: 0, term: 0 },
    entries: [],
  });
  for (let index = 1; index <= 20_000; index += 1) {
    log.append([entry(index, 1 + Math.floor(index / 1000), index % 7)]);
    if (index % 10 === 0) log.compactTo(index - 3);
  }
  assert.deepEqual(shape(log), ['20/19998', '20/19999', '21/20000']);
  assert.equal(
    log.bytes,
    [19998, 19999, 20000].reduce((sum, index) => sum + log.bytesAt(index), 0),
  );
  assert.deepEqual(log.startPosition, { index: 19997, term: 20 });
});

test('a snapshot is asked for once, offered, and outdated by compaction past it', () => {
  const log = window();
  assert.equal(log.snapshot(), NOT_YET);
  assert.deepEqual([log.takeSnapshotWanted(), log.takeSnapshotWanted()], [true, false]);
  const offer = { index: 6, term: 1, confState, data: new Uint8Array(0) };
  log.offerSnapshot(offer);
  assert.equal(log.snapshot(), offer);
  log.compactTo(7);
  assert.equal(log.snapshot(), NOT_YET);
});

test('R15: after an installed snapshot the log starts after it', () => {
  const log = window();
  log.restore({ index: 40, term: 9 });
  assert.deepEqual([log.firstIndex(), log.lastIndex(), log.term(40), log.bytes], [41, 40, 9, 0]);
});
