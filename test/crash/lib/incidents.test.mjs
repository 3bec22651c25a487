import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChance } from './chance.mjs';
import { planIncidents, runIncident } from './incidents.mjs';

/** Three nodes that only note what is done to them. */
function fakeCluster() {
  const killed = [];
  const cluster = {
    ids: [1, 2, 3],
    leader: () => Promise.resolve(2),
    kill: (ids) => {
      killed.push(ids);
      return Promise.resolve();
    },
    startMissing: () => Promise.resolve(true),
  };
  return { cluster, killed };
}

test('a plan holds every kind in every ten rounds, all three at once among them, and is the same for a seed', () => {
  const plan = planIncidents(30, createChance(5));
  assert.deepEqual(plan, planIncidents(30, createChance(5)));
  for (const from of [0, 10, 20]) {
    const kinds = new Set(plan.slice(from, from + 10));
    assert.deepEqual([...kinds].sort(), ['again at start', 'all', 'any', 'follower', 'leader', 'overlap', 'two']);
  }
});

test('incidents kill whom they name', async () => {
  const all = fakeCluster();
  assert.equal(await runIncident('all', all.cluster, createChance(1)), 3);
  assert.deepEqual(all.killed, [[1, 2, 3]]);
  const leader = fakeCluster();
  assert.equal(await runIncident('leader', leader.cluster, createChance(1)), 1);
  assert.deepEqual(leader.killed, [[2]]);
});
