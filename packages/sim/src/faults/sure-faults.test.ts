import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawKnobs, faultKinds } from '../knobs.js';
import { runSeed } from '../simulation.js';
import { dealSureFaults, sureFaultKinds } from './sure-deal.js';

test('R2, R5: fifty seeds in a row, wherever they begin, are sure of every rare kind of fault several times', () => {
  for (const base of [0, 1, 777, 54_321, 123_456_789, 268_435_455, 2 ** 32 - 50]) {
    const dealt = new Map<string, number>();
    for (let seed = base; seed < base + 50; seed += 1) {
      for (const kind of drawKnobs(seed).sureFaults) dealt.set(kind, (dealt.get(kind) ?? 0) + 1);
    }
    for (const kind of sureFaultKinds) assert.ok((dealt.get(kind) ?? 0) >= 3, `${kind} from seed ${base} on`);
  }
});

test('what is dealt is a kind of fault, and none that the cluster is too small for', () => {
  for (const kind of sureFaultKinds) assert.ok(faultKinds.includes(kind));
  for (let seed = 0; seed < 70; seed += 1) {
    assert.deepEqual(dealSureFaults(seed, 2), []);
    assert.ok(!dealSureFaults(seed, 4).includes('damageNeeded'));
    assert.equal(dealSureFaults(seed, 5).length, 1);
  }
});

test('knobs that choose the faults choose all of them', () => {
  assert.deepEqual(drawKnobs(3, { nodes: 5, faults: ['pause'] }).sureFaults, []);
  assert.deepEqual(drawKnobs(3, { nodes: 5, sureFaults: ['wipe'] }).sureFaults, ['wipe']);
});

for (const kind of sureFaultKinds) {
  test(`R2, R5: ${kind} happens when the seed is sure of it, and the cluster keeps its promises`, async () => {
    const fixed = { nodes: 3, sureFaults: [kind], faultsMs: 12_000 };
    const { faults, violations } = await runSeed(4, { fixed });
    assert.deepEqual(violations, []);
    assert.ok((new Map(faults).get(kind) ?? 0) > 0);
  });
}
