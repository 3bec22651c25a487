import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Violation } from './checkers/violation.js';
import { drawKnobs } from './knobs.js';
import { MemberBook } from './membership/member-book.js';
import { pump } from './pump.js';
import { converge, type RecoveryDeps, serveAgain } from './recovery.js';
import { SimCluster } from './sim-cluster.js';
import { History } from './workload/history.js';
import { Tally } from './world/tally.js';

const knobs = drawKnobs(1, {
  nodes: 3,
  firstVoters: 3,
  electionTimeoutMs: 200,
  heartbeatMs: 40,
  latencyMs: 1,
  jitterMs: 1,
  turnMs: 0.1,
});

/** Three nodes that have formed a cluster, and what the phase after the faults works with. */
async function formCluster() {
  const ignore = (): void => undefined;
  const ignored = { onSaid: ignore, onUp: ignore, onFailed: ignore, onRole: ignore, onCut: ignore };
  const events = { ...ignored, onReadBack: ignore, onFailpoint: ignore };
  const cluster = new SimCluster({ seed: 1, knobs }, events);
  const violations: Violation[] = [];
  const until: RecoveryDeps['until'] = async (isDone) => {
    await pump(cluster.queue, isDone);
    return true;
  };
  const voters = cluster.machines.map(({ id }) => id);
  const first = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const deps: RecoveryDeps = {
    cluster,
    book: new MemberBook(cluster.machines, first),
    history: new History(),
    counts: new Tally(),
    violate: (checker, message) => violations.push({ checker, message }),
    until,
  };
  cluster.start();
  await until(() => cluster.leaders().every((leader) => leader !== undefined) || cluster.queue.nowMs > 20_000);
  return { cluster, deps, violations };
}

test('R4: a healthy cluster serves again and comes to one state', async () => {
  const { deps, violations } = await formCluster();
  await serveAgain(deps, knobs);
  await converge(deps);
  assert.deepEqual(violations, []);
  assert.ok(deps.history.acknowledged > 0);
});

test('R4: a cluster that does not serve within ten election timeouts of a connected majority is found', async () => {
  const { cluster, deps, violations } = await formCluster();
  const names = cluster.machines.map(({ name }) => name);
  // Connected, and too slow for any vote to arrive in its term.
  for (const from of names) for (const to of names) cluster.timing.slow.set(`${from} ${to}`, 700);
  const untilMs = cluster.queue.nowMs + 5000;
  await deps.until(() => cluster.queue.nowMs > untilMs);
  assert.deepEqual(cluster.leaders(), [undefined, undefined]);
  const startMs = cluster.queue.nowMs;
  await serveAgain(deps, knobs);
  const [violation, ...others] = violations;
  assert.deepEqual(others, []);
  assert.equal(violation?.checker, 'liveness');
  assert.match(violation.message, /^no write was served and led .* ms since a majority is connected: n1 running/);
  assert.ok(cluster.queue.nowMs - startMs >= 10 * knobs.electionTimeoutMs);
  assert.ok(cluster.queue.nowMs - startMs < 11 * knobs.electionTimeoutMs);
});

test('R4: a cluster that finds no majority again is found', async () => {
  const { cluster, deps, violations } = await formCluster();
  for (const machine of cluster.machines.slice(1)) machine.kill();
  await serveAgain(deps, knobs);
  assert.match(violations[0]?.message ?? '', /no majority is connected: n1 running, n2 off, n3 off/);
});

test('R4: replicas that do not come to one state are found', async () => {
  const { cluster, deps, violations } = await formCluster();
  const follower = cluster.machines.find((machine) => machine !== cluster.leader());
  assert.ok(follower !== undefined);
  for (const { name } of cluster.machines) {
    cluster.network.cut(name, follower.name);
    cluster.network.cut(follower.name, name);
  }
  await serveAgain(deps, knobs);
  assert.equal(violations.length, 0);
  await converge(deps);
  assert.equal(violations[0]?.checker, 'convergence');
});
