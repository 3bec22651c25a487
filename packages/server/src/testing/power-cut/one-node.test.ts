import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../env/silent-log.js';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { MemoryNetwork } from '../../env/testing/memory-network.js';
import { createSeededRandom } from '../../env/testing/seeded-random.js';
import type { KvorumNode } from '../../node.js';
import { MemoryStoreDisk } from '../../storage/memory-revision-store.js';
import { catchAckBeforeSync, seed } from './catch-mutant.js';
import { cutPower } from './cut-power.js';
import { Machine, type ProcessLife } from './machine.js';

test('R10, R9, R16: one node: nothing acknowledged is missing after 300 power cuts', async (t) => {
  const { violation, ...counts } = await cutPower({ seed, nodes: 1, cuts: 300 });
  assert.equal(violation?.message, undefined);
  assert.ok(counts.acknowledged > 5000 && counts.flushes > 100 && counts.duringStart > 20, JSON.stringify(counts));
  t.diagnostic(JSON.stringify(counts));
});

test('R7: one node: acknowledging before the sync is caught', (t) => catchAckBeforeSync(t, 1, seed));

/** Runs a life's virtual time until the promise that `ask` gives settles. */
async function drive<T>(clock: ManualClock, ask: () => Promise<T>): Promise<T> {
  let isDone = false;
  const result = ask().finally(() => (isDone = true));
  for (let step = 0; !isDone && step < 20_000; step += 1) {
    clock.advance(1);
    for (let tick = 0; tick < 20; tick += 1) await Promise.resolve();
  }
  assert.ok(isDone, 'no answer in virtual 20 s');
  return result;
}

function newWorld() {
  const clock = new ManualClock();
  return { clock, random: createSeededRandom(seed), network: new MemoryNetwork(clock), log: silentLog };
}

async function nodeOf(clock: ManualClock, life: ProcessLife): Promise<KvorumNode> {
  await drive(clock, async () => {
    while (life.node === undefined && life.failure === undefined) await Promise.resolve();
  });
  assert.ok(life.node !== undefined, life.failure?.message);
  return life.node;
}

test('R10: a cluster of one: a power cut after each of 200 acknowledgements loses none', async () => {
  const world = newWorld();
  const random = createSeededRandom(seed);
  const node = { dataDir: 'data', clientAddress: 'off', diskReserveBytes: 0, walSegmentBytes: 8192 };
  const machine = new Machine({ world, random, stores: new MemoryStoreDisk() }, 1, { node, testing: {} });
  const writer = await nodeOf(world.clock, machine.start());
  for (let i = 1; i <= 200; i += 1) {
    const { revision } = await drive(world.clock, () => writer.put(`key-${i % 20}`, `value-${i}`));
    const after = newWorld();
    const copy = machine.copyAfterCut(after);
    const life = copy.start();
    const again = await nodeOf(after.clock, life);
    const { kv } = await drive(after.clock, () => again.get(`key-${i % 20}`));
    assert.deepEqual([new TextDecoder().decode(kv?.value), kv?.modRevision], [`value-${i}`, revision]);
    life.kill();
  }
  machine.cut();
});
