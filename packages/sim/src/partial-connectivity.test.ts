/**
 * Links that fail in part (R26, R27): whole nodes in simulated time, one stage per test. The topologies are those of the OmniPaxos paper (Ng, Haridi, Carbone,
 * EuroSys 2023, section 2): quorum loss, constrained election, chain.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bothWays, chainCuts, constrainedCuts, hubCuts } from './faults/network-faults.js';
import type { Machine } from './machine/machine.js';
import { StagedCluster, stagedElectionTimeoutMs } from './testing/staged-cluster.js';

const TEN_TIMEOUTS_MS = 10 * stagedElectionTimeoutMs;
const MINUTE_MS = 60_000;
const SEEDS = [1, 2, 3];
const namesOf = (machines: readonly Machine[]): string[] => machines.map(({ name }) => name);

/** Runs a stage with a cluster of each size for each seed. */
async function onStage(sizes: readonly number[], run: (staged: StagedCluster, what: string) => Promise<void>) {
  for (const nodes of sizes) {
    for (const seed of SEEDS) {
      const staged = await StagedCluster.form(seed, { nodes });
      try {
        await run(staged, `${nodes} nodes, seed ${seed}`);
      } finally {
        staged.close();
      }
    }
  }
}

/** Writes at `machine`, again and again, until one is acknowledged. The time that it took. */
async function servesAt(staged: StagedCluster, machine: Machine): Promise<number> {
  const fromMs = staged.nowMs;
  let isServed = false;
  const attempt = (): void => {
    if (isServed || staged.nowMs - fromMs > TEN_TIMEOUTS_MS) return;
    staged.askLater(machine, { kind: 'put', key: 'k', value: `at ${staged.nowMs}` }, ({ kind }) => {
      isServed ||= kind === 'written';
    });
    staged.cluster.queue.after(stagedElectionTimeoutMs / 4, attempt);
  };
  attempt();
  await staged.until(() => isServed, TEN_TIMEOUTS_MS);
  return isServed ? staged.nowMs - fromMs : Number.POSITIVE_INFINITY;
}

test('R26: a node cut off from the leader only causes no change of leader in ten minutes', async () => {
  for (const nodes of [3, 5]) {
    const staged = await StagedCluster.form(1, { nodes });
    const leader = staged.leader();
    const [lonely] = staged.others(leader);
    assert.ok(lonely !== undefined);
    staged.cut(bothWays([leader.name], [lonely.name]));
    const fromMs = staged.nowMs;
    for (let minute = 0; minute < 10; minute += 1) {
      await staged.run(MINUTE_MS);
      assert.equal((await staged.put(leader, `minute ${minute}`)).kind, 'written');
    }
    assert.deepEqual(
      staged.elections.filter(({ atMs }) => atMs > fromMs),
      [],
      'of any shard',
    );
    staged.close();
  }
});

test('R27: quorum loss: the node that still reaches a quorum leads', async () => {
  await onStage([3, 5], async (staged, what) => {
    const leader = staged.leader();
    const [hub] = staged.others(leader);
    assert.ok(hub !== undefined);
    staged.cut(hubCuts(namesOf(staged.others(hub))));
    const fromMs = staged.nowMs;
    const tookMs = await servesAt(staged, hub);
    assert.ok(tookMs <= TEN_TIMEOUTS_MS, `${what}: ${tookMs} ms`);
    await staged.run(2 * MINUTE_MS);
    const changes = staged.electionsSince(fromMs);
    // With three nodes the leader and the hub are a quorum, so nothing changes at all.
    assert.ok(changes.length <= (staged.machines.length === 3 ? 0 : 1), `${what}: ${changes.length} elections`);
    assert.ok((await servesAt(staged, hub)) < stagedElectionTimeoutMs, what);
  });
});

test('R27: constrained election: the only node that reaches a quorum, and has all entries, leads', async () => {
  await onStage([3, 5], async (staged, what) => {
    const leader = staged.leader();
    await staged.put(leader, 'everywhere');
    await staged.run(1000);
    const [hub] = staged.others(leader);
    assert.ok(hub !== undefined);
    staged.cut(constrainedCuts(namesOf(staged.others(hub)), hub.name, leader.name));
    const fromMs = staged.nowMs;
    const tookMs = await servesAt(staged, hub);
    assert.ok(tookMs <= TEN_TIMEOUTS_MS, `${what}: ${tookMs} ms`);
    await staged.run(2 * MINUTE_MS);
    const changes = staged.electionsSince(fromMs);
    assert.equal(changes.length, 1, what);
    assert.ok((await servesAt(staged, hub)) < stagedElectionTimeoutMs, what);
  });
});

test('R27: constrained election: while that node lacks an entry nobody leads, and as soon as it may have it somebody does', async () => {
  await onStage([5], async (staged, what) => {
    const leader = staged.leader();
    const [hub, ...others] = staged.others(leader);
    assert.ok(hub !== undefined);
    staged.cut(bothWays([hub.name], namesOf(staged.others(hub))));
    assert.equal((await staged.put(leader, 'not at the hub')).kind, 'written');
    await staged.run(200);
    staged.cluster.network.heal();
    staged.cut(constrainedCuts(namesOf(staged.others(hub)), hub.name, leader.name));
    const fromMs = staged.nowMs;
    await staged.run(MINUTE_MS);
    const changes = staged.electionsSince(fromMs);
    assert.deepEqual(changes, [], `${what}: what was acknowledged is not lost by an election`);
    const [witness] = others;
    assert.ok(witness !== undefined);
    for (const name of namesOf(others)) {
      staged.cluster.network.mend(witness.name, name);
      staged.cluster.network.mend(name, witness.name);
    }
    const tookMs = await servesAt(staged, witness);
    assert.ok(tookMs <= TEN_TIMEOUTS_MS, `${what}: ${tookMs} ms`);
    assert.equal((await staged.get(witness)).startsWith('at '), true);
  });
});

test('R27: chain: a leader serves, and leadership does not wander', async () => {
  for (const place of [0, 1, 2]) {
    await onStage([3, 5], async (staged, what) => {
      const leader = staged.leader();
      const names = namesOf(staged.others(leader));
      names.splice(place, 0, leader.name);
      staged.cut(chainCuts(names));
      const fromMs = staged.nowMs;
      const middle = staged.machines.find(({ name }) => name === names[names.length >> 1]);
      assert.ok(middle !== undefined);
      const tookMs = await servesAt(staged, middle);
      await staged.run(5 * MINUTE_MS);
      const changes = staged.electionsSince(fromMs);
      assert.ok(tookMs <= TEN_TIMEOUTS_MS, `${what}, leader at ${place}: ${tookMs} ms`);
      assert.ok(changes.length <= 1, `${what}, leader at ${place}: ${changes.length} elections`);
    });
  }
});
