import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCompact, encodeDelete, encodePut, RANGE_END_OPEN } from '@kvorum/core/kv/command.js';
import type { WatchOptions } from '../kv-service.js';
import {
  watchBytesKept,
  watchEventsKept,
  watchesMax,
  watchesPerConnectionMax,
  watchLeaderlessMs,
  watchProgressMs,
} from './limits.js';
import { sliceTellsMax } from './watch-hub.js';
import { bytes, show, type TestReader, WatchRig } from './testing/watch-rig.js';

const put = (key: string, value: string): Uint8Array => encodePut(bytes(key), bytes(value));

/** Reads until nothing more comes. */
async function readAll(rig: WatchRig, ...readers: readonly TestReader[]): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const before = readers.reduce((count, { batches }) => count + batches.length, 0);
    for (const reader of readers) reader.read();
    await rig.rest(5);
    if (round > 2 && readers.reduce((count, { batches }) => count + batches.length, 0) === before) return;
  }
}

test('R11: a watch starts exactly at the asked revision, or after now', async () => {
  const rig = new WatchRig();
  for (let revision = 2; revision <= 6; revision += 1) rig.apply(put('a', `${revision}`));
  const readers = [0, 2, 4, 6, 7, 9].map((fromRevision) => rig.open({ fromRevision }));
  await readAll(rig, ...readers);
  for (let revision = 7; revision <= 10; revision += 1) rig.apply(put('a', `${revision}`));
  await readAll(rig, ...readers);
  const firsts = readers.map(({ watch, events }) => [watch.fromRevision, events[0]?.kv.modRevision, events.length]);
  assert.deepEqual(firsts, [
    [7, 7, 4],
    [2, 2, 9],
    [4, 4, 7],
    [6, 6, 5],
    [7, 7, 4],
    [9, 9, 2],
  ]);
});

test('R11: compaction at r-1 and at r leaves a watch from r as it is; at r+1 it is COMPACTED, and says at which revision', async () => {
  const rig = new WatchRig();
  for (let revision = 2; revision <= 8; revision += 1)
    rig.apply(revision === 5 ? encodeDelete(bytes('a')) : put('a', `${revision}`));
  const r = 5;
  for (const [compactRevision, isCompacted] of [
    [r - 1, false],
    [r, false],
    [r + 1, true],
  ] as const) {
    const early = rig.open({ fromRevision: r });
    rig.apply(encodeCompact(compactRevision));
    while (rig.machine.compactSlice(2));
    rig.flush();
    await readAll(rig, early);
    if (!isCompacted) {
      const late = rig.open({ fromRevision: r });
      await readAll(rig, late);
      for (const { events } of [early, late])
        assert.deepEqual(events.map(show), ['5 delete a', '6 put a 6', '7 put a 7', '8 put a 8']);
      continue;
    }
    const details = { field: 'fromRevision', compactRevision };
    assert.deepEqual([early.failure?.code, early.failure?.details], ['COMPACTED', details]);
    assert.throws(() => rig.open({ fromRevision: r }), { code: 'COMPACTED', details });
    await readAll(rig, rig.open({ fromRevision: r + 1 }));
  }
});

test('R11: all events of a revision come in one batch, unless fragments were asked for', async () => {
  const rig = new WatchRig();
  const keys = Array.from({ length: 2_500 }, (_, at) => `k${String(at).padStart(5, '0')}`);
  for (let at = 0; at < keys.length; at += 500) rig.apply(...keys.slice(at, at + 500).map((key) => put(key, '1')));
  const readers = [rig.open(), rig.open({ fragment: true }), rig.open()];
  readers[0]?.read();
  readers[1]?.read();
  rig.apply(encodeDelete(bytes('k'), { rangeEnd: RANGE_END_OPEN }), put('after', '1'));
  const revision = rig.machine.currentRevision - 1;
  readers.push(rig.open({ fromRevision: revision }));
  await readAll(rig, ...readers);
  for (const [at, reader] of readers.entries()) {
    assert.deepEqual(
      reader.events.map(({ kv }) => kv.key),
      [...keys, 'after'].map(bytes),
    );
    const parts = reader.batches.filter(({ events }) => events.some(({ kv }) => kv.modRevision === revision));
    if (at === 1) {
      assert.ok(parts.length > 2);
      assert.deepEqual(
        parts.map(({ isFragment }) => isFragment),
        [...parts.slice(1).map(() => true), false],
      );
      assert.ok(parts.slice(0, -1).every((part) => part.revision === revision - 1));
    } else {
      assert.equal(parts.length, 1);
    }
  }
});

test('R11: prevKv, filters, and each way to name keys', async () => {
  const rig = new WatchRig();
  rig.apply(put('a', '1'), put('b', '1'), put('ab', '1'));
  const options: WatchOptions[] = [
    { key: bytes('a') },
    { prefix: bytes('a'), prevKv: true },
    { range: { start: bytes('ab'), end: bytes('c') }, only: 'delete' },
    { range: { start: bytes('b') }, only: 'put', prevKv: true },
    {},
  ];
  const readers = options.map((each) => rig.open(each));
  rig.apply(put('a', '2'), encodeDelete(bytes('ab')), encodeDelete(bytes('b')), put('b', '3'), put('c', '1'));
  await readAll(rig, ...readers);
  assert.deepEqual(
    readers.map(({ events }) => events.map(show)),
    [
      ['5 put a 2'],
      ['5 put a 2 before 1@2', '6 delete ab before 1@4'],
      ['6 delete ab', '7 delete b'],
      ['8 put b 3', '9 put c 1'],
      ['5 put a 2', '6 delete ab', '7 delete b', '8 put b 3', '9 put c 1'],
    ],
  );
  const again = rig.open({ prefix: bytes(''), prevKv: true, fromRevision: 5 });
  await readAll(rig, again);
  assert.deepEqual(again.events.map(show).slice(0, 3), [
    '5 put a 2 before 1@2',
    '6 delete ab before 1@4',
    '7 delete b before 1@3',
  ]);
});

test('R11: an event is made once for all watches, and progress tells what was delivered', async () => {
  const rig = new WatchRig();
  const readers = [
    rig.open({ progress: true }),
    rig.open({ key: bytes('a'), progress: true }),
    rig.open({ key: bytes('b') }),
  ];
  for (const reader of readers) reader.read();
  rig.apply(put('a', '1'));
  await rig.rest(5);
  assert.equal(readers[0]?.events[0], readers[1]?.events[0]);
  for (const reader of readers) reader.read();
  rig.clock.advance(watchProgressMs);
  await rig.rest(5);
  // They were told something since the round before.
  assert.deepEqual(
    readers.map(({ batches }) => batches.length),
    [1, 1, 0],
  );
  rig.clock.advance(watchProgressMs);
  await rig.rest(5);
  assert.deepEqual(
    readers.map(({ batches }) => batches.at(-1)),
    [{ revision: 2, events: [], isFragment: false }, { revision: 2, events: [], isFragment: false }, undefined],
  );
  readers[2]?.watch.requestProgress();
  rig.apply(put('a', '2'));
  await rig.rest(5);
  assert.deepEqual(readers[2]?.batches, [{ revision: 3, events: [], isFragment: false }]);
});

test('R11, S11: a reader that stops costs a cursor, and goes on without a gap; compaction past it is told, never silent', async () => {
  const rig = new WatchRig();
  const [slow, gone, fast] = [rig.open(), rig.open(), rig.open()];
  fast.read();
  for (let count = 0; count < 2_000; count += 1) {
    rig.apply(put(`k${count % 7}`, 'v'.repeat(100)));
    await rig.turn();
    fast.read();
  }
  assert.equal(fast.events.length, 2_000);
  slow.read();
  await rig.turn();
  assert.ok(slow.events.length > 0);
  await readAll(rig, slow);
  assert.deepEqual(slow.events.map(show), fast.events.map(show));
  rig.apply(encodeCompact(rig.machine.currentRevision - 10));
  await readAll(rig, gone);
  assert.deepEqual(
    [gone.failure?.code, gone.failure?.details.compactRevision],
    ['COMPACTED', rig.machine.compactRevision],
  );
});

test('R11: an installed snapshot does not end a watch, and leaves no gap', async () => {
  const rig = new WatchRig();
  const [waiting, behind] = [rig.open(), rig.open()];
  waiting.read();
  rig.apply(put('a', '1'), put('a', '2'));
  await readAll(rig, waiting);
  rig.unreadable = 'catchingUp';
  assert.throws(() => rig.open(), { code: 'UNAVAILABLE' });
  rig.apply(put('a', '3'), put('b', '4'), put('a', '5'));
  await rig.rest(3);
  rig.unreadable = undefined;
  rig.replaceMachine();
  await readAll(rig, waiting, behind);
  for (const { events } of [waiting, behind]) {
    assert.deepEqual(events.map(show), ['2 put a 1', '3 put a 2', '4 put a 3', '5 put b 4', '6 put a 5']);
  }
});

test('a watch ends with its node, with a close, and never without telling its reader', async () => {
  const rig = new WatchRig();
  const [closed, stopped, late] = [rig.open(), rig.open(), rig.open()];
  closed.read();
  stopped.read();
  closed.watch.close();
  await rig.turn();
  assert.deepEqual([closed.hasEnded, closed.failure], [true, undefined]);
  rig.unreadable = 'stopping';
  rig.hub.close();
  await rig.turn();
  assert.equal(stopped.failure?.code, 'STOPPED');
  late.read();
  await rig.turn();
  assert.equal(late.failure?.code, 'STOPPED');
  assert.equal(rig.hub.size, 0);
});

test('R11: a watch that failed tells its reader so, and never progress past what it missed', async () => {
  const rig = new WatchRig();
  const reader = rig.open();
  rig.apply(put('a', '2'));
  await rig.turn();
  rig.apply(put('a', '3'), put('a', '4'), encodeCompact(4));
  reader.read();
  reader.watch.requestProgress();
  await readAll(rig, reader);
  assert.deepEqual(
    reader.batches.map(({ revision }) => revision),
    [2],
  );
  assert.equal(reader.failure?.code, 'COMPACTED');
});

test('R11: a node that has lost touch with its shard ends its watches after a while, and opens none', async () => {
  const rig = new WatchRig();
  const reader = rig.open();
  reader.read();
  rig.clock.advance(watchLeaderlessMs);
  rig.isInTouch = false;
  assert.throws(() => rig.open(), { code: 'UNAVAILABLE' });
  rig.clock.advance(watchLeaderlessMs - 1);
  rig.isInTouch = true;
  rig.clock.advance(watchLeaderlessMs);
  await rig.turn();
  assert.equal(reader.hasEnded, false);
  rig.isInTouch = false;
  rig.clock.advance(watchLeaderlessMs);
  await rig.turn();
  assert.equal(reader.failure?.code, 'UNAVAILABLE');
  assert.equal(reader.failure?.retryable, true);
});

test('S9: watches of one connection at n and n+1', () => {
  const rig = new WatchRig();
  const connection = {};
  const first = rig.open({ connection });
  for (let count = 1; count < watchesPerConnectionMax; count += 1) rig.open({ connection });
  assert.throws(() => rig.open({ connection }), { code: 'TOO_MANY_REQUESTS' });
  rig.open({ connection: {} });
  first.watch.close();
  rig.open({ connection });
});

test('S11: of 10,000 watches one in a hundred does not read: memory stays flat, the others get everything', async () => {
  const rig = new WatchRig();
  const readers = Array.from({ length: 10_000 }, (_, at) =>
    rig.open({ prefix: bytes(at % 100 === 0 ? '' : `k${at % 50}/`) }),
  );
  const lazy = readers.filter((_, at) => at % 100 === 0);
  const eager = readers.filter((_, at) => at % 100 !== 0);
  const value = 'v'.repeat(1_000);
  const usedBytes: number[] = [];
  for (let count = 0; count < 90; count += 1) {
    for (const reader of eager) reader.read();
    rig.apply(...Array.from({ length: 10 }, (_, at) => put(`k${(count * 10 + at) % 50}/x`, value)));
    // 2,000 watches are told, some in each turn.
    await rig.rest(2_000 / sliceTellsMax + 1);
    if (count % 30 === 29) usedBytes.push(rig.hub.keptBytes);
  }
  await rig.rest(20);
  assert.ok(
    usedBytes.every((used) => used <= lazy.length * (watchBytesKept + 10 * 1_300)),
    String(usedBytes),
  );
  assert.ok(watchEventsKept > 0 && lazy.every(({ batches }) => batches.length === 0));
  assert.equal(
    eager.every(({ events }) => events.length > 15),
    true,
  );
});

test('N11: what concerns 10,000 watches is told in slices: no turn of the loop does it all', async () => {
  const rig = new WatchRig();
  const readers = Array.from({ length: 10_000 }, () => rig.open({ progress: true }));
  const readEach = () => readers.forEach((reader) => reader.read());
  const told = () => readers.reduce((sum, { batches }) => sum + batches.length, 0);
  const mostInOneTurn = async (): Promise<number> => {
    let most = 0;
    for (let turn = 0; turn < 10_000 / sliceTellsMax + 5; turn += 1) {
      const before = told();
      await rig.turn();
      most = Math.max(most, told() - before);
    }
    return most;
  };
  readEach();
  rig.apply(put('k', 'v'));
  assert.equal(await mostInOneTurn(), sliceTellsMax);
  assert.ok(readers.every(({ events }) => events.length === 1));
  readEach();
  // The first round finds that they were told of an event, the second that they were not.
  rig.clock.advance(2 * watchProgressMs);
  assert.equal(await mostInOneTurn(), sliceTellsMax);
  assert.ok(readers.every(({ batches }) => batches.length === 2 && batches[1]?.events.length === 0));
});

test('N11, R11: 10,000 watches that resume together are caught up in slices', async () => {
  const rig = new WatchRig();
  for (const key of ['k1', 'k2']) rig.apply(put(key, 'v'));
  const readers = Array.from({ length: 10_000 }, () => rig.open({ fromRevision: 2 }));
  const told = () => readers.reduce((sum, { batches }) => sum + batches.length, 0);
  let most = 0;
  for (let turn = 0; turn < (3 * 10_000) / sliceTellsMax; turn += 1) {
    for (const reader of readers) reader.read();
    const before = told();
    await rig.turn();
    most = Math.max(most, told() - before);
  }
  assert.ok(readers.every(({ events }) => events.length === 2));
  // Who has the first event may take the second at once; nobody else is told meanwhile.
  assert.ok(most <= 2 * sliceTellsMax, `${most} told in one turn`);
});

test('S9: watches of one node at n and n+1', () => {
  const rig = new WatchRig();
  for (let n = 0; n < watchesMax; n += 1) rig.open({ key: bytes('k') });
  assert.throws(() => rig.open({ key: bytes('k') }), { code: 'TOO_MANY_REQUESTS' });
  assert.equal(rig.hub.size, watchesMax);
  rig.hub.close();
});

test('R11: a watch from a revision that this replica has not reached is never told less than what its client has', async () => {
  const rig = new WatchRig();
  rig.apply(put('a', '2'));
  const reader = rig.open({ fromRevision: 5, progress: true });
  reader.read();
  rig.clock.advance(2 * watchProgressMs);
  await rig.rest();
  assert.deepEqual(reader.batches, [{ revision: 4, events: [], isFragment: false }]);
  for (let revision = 3; revision <= 5; revision += 1) rig.apply(put('a', `${revision}`));
  await readAll(rig, reader);
  assert.deepEqual(
    reader.events.map(({ kv }) => kv.modRevision),
    [5],
  );
});
