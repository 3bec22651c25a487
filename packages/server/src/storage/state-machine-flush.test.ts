/** The state machine, the flusher and the stores together: what is written behind is what a start, a crash and a snapshot bring back. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeCompact, encodeDelete, encodePut } from '@kvorum/core/kv/command.js';
import { buildBatch } from '@kvorum/core/kv/entry-codec.js';
import { decodeMeta } from '@kvorum/core/kv/meta.js';
import { Rebuild } from '@kvorum/core/kv/rebuild.js';
import { createStateMachine, type StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { Random } from '../env/env.js';
import { ManualClock } from '../env/testing/manual-clock.js';
import { below, createSeededRandom } from '../env/testing/seeded-random.js';
import { FlushGate } from './flush-gate.js';
import { Flusher } from './flusher.js';
import { openLmdbStore } from './lmdb-revision-store.js';
import { MemoryRevisionStore } from './memory-revision-store.js';
import type { RevisionStore } from './revision-store.js';
import { installSnapshot } from './snapshot-decoder.js';
import { encodeSnapshot } from './snapshot-encoder.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A random entry; every replica that applies it comes to the same state. */
function entryOf(random: Random, machine: StateMachine): Uint8Array {
  const commands = Array.from({ length: 1 + below(random, 20) }, () => {
    const key = bytes(`key-${below(random, 300)}`);
    if (below(random, 5) === 0) return encodeDelete(key);
    if (below(random, 60) === 0 && machine.currentRevision > machine.compactRevision + 10) {
      return encodeCompact(machine.currentRevision - below(random, 8));
    }
    return encodePut(key, random.bytes(below(random, 400)));
  });
  return buildBatch({ shardTimeMs: machine.appliedIndex, wallClockMs: 0 }, commands);
}

function apply(machine: StateMachine, entry: Uint8Array): void {
  let result = machine.apply(entry, machine.appliedIndex + 1, 3);
  while (result.status === 'more') result = machine.applyMore();
}

function rebuild(store: RevisionStore): StateMachine {
  const meta = store.readMeta();
  if (meta === undefined) return createStateMachine({ store });
  const rebuilding = new Rebuild({ store }, decodeMeta(meta));
  store.scan(0, 0, (main, sub, record) => {
    rebuilding.add(main, sub, record);
    return true;
  });
  return rebuilding.finish();
}

function flusherOf(source: StateMachine, store: RevisionStore): Flusher {
  const onFailed = (error: Error) => assert.fail(error);
  const policy = { rows: 200, bytes: 1 << 20, ageMsMax: 1_000 };
  return new Flusher(
    { clock: new ManualClock(), gate: new FlushGate(), source, store, onFlushed: () => undefined, onFailed },
    policy,
  );
}

/** What two machines must agree on. */
function stateOf(machine: StateMachine): unknown {
  const values = Array.from({ length: 300 }, (_, at) => {
    // A view: copied before the next read.
    const row = machine.get(bytes(`key-${at}`));
    return row === undefined ? undefined : Buffer.from(row.keyValue).toString('hex');
  });
  const { appliedIndex, currentRevision, compactRevision, contentHash, chainHash, keyCount } = machine;
  return { appliedIndex, currentRevision, compactRevision, contentHash, chainHash, keyCount, values };
}

test('R9: LMDB brings back after a start what was applied and flushed, and so does its snapshot', async () => {
  const root = await mkdtemp(join(tmpdir(), 'kvorum-flush-'));
  const random = createSeededRandom(11);
  let store = await openLmdbStore(root);
  let machine = createStateMachine({ store });
  for (let start = 0; start < 4; start += 1) {
    const flusher = flusherOf(machine, store);
    for (let entry = 0; entry < 150; entry += 1) {
      apply(machine, entryOf(random, machine));
      machine.compactSlice(50);
      flusher.noteApplied();
      if (entry % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await flusher.flush();
    await flusher.stop();
    const before = stateOf(machine);
    await store.close();
    store = await openLmdbStore(root);
    machine = rebuild(store);
    assert.deepEqual(stateOf(machine), before);
  }
  const clock = { nowMs: () => 0, defer: (run: () => void) => setImmediate(run) };
  const target = new MemoryRevisionStore('target');
  await installSnapshot(encodeSnapshot(clock, store.openSnapshot(), 1), 1, target);
  assert.deepEqual(stateOf(rebuild(target)), stateOf(machine));
  await store.close();
  await rm(root, { recursive: true });
});

test('R9: after a crash at any moment the store and the rest of the log give the state before the crash', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = createSeededRandom(seed);
    const flush = async () => {
      for (let turns = below(random, 4); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
    };
    const store = new MemoryRevisionStore('s', { flush, commit: flush });
    const machine = createStateMachine({ store });
    const flusher = flusherOf(machine, store);
    const log: Uint8Array[] = [];
    for (let left = below(random, 120); left >= 0; left -= 1) {
      const entry = entryOf(random, machine);
      log.push(entry);
      apply(machine, entry);
      if (below(random, 3) === 0) machine.compactSlice(20);
      flusher.noteApplied();
      if (below(random, 4) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const after = new MemoryRevisionStore('after', {}, store.crash(random));
    const again = rebuild(after);
    assert.ok(again.appliedIndex >= flusher.flushedIndex);
    for (const entry of log.slice(again.appliedIndex)) apply(again, entry);
    // Physical compaction may have come further in one of them: both finish it before content is compared.
    while (machine.compactSlice(1_000) || again.compactSlice(1_000));
    assert.deepEqual(stateOf(again), stateOf(machine));
    await flusher.stop();
  }
});
