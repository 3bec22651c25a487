import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Failpoint, failpoints } from '../../env/failpoints.js';
import { seed } from './catch-mutant.js';
import { FailpointRun } from './cut-at-failpoint.js';
import { CutWorld } from './cut-world.js';
import type { Machine } from './machine.js';

/** Passed while a data directory is made: each needs a new one. */
const isOfCreation = (name: Failpoint) => /^(identity|registry|format)/.test(name);
/** No running node comes there: restore-cuts.test.ts. */
const isOfRestore = (name: Failpoint) => name.startsWith('restore');
/** Nothing is corrupt here: corruption-mark.test.ts. */
const isOfCorruption = (name: Failpoint) => name.startsWith('corrupt');

test('R6: a node is cut at every failpoint, and nothing acknowledged is missing', async (t) => {
  const run = new FailpointRun({ seed, nodes: 3 });
  const missed: Failpoint[] = [];
  try {
    for (const name of failpoints) {
      if (isOfCreation(name) || isOfRestore(name) || isOfCorruption(name)) continue;
      if (!(await run.cutAt(name))) missed.push(name);
    }
  } finally {
    run.world.end();
  }
  assert.deepEqual(missed, [], `KVORUM_SEED=${seed} gives the same run`);
  t.diagnostic([...run.hits].map(([name, count]) => `${name} ${count}`).join(', '));
});

test('R6: a node is cut at every failpoint of the creation of its directory, and starts anew', async () => {
  for (const name of failpoints.filter(isOfCreation)) {
    const run = new FailpointRun({ seed, nodes: 3 });
    try {
      assert.ok(await run.cutAt(name), name);
    } finally {
      run.world.end();
    }
  }
});

/** A node that gets one put and is cut at a point of it: what it holds after the next start, and whether a client heard of the put. */
async function putAndCutAt(point: Failpoint, ofSeed: number): Promise<{ isThere: boolean; isAnswered: boolean }> {
  let armed: Failpoint | undefined;
  const world = new CutWorld({
    seed: ofSeed,
    nodes: 1,
    onHit: (machine, name) => {
      if (name !== armed) return;
      armed = undefined;
      machine.cut();
    },
  });
  const nodeOf = async ({ life }: Machine) => {
    await world.until(() => life?.node !== undefined && world.isRecovered(), 'the node');
    assert.ok(life?.node !== undefined);
    return life.node;
  };
  const [machine] = world.machines;
  assert.ok(machine !== undefined);
  try {
    machine.start();
    const node = await nodeOf(machine);
    // What its start has left to write is not what the cut is for.
    await world.steps(50);
    armed = point;
    let isAnswered = false;
    const { life } = machine;
    // An answer needs a connection, and that goes with the process.
    const answered = () => (isAnswered ||= life?.isAlive === true);
    node.put('key', 'value').then(answered, answered);
    await world.until(() => armed === undefined, point);
    await world.steps(200);
    machine.start();
    const again = await nodeOf(machine);
    let found: boolean | undefined;
    void again.get('key').then(({ kv }) => (found = kv !== undefined));
    await world.until(() => found !== undefined, 'the read');
    return { isThere: found === true, isAnswered };
  } finally {
    world.end();
  }
}

test('R6: nothing of a process goes on after the cut, though its code runs to the end of the turn', async () => {
  let kept = 0;
  const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
  for (const one of seeds) {
    assert.deepEqual(await putAndCutAt('walBeforeWrite', one), { isThere: false, isAnswered: false });
    assert.deepEqual(await putAndCutAt('walAfterSync', one), { isThere: true, isAnswered: false });
    assert.deepEqual(await putAndCutAt('applyAfter', one), { isThere: true, isAnswered: false });
    const { isThere, isAnswered } = await putAndCutAt('walBeforeSync', one);
    assert.equal(isAnswered, false);
    if (isThere) kept += 1;
  }
  assert.ok(kept > 0 && kept < seeds.length, 'a write that is not synced may be there or not');
});
