import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { MemoryDisk } from '../../env/testing/memory-disk.js';
import { below, createSeededRandom } from '../../env/testing/seeded-random.js';
import type { Random } from '../../env/env.js';
import { entry, newDisk, openFixture, shape, SMALL, write } from './testing/wal-fixture.js';
import type { RecoveredShard, ShardAppend, Wal, WalOptions } from './wal.js';

const SHARDS = [1, 2, 3];

/** A shard as it should be after so many appends. */
interface ShardModel {
  readonly term: number;
  readonly vote: number;
  readonly start: number;
  readonly entries: readonly Entry[];
}

type Model = ReadonlyMap<number, ShardModel>;

/** By shard: entries up to here were compacted. */
type Floors = Map<number, number>;

const EMPTY: ShardModel = { term: 0, vote: 0, start: 0, entries: [] };

/** Appends of any kind: new entries, conflicting ones, votes, snapshot marks, over one or more shards. */
function nextAppend(random: Random, model: Model, floors: Floors): { updates: ShardAppend[]; model: Model } {
  const after = new Map(model);
  const updates: ShardAppend[] = [];
  for (const shard of SHARDS) {
    if (updates.length > 0 && below(random, 2) === 0) continue;
    const { update, state } = nextUpdate(random, shard, after.get(shard) ?? EMPTY, floors.get(shard) ?? 0);
    updates.push(update);
    after.set(shard, state);
  }
  return { updates, model: after };
}

function nextUpdate(
  random: Random,
  shard: number,
  state: ShardModel,
  floor: number,
): { update: ShardAppend; state: ShardModel } {
  const term = state.term + (below(random, 4) === 0 ? 1 : 0) + (state.term === 0 ? 1 : 0);
  const vote = term === state.term ? state.vote : below(random, 4);
  const last = state.start + state.entries.length;
  const hardState = { term, vote, commit: state.start };
  if (below(random, 25) === 0) {
    const index = last + 5;
    const snapshot = { index, term, confState: new Uint8Array(3) };
    const update = { shard, snapshot, entries: [], hardState: { term, vote, commit: index } };
    return { update, state: { term, vote, start: index, entries: [] } };
  }
  // Compacted entries are committed, and those never conflict.
  const first = Math.max(state.start, floor) + 1;
  const from = term > state.term ? first + below(random, last + 2 - first) : last + 1;
  const added = Array.from({ length: below(random, 4) }, (_, at) => entry(from + at, term, below(random, 300)));
  const kept = added.length === 0 ? state.entries : state.entries.slice(0, from - state.start - 1);
  return {
    update: { shard, entries: added, hardState },
    state: { term, vote, start: state.start, entries: [...kept, ...added] },
  };
}

function matches(found: ReadonlyMap<number, RecoveredShard>, model: Model, floors: Floors): boolean {
  return SHARDS.every((shard) => {
    const state = model.get(shard) ?? EMPTY;
    const log = found.get(shard);
    const { term, vote } = log?.hardState ?? { term: 0, vote: 0 };
    const start = log?.logStart.index ?? 0;
    const isStart = start >= state.start && start <= Math.max(state.start, floors.get(shard) ?? 0);
    const wanted = state.entries.filter(({ index }) => index > start);
    return isStart && term === state.term && vote === state.vote && isEqual(wanted, log?.entries ?? []);
  });
}

function isEqual(wanted: readonly Entry[], got: readonly Entry[]): boolean {
  if (wanted.length !== got.length) return false;
  return wanted.every((one, at) => {
    const other = got[at];
    return other?.index === one.index && other.term === one.term && Buffer.compare(one.data, other.data) === 0;
  });
}

interface Run {
  readonly models: Model[];
  acknowledged: number;
  readonly floors: Floors;
}

/** Hands in appends until it is told to stop; now and then lets the log free what lies behind. */
async function load(wal: Wal, random: Random, run: Run, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const model = run.models.at(-1) ?? new Map();
    const next = nextAppend(random, model, run.floors);
    run.models.push(next.model);
    const number = run.models.length - 1;
    wal.append(next.updates, () => {
      run.acknowledged = number;
    });
    if (below(random, 10) === 0) compactSome(wal, random, run);
    for (let i = below(random, 12); i > 0; i--) await Promise.resolve();
  }
}

/** Moves log starts up to entries that are durable and that nothing handed in since replaces. */
function compactSome(wal: Wal, random: Random, run: Run): void {
  for (const shard of SHARDS) {
    const durable = run.models[run.acknowledged]?.get(shard);
    const newest = run.models.at(-1)?.get(shard);
    if (durable === undefined || newest?.start !== durable.start || below(random, 2) === 0) continue;
    const at = below(random, durable.entries.length);
    const to = durable.entries[at];
    if (to === undefined || to !== newest.entries[at] || to.index <= (run.floors.get(shard) ?? 0)) continue;
    run.floors.set(shard, to.index);
    wal.compact(shard, to);
  }
}

/** Cuts the power again and again, each time going on with what is left. Answers the first loss, or undefined. */
async function cutPower(seed: number, cuts: number, options: Partial<WalOptions>): Promise<string | undefined> {
  const random = createSeededRandom(seed);
  let disk: MemoryDisk = await newDisk();
  let model: Model = new Map();
  const floors: Floors = new Map();
  for (let cut = 0; cut < cuts; cut++) {
    const { wal, failures } = await openFixture(disk, options);
    const run: Run = { models: [model], acknowledged: 0, floors };
    let isOver = false;
    const loading = load(wal, random, run, () => isOver);
    for (let ticks = below(random, 400); ticks > 0; ticks--) await Promise.resolve();
    const left = disk.cut(random);
    const { acknowledged } = run;
    const handedIn = run.models.length;
    isOver = true;
    disk.faults.halt();
    await loading;
    assert.deepEqual(failures, []);
    const again = await openFixture(left.copy(), { ...options, testing: {} });
    const found = run.models.slice(acknowledged, handedIn).find((one) => matches(again.recovered, one, floors));
    await again.wal.close();
    if (found === undefined) {
      const shapes = SHARDS.map((shard) => shape(again.recovered.get(shard))).join(' | ');
      return `seed ${seed}, cut ${cut}: ${acknowledged} of ${handedIn} appends acknowledged, found ${shapes}`;
    }
    model = found;
    for (const shard of SHARDS) floors.set(shard, again.recovered.get(shard)?.logStart.index ?? 0);
    disk = left;
  }
  return undefined;
}

test('R16, R10: after 600 power cuts nothing acknowledged is missing, and appends are there as a whole or not at all', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    // Every second log copies forward as early as it can.
    const options = seed % 2 === 0 ? { ...SMALL, copyForwardBytes: 8192 } : SMALL;
    assert.equal(await cutPower(seed, 20, options), undefined);
  }
});

test('R7: acknowledging before the sync, or before the append, is noticed', async () => {
  for (const testing of [{ ackBeforeSync: true }, { ackBeforeAppend: true }]) {
    let loss: string | undefined;
    for (let seed = 1; seed <= 10 && loss === undefined; seed++) loss = await cutPower(seed, 20, { ...SMALL, testing });
    assert.ok(loss !== undefined, JSON.stringify(testing));
  }
});

test('N15: a segment whose name was not synced when the process was killed is synced before anything is acknowledged in it', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const disk = await newDisk();
    const first = await openFixture(disk);
    disk.faults.stall({ operation: 'syncDir' });
    // Time to make the next segment ahead.
    first.clock.advance(1000);
    for (let ticks = 0; ticks < 2000; ticks++) await Promise.resolve();
    assert.ok((await disk.list('/wal')).includes('0000000002.wal'));
    const { wal } = await openFixture(disk);
    for (let index = 1; index <= 4; index++) await write(wal, { shard: 1, entries: [entry(index, 1, 1500)] });
    const { recovered } = await openFixture(disk.cut(createSeededRandom(seed)));
    assert.equal(shape(recovered.get(1)), '1:1 2:1 3:1 4:1', `seed ${seed}`);
  }
});

test('R16: a log whose first batch never came, or only in part, goes on as a new one', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const disk = await newDisk();
    const release = disk.faults.stall({ operation: 'append' });
    void openFixture(disk);
    for (let ticks = 0; ticks < 100; ticks++) await Promise.resolve();
    const left = disk.cut(createSeededRandom(seed));
    release();
    const { wal } = await openFixture(left);
    await write(wal, { shard: 1, entries: [entry(1, 1)] });
    await wal.close();
    const again = await openFixture(left);
    assert.equal(shape(again.recovered.get(1)), '1:1');
    await again.wal.close();
  }
});
