import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '@kvorum/server/internal/env/testing/memory-disk.js';
import type { FaultKind } from '../knobs.js';
import { runSeed } from '../simulation.js';
import { stream } from '../world/chance.js';
import { Tally } from '../world/tally.js';

const process: readonly FaultKind[] = ['pause', 'clockJump', 'clockDrift', 'cpuStarved', 'wipe', 'processKill'];
const network: readonly FaultKind[] = [
  'cutOneWay',
  'splitNodes',
  'bridge',
  'chain',
  'swizzle',
  'resetLink',
  'slowLink',
  'isolateLeader',
];
const disk: readonly FaultKind[] = [
  'diskSlow',
  'diskStall',
  'failedRead',
  'failedWrite',
  'failedSync',
  'failedAppend',
  'fullDisk',
  'bitFlip',
  'zeroedSector',
  'misdirectedWrite',
];

/** The beginning of a run in which nothing but this happens to five nodes, often. */
function beginningWith(kind: FaultKind, seed: number) {
  const fixed = {
    faults: [kind],
    nodes: 5,
    faultEveryMs: 300,
    faultLastsMs: 300,
    membershipEveryMs: 0,
    firstVoters: 5,
  };
  return runSeed(seed, { fixed, steps: 20_000 });
}

function happens(requirement: string, kinds: readonly FaultKind[]): void {
  for (const kind of kinds) {
    test(`${requirement}: ${kind} takes place, and the cluster keeps its promises`, async () => {
      let count = 0;
      for (let seed = 1; seed <= 4 && count === 0; seed += 1) {
        const { faults, violations } = await beginningWith(kind, seed);
        assert.deepEqual(violations, []);
        count = new Map(faults).get(kind) ?? 0;
      }
      assert.ok(count > 0);
    });
  }
}

happens('R2', disk);
happens('R3', network);
happens('R5', process);

test('R2: a power cut loses, tears and reorders what was not synced, and names in directories', async () => {
  const seen: Record<string, number> = {};
  for (let seed = 1; seed <= 50; seed += 1) {
    const disk = new MemoryDisk();
    const file = await disk.open('/f', 'create');
    for (let i = 0; i < 4; i += 1) await file.write(4096 * i, new Uint8Array(4096).fill(i + 1));
    disk.cut(stream(seed, 'cut'), seen);
  }
  const fates = ['lost', 'torn', 'reordered', 'nameLost'];
  for (const fate of fates) assert.ok((seen[fate] ?? 0) > 0, `${fate} among ${JSON.stringify(seen)}`);
});

test('R3: streams are delayed and their bytes arrive in any pieces, late ones much later', async () => {
  const fixed = {
    faults: ['slowLink'] as const,
    nodes: 3,
    splitProbability: 0.3,
    membershipEveryMs: 0,
    firstVoters: 3,
  };
  const { counts, violations } = await runSeed(1, { fixed, steps: 20_000 });
  assert.deepEqual(violations, []);
  const counted = new Map(counts);
  assert.ok((counted.get('split chunks') ?? 0) > 100);
  assert.ok((counted.get('network spikes') ?? 0) > 10);
});

test('R5: a wiped node is refused under its old id and never counted again', async () => {
  let refused = 0;
  for (let seed = 1; seed <= 4 && refused === 0; seed += 1) {
    const fixed = { faults: ['wipe'] as const, nodes: 5, faultLastsMs: 300, membershipEveryMs: 0, firstVoters: 5 };
    const { counts, violations } = await runSeed(seed, { fixed });
    assert.deepEqual(violations, []);
    refused = new Map(counts).get('node failed: identityRefused') ?? 0;
  }
  assert.ok(refused > 0);
});

test('R21: clocks that jump by up to an hour and run at half to one and a half speed break nothing', async () => {
  const fixed = { faults: ['clockJump', 'clockDrift'] as const, nodes: 5, faultEveryMs: 300 };
  const seen = new Tally();
  for (let seed = 1; seed <= 3; seed += 1) {
    const { faults, violations } = await runSeed(seed, { fixed });
    assert.deepEqual(violations, []);
    seen.addAll(faults);
  }
  assert.ok(seen.count('clockJump') > 30 && seen.count('clockDrift') > 30);
});
