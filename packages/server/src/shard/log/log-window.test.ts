import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesBytes, entryBytes } from '@kvorum/core/raft/entry.js';
import { COMPACTED, NOT_YET, UNAVAILABLE } from '@kvorum/core/raft/log-storage.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import fc from 'fast-check';
import { LogWindow, type LogWindowOptions } from './log-window.js';

const confState = confStateOf([1, 2, 3]);
const entry = (index: number, term: number, size = 0) =>
  ({ index, term, type: 'normal', data: new Uint8Array(size) }) as const;

const all = { windowBytes: Number.POSITIVE_INFINITY };

function window(options = all) {
  return new LogWindow(
    {
      hardState: { term: 2, vote: 1, commit: 6 },
      confState,
      logStart: { index: 5, term: 1 },
      entries: [entry(6, 1), entry(7, 2), entry(8, 2)],
    },
    options,
  );
}

function emptyWindow(options: LogWindowOptions) {
  const hardState = { term: 1, vote: 0, commit: 0 };
  return new LogWindow({ hardState, confState, logStart: { index: 0, term: 0 }, entries: [] }, options);
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
  const log = emptyWindow(all);
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

test('beyond its bytes a window keeps the newest entries; term and size are known of all', () => {
  const log = emptyWindow({ windowBytes: 100 });
  log.append([1, 2, 3, 4, 5].map((index) => entry(index, 1, 16)));
  assert.equal(log.bytesInMemory, 200, 'the core is offered them before any goes');
  log.trim();
  assert.deepEqual([log.bytesInMemory, log.bytes, log.firstIndex()], [80, 200, 1]);
  assert.deepEqual([log.term(1), log.bytesAt(1), log.term(5)], [1, 40, 1]);
  assert.equal(log.entries(3, 6, 1000), NOT_YET);
  assert.deepEqual(log.entries(4, 6, 1000), [entry(4, 1, 16), entry(5, 1, 16)]);
});

test('what is not in memory is asked for once, served when it was read, and gone after the turn', () => {
  const log = emptyWindow({ windowBytes: 0 });
  const written = [1, 2, 3, 4].map((index) => entry(index, 1, 16));
  log.append(written);
  log.trim();
  assert.equal(log.entries(2, 5, 80), NOT_YET);
  assert.equal(log.entries(2, 5, 120), NOT_YET);
  assert.equal(log.isReadWanted, true);
  assert.deepEqual(log.takeWanted(), [{ lo: 2, hi: 5, bytesMax: 120 }]);
  log.provide([written.slice(1)]);
  assert.deepEqual([log.isReadWanted, log.entries(2, 5, 80)], [false, written.slice(1, 3)]);
  assert.deepEqual(log.entries(3, 4, 1000), written.slice(2, 3));
  log.trim();
  assert.equal(log.entries(3, 4, 1000), NOT_YET);
});

test('one read is no larger than one message, whatever is asked for', () => {
  const log = emptyWindow({ windowBytes: 0 });
  log.append([entry(1, 1)]);
  log.trim();
  log.entries(1, 2, 4 << 20);
  assert.deepEqual(log.takeWanted(), [{ lo: 1, hi: 2, bytesMax: 1 << 20 }]);
});

test('entries that were replaced or compacted while they were read are left out', () => {
  const log = emptyWindow({ windowBytes: 0 });
  const written = [1, 2, 3, 4].map((index) => entry(index, 1));
  log.append(written);
  log.append([entry(4, 2)]);
  log.compactTo(2);
  log.trim();
  log.provide([written.slice(1)]);
  assert.deepEqual(log.entries(3, 5, 1000), written.slice(2, 3));
  assert.equal(log.entries(2, 5, 1000), COMPACTED);
  log.provide([written]);
  assert.equal(log.entries(3, 5, 1000), NOT_YET, 'a run that begins before the log start');
});

test('an answer that was promised stays promised when the log starts anew', () => {
  const log = emptyWindow({ windowBytes: 0 });
  log.append([entry(1, 1)]);
  log.trim();
  log.entries(1, 2, 100);
  log.restore({ index: 9, term: 1 });
  assert.equal(log.isReadWanted, true);
});

test('whatever is appended, replaced, compacted and trimmed: the same answers as from a plain list', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('append'), back: fc.nat(6), count: fc.nat(5), newTerm: fc.boolean() }),
    fc.record({ kind: fc.constant('compact'), share: fc.float({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('trim') }),
    fc.record({ kind: fc.constant('restore') }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(400), (steps, windowBytes) => {
      const log = emptyWindow({ windowBytes });
      let start = { index: 0, term: 0 };
      let plain: ReturnType<typeof entry>[] = [];
      let term = 1;
      for (const one of steps) {
        const last = start.index + plain.length;
        if (one.kind === 'append' && 'back' in one) {
          term += Number(one.newTerm);
          const from = Math.max(start.index + 1, last + 1 - one.back);
          const added = Array.from({ length: one.count }, (_, i) => entry(from + i, term, (from + i) % 50));
          if (added.length > 0) plain = [...plain.slice(0, from - start.index - 1), ...added];
          log.append(added);
        } else if (one.kind === 'compact' && 'share' in one) {
          const to = start.index + Math.floor(plain.length * one.share);
          const { index, term: startTerm } = plain[to - start.index - 1] ?? { ...start, term: start.term };
          start = { index, term: startTerm };
          plain = plain.filter(({ index }) => index > to);
          log.compactTo(to);
        } else if (one.kind === 'restore') {
          start = { index: last + 3, term };
          plain = [];
          log.restore(start);
        } else log.trim();
        assert.deepEqual([log.firstIndex(), log.lastIndex()], [start.index + 1, start.index + plain.length]);
        assert.deepEqual(
          plain.map(({ index }) => [log.term(index), log.bytesAt(index)]),
          plain.map((held) => [held.term, entryBytes(held)]),
        );
        assert.equal(log.term(start.index), start.term);
        assert.equal(log.bytes, entriesBytes(plain));
        if (one.kind === 'trim') assert.ok(log.bytesInMemory <= windowBytes);
        for (const { index } of plain) {
          const found = log.entries(index, start.index + plain.length + 1, 100);
          if (typeof found === 'string') assert.equal(found, NOT_YET);
          else assert.deepEqual(found, plain.slice(index - start.index - 1, index - start.index - 1 + found.length));
        }
      }
    }),
  );
});
