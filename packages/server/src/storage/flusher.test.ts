import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlushCut } from '@kvorum/core/kv/flush-cut.js';
import { ManualClock } from '../env/testing/manual-clock.js';
import { FlushGate } from './flush-gate.js';
import { type FlushSource, Flusher } from './flusher.js';
import { flushDue } from './flush-policy.js';
import { MemoryRevisionStore } from './memory-revision-store.js';
import { StoreError } from './revision-store.js';
import { metaOf, putOf, revisionsOf } from './testing/revision-store-suite.js';

const policy = { rows: 10, bytes: 1_000, ageMsMax: 1_000 };

test('a flush is due by records, by bytes and by age, and never when nothing is dirty', () => {
  const due = (rows: number, bytes: number, isIndexAhead: boolean, ageMs: number) =>
    flushDue(policy, { rows, bytes, isIndexAhead }, ageMs);
  assert.equal(due(0, 0, false, 99_999), 'clean');
  assert.equal(due(1, 20, true, 0), 'later');
  assert.equal(due(10, 200, true, 0), 'now');
  assert.equal(due(9, 999, true, 999), 'later');
  assert.equal(due(1, 1_000, true, 0), 'now');
  assert.equal(due(0, 0, true, 999), 'later');
  assert.equal(due(0, 0, true, 1_000), 'now');
});

/** A state machine that makes one record per entry. */
class FakeMachine implements FlushSource {
  appliedIndex = 0;
  appliedTerm = 1;
  unflushedDeletes = 0;
  isApplying = false;
  done: number[] = [];
  #cutIndex = 0;
  #isCut = false;

  get unflushedRecords(): number {
    return this.appliedIndex - this.#cutIndex;
  }

  get unflushedBytes(): number {
    return this.unflushedRecords * 20;
  }

  cutFlush(): FlushCut {
    assert.equal(this.#isCut || this.isApplying, false, 'one cut at a time, never inside a command');
    this.#isCut = true;
    const records = Array.from({ length: this.unflushedRecords }, (_, at) => putOf(this.#cutIndex + at + 1));
    const { appliedIndex, appliedTerm } = this;
    this.#cutIndex = appliedIndex;
    this.unflushedDeletes = 0;
    return {
      appliedIndex,
      appliedTerm,
      id: 0,
      recordCount: records.length,
      recordBytes: records.length * 20,
      records: () => records,
      deletes: [],
      meta: metaOf(appliedIndex),
    };
  }

  flushDone(cut: FlushCut): void {
    this.#isCut = false;
    this.done.push(cut.appliedIndex);
  }
}

function start(options: { flush?: () => Promise<void>; gate?: FlushGate } = {}) {
  const clock = new ManualClock();
  const machine = new FakeMachine();
  const store = new MemoryRevisionStore('s', options.flush === undefined ? {} : { flush: options.flush });
  const events: string[] = [];
  const deps = {
    clock,
    gate: options.gate ?? new FlushGate(),
    source: machine,
    store,
    onFlushed: (index: number, term: number) => events.push(`flushed ${index}@${term}`),
    onFailed: (error: unknown) => events.push(`failed ${error instanceof StoreError ? error.code : String(error)}`),
  };
  const flusher = new Flusher(deps, policy);
  const apply = (count: number) => {
    machine.appliedIndex += count;
    flusher.noteApplied();
  };
  return { clock, machine, store, events, flusher, apply };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('records make a flush; what comes meanwhile waits for the next and is one cut', async () => {
  const releases: (() => void)[] = [];
  const { events, flusher, apply, store } = start({ flush: () => new Promise((resolve) => releases.push(resolve)) });
  apply(9);
  await turn();
  assert.equal(releases.length, 0);
  apply(1);
  apply(1);
  await turn();
  apply(7);
  apply(8);
  await turn();
  assert.equal(releases.length, 1);
  releases[0]?.();
  await turn();
  assert.deepEqual(events, ['flushed 11@1']);
  releases[1]?.();
  await turn();
  assert.deepEqual(events, ['flushed 11@1', 'flushed 26@1']);
  assert.deepEqual([flusher.flushedIndex, revisionsOf(store).length, store.readMeta()], [26, 26, metaOf(26)]);
});

test('age makes a flush of few records, and of an applied index without records', async () => {
  const { clock, events, apply, machine } = start();
  apply(1);
  clock.advance(999);
  await turn();
  assert.deepEqual(events, []);
  clock.advance(1);
  await turn();
  assert.deepEqual(events, ['flushed 1@1']);
  clock.advance(5_000);
  await turn();
  assert.equal(machine.done.length, 1, 'nothing dirty, nothing flushed');
  apply(1);
  clock.advance(1_000);
  await turn();
  assert.deepEqual(events, ['flushed 1@1', 'flushed 2@1']);
});

test('deletes of compaction alone make a flush', async () => {
  const { clock, events, flusher, machine } = start();
  machine.unflushedDeletes = 3;
  flusher.noteApplied();
  clock.advance(1_000);
  await turn();
  machine.unflushedDeletes = 10;
  flusher.noteApplied();
  await turn();
  machine.unflushedDeletes = 1;
  await flusher.flush();
  assert.deepEqual(events, ['flushed 0@1', 'flushed 0@1', 'flushed 0@1']);
});

test('R9: no cut inside a command that is applied in slices', async () => {
  const { clock, events, apply, machine, flusher } = start();
  machine.isApplying = true;
  apply(20);
  clock.advance(3_000);
  const forced = flusher.flush();
  await turn();
  assert.deepEqual(events, []);
  machine.isApplying = false;
  flusher.noteApplied();
  await forced;
  assert.deepEqual(events, ['flushed 20@1']);
});

test('flush resolves when everything applied before it is durable', async () => {
  const releases: (() => void)[] = [];
  const { apply, flusher } = start({ flush: () => new Promise((resolve) => releases.push(resolve)) });
  await flusher.flush();
  apply(10);
  await turn();
  apply(1);
  let isDone = false;
  const forced = flusher.flush().then(() => {
    isDone = true;
  });
  releases[0]?.();
  await turn();
  assert.equal(isDone, false, 'the flush under way does not hold the last entry');
  releases[1]?.();
  await forced;
  assert.equal(flusher.flushedIndex, 11);
  await flusher.stop();
  await flusher.stop();
});

test('at most one flush per node at a time, in the order of asking', async () => {
  const gate = new FlushGate();
  const releases: (() => void)[] = [];
  const flush = () => new Promise<void>((resolve) => releases.push(resolve));
  const shards = [start({ gate, flush }), start({ gate, flush }), start({ gate, flush })];
  for (const { apply } of shards) apply(10);
  for (const [at, { events }] of shards.entries()) {
    await turn();
    assert.equal(releases.length, at + 1);
    releases[at]?.();
    await turn();
    assert.deepEqual(events, ['flushed 10@1']);
  }
});

test('R17: a failed commit is told once and nothing is tried again', async () => {
  const flush = () => Promise.reject(new StoreError('STORE_FULL', 'no room'));
  const { apply, events, flusher, clock, machine } = start({ flush });
  apply(1);
  await assert.rejects(flusher.flush(), /no room/);
  apply(50);
  clock.advance(10_000);
  await turn();
  await assert.rejects(flusher.flush(), /no room/);
  assert.deepEqual([events, machine.done], [['failed STORE_FULL'], []]);
  await flusher.stop();
});

test('stop waits for the flush under way and refuses those that wait', async () => {
  const releases: (() => void)[] = [];
  const { apply, flusher, events } = start({ flush: () => new Promise((resolve) => releases.push(resolve)) });
  apply(10);
  await turn();
  apply(10);
  const waiting = assert.rejects(flusher.flush(), /stopped/);
  const stopping = flusher.stop().then(() => events.push('stopped'));
  await turn();
  releases[0]?.();
  await Promise.all([stopping, waiting]);
  assert.deepEqual(events, ['flushed 10@1', 'stopped']);
  assert.equal(releases.length, 1);
});
