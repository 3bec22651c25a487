/** R28 over whole nodes in simulated time: what lease reads cost, when they end, what they rest on, and what happens beyond that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bothWays } from './faults/network-faults.js';
import type { FixedKnobs } from './knobs.js';
import type { Machine } from './machine/machine.js';
import { runSeed } from './simulation.js';
import { StagedCluster, stagedElectionTimeoutMs, stagedHeartbeatMs } from './testing/staged-cluster.js';

const BOUND = 0.05;
const LEASE = { nodes: 3, linearizableReads: 'lease', clockDriftBound: BOUND } as const;
/** On a clock that runs true. */
const LEASE_MS = ((stagedElectionTimeoutMs - 2 * stagedHeartbeatMs) * (1 - BOUND)) / (1 + BOUND);

async function onStage(seed: number, fixed: FixedKnobs, run: (staged: StagedCluster) => Promise<void>): Promise<void> {
  const staged = await StagedCluster.form(seed, fixed);
  try {
    await run(staged);
  } finally {
    staged.close();
  }
}

const roundsOf = (staged: StagedCluster, machine: Machine) =>
  staged.metric(machine, 'kvorum_shard_read_index_rounds_total');

/** Reads at `machine`, one after the other, for so long. How many there were. */
async function readFor(staged: StagedCluster, machine: Machine, forMs: number): Promise<number> {
  const untilMs = staged.nowMs + forMs;
  let reads = 0;
  for (; staged.nowMs < untilMs; reads += 1) assert.equal(await staged.get(machine), 'value');
  return reads;
}

/** Has the leader cut off at a moment when it holds a fresh lease; then writes 'new' at the others as soon as they have a leader. */
async function cutLeaderOff(staged: StagedCluster, onWritten: () => void): Promise<Machine> {
  const leader = staged.leader();
  await staged.put(leader, 'old');
  await staged.run(1000);
  assert.equal(await staged.get(leader), 'old');
  staged.cut(
    bothWays(
      [leader.name],
      staged.others(leader).map(({ name }) => name),
    ),
  );
  const write = (): void => {
    const next = staged.others(leader).find((machine) => staged.leads(machine));
    if (next === undefined) staged.cluster.queue.after(1, write);
    else {
      staged.askLater(next, { kind: 'put', key: 'k', value: 'new' }, ({ kind }) => {
        if (kind === 'written') onWritten();
      });
    }
  };
  write();
  return leader;
}

test('R28: under a lease reads cost no round of heartbeats, on the leader and on followers', async () => {
  const costOf = async (fixed: FixedKnobs, isAtFollower: boolean) => {
    let cost = { reads: 0, rounds: 0 };
    await onStage(1, fixed, async (staged) => {
      const leader = staged.leader();
      await staged.put(leader, 'value');
      await staged.run(1000);
      const reader = isAtFollower ? staged.others(leader)[0] : leader;
      assert.ok(reader !== undefined);
      await staged.get(reader);
      const before = await roundsOf(staged, leader);
      const reads = await readFor(staged, reader, 5000);
      cost = { reads, rounds: (await roundsOf(staged, leader)) - before };
    });
    return cost;
  };
  // A renewal at the middle of each lease, and nothing else.
  const renewals = Math.ceil(5000 / (LEASE_MS / 2)) + 1;
  const atLeader = await costOf(LEASE, false);
  assert.ok(atLeader.reads > 1000 && atLeader.rounds <= renewals, JSON.stringify(atLeader));
  const atFollower = await costOf(LEASE, true);
  assert.ok(atFollower.reads > 1000 && atFollower.rounds <= renewals, JSON.stringify(atFollower));
  const byRounds = await costOf({ nodes: 3 }, false);
  assert.ok(byRounds.rounds >= byRounds.reads, JSON.stringify(byRounds));
});

test('R28: no read, no round: an idle leader lets its lease run out', async () => {
  await onStage(1, LEASE, async (staged) => {
    const leader = staged.leader();
    await staged.put(leader, 'value');
    await staged.get(leader);
    await staged.run(1000);
    const before = await roundsOf(staged, leader);
    await staged.run(10_000);
    assert.equal(await roundsOf(staged, leader), before);
  });
});

test('R28: a leader that was cut off serves until its lease ends, and nobody else leads before', async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    await onStage(seed, LEASE, async (staged) => {
      const fromMs = staged.nowMs;
      const leader = await cutLeaderOff(staged, () => undefined);
      const cutMs = staged.nowMs;
      let lastServedMs = cutMs;
      const read = (): void => {
        staged.askLater(leader, { kind: 'get', key: 'k', isSerializable: false }, (answer) => {
          if (answer.kind === 'seen') lastServedMs = staged.nowMs;
        });
        staged.cluster.queue.after(5, read);
      };
      read();
      await staged.run(3 * stagedElectionTimeoutMs);
      assert.ok(lastServedMs - cutMs > LEASE_MS / 2, `seed ${seed}: served for ${lastServedMs - cutMs} ms`);
      assert.ok(lastServedMs - cutMs <= LEASE_MS + 5, `seed ${seed}: served for ${lastServedMs - cutMs} ms`);
      const [election] = staged.electionsSince(fromMs);
      assert.ok(election !== undefined && election.atMs > lastServedMs, `seed ${seed}`);
      assert.equal(await staged.get(leader), 'TIMEOUT');
    });
  }
});

test('R28, N10: a stall drops the lease: the next read is confirmed by a round', async () => {
  await onStage(1, LEASE, async (staged) => {
    const leader = staged.leader();
    await staged.put(leader, 'value');
    await staged.run(1000);
    await readFor(staged, leader, 20);
    const before = await roundsOf(staged, leader);
    await readFor(staged, leader, 20);
    assert.equal(await roundsOf(staged, leader), before);
    // Shorter than what is left of the lease.
    leader.processor?.pause(3 * stagedHeartbeatMs + 20);
    const leaseReads = await staged.metric(leader, 'kvorum_shard_lease_reads_total');
    assert.equal(await staged.get(leader), 'value');
    // Afterwards there may be a lease again, of a round that was begun after the stall.
    assert.equal(await staged.metric(leader, 'kvorum_shard_lease_reads_total'), leaseReads);
    assert.ok((await roundsOf(staged, leader)) > before);
  });
});

test('R28: a restarted voter, which has forgotten that it heard of the leader, elects nobody before the lease ends', async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    await onStage(seed, LEASE, async (staged) => {
      const fromMs = staged.nowMs;
      const leader = await cutLeaderOff(staged, () => undefined);
      const cutMs = staged.nowMs;
      for (const machine of staged.others(leader)) machine.kill();
      for (const machine of staged.others(leader)) machine.start();
      await staged.until(() => staged.electionsSince(fromMs).length > 0, 10 * stagedElectionTimeoutMs);
      const [election] = staged.electionsSince(fromMs);
      assert.ok(election !== undefined && election.atMs - cutMs > LEASE_MS, `seed ${seed}: ${election?.atMs} ${cutMs}`);
    });
  }
});

test('R28: leadership that is handed over takes the lease along', async () => {
  await onStage(1, LEASE, async (staged) => {
    const leader = staged.leader();
    await staged.put(leader, 'value');
    await staged.run(1000);
    await staged.get(leader);
    const fromMs = staged.nowMs;
    const shard = [...(leader.shards?.all ?? [])].find(({ replica }) => replica.shard === 1);
    assert.ok(shard?.replica.handOver());
    assert.ok(await staged.until(() => staged.electionsSince(fromMs).length > 0, stagedElectionTimeoutMs));
    assert.ok(staged.nowMs - fromMs < LEASE_MS, 'no wait for the end of the lease');
    const next = staged.leader();
    assert.notEqual(next, leader);
    assert.equal((await staged.put(next, 'new')).kind, 'written');
    assert.equal(await staged.get(leader), 'new');
  });
});

test('R28: drift beyond the bound, staged: a leader whose clock is slow answers with a value that was replaced', async () => {
  const valueAtSlowLeader = async (seed: number, clockDriftBound: number): Promise<string> => {
    let value = '';
    await onStage(seed, { ...LEASE, clockDriftBound }, async (staged) => {
      let isWritten = false;
      staged.leader().processor?.setRate(0.5);
      for (const machine of staged.others(staged.leader())) machine.processor?.setRate(1.5);
      const leader = await cutLeaderOff(staged, () => (isWritten = true));
      assert.ok(await staged.until(() => isWritten, 10 * stagedElectionTimeoutMs));
      value = await staged.get(leader);
    });
    return value;
  };
  const values = { unbound: new Set<string>(), bound: new Set<string>() };
  // Elections take a random time: in some runs the next leader is there before the lease ends.
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    values.unbound.add(await valueAtSlowLeader(seed, 0.05));
    values.bound.add(await valueAtSlowLeader(seed, 0.5));
  }
  assert.ok(values.unbound.has('old'), 'three times as fast, 5 % promised');
  assert.deepEqual([...values.bound], ['TIMEOUT'], 'three times as fast, as promised');
});

const STORM = {
  nodes: 3,
  firstVoters: 3,
  membershipEveryMs: 0,
  heartbeatMs: 50,
  electionTimeoutMs: 1000,
  requestTimeoutMs: 500,
  latencyMs: 0.5,
  jitterMs: 0.5,
  diskMs: 0.2,
  turnMs: 0.1,
  faultEveryMs: 700,
  faultLastsMs: 2500,
  clients: 12,
  thinkMs: 20,
  keys: 5,
  // Only reads that may rest on a lease.
  boundedReaders: 0,
  linearizableReads: 'lease',
  failpoints: [],
} as const;

test('R28: drift beyond the bound is found by the checkers within a few seeds', async () => {
  const faults = ['clockDrift', 'isolateLeader', 'clockDrift'] as const;
  for (let seed = 1; seed <= 20; seed += 1) {
    const report = await runSeed(seed, { fixed: { ...STORM, faults, clockDriftBound: 0.001, clockDriftMax: 0.8 } });
    const stale = report.violations.find(({ checker }) => checker === 'revision times');
    if (stale === undefined) continue;
    console.log(`seed ${seed}, as it must: ${stale.message}`);
    return;
  }
  assert.fail('20 seeds show no stale read');
});

test('R28: drift within the bound breaks nothing', async () => {
  const drifting = ['clockDrift', 'isolateLeader', 'clockDrift', 'pause', 'powerCut', 'quorumLoss'] as const;
  for (const seed of [1, 2]) {
    const fixed = { ...STORM, thinkMs: 100, faults: drifting, clockDriftBound: 0.3, clockDriftMax: 0.3 };
    assert.deepEqual((await runSeed(seed, { fixed })).violations, [], `seed ${seed}`);
  }
  for (const seed of [3, 4]) {
    const fixed = { linearizableReads: 'lease', clockDriftBound: 0.2, clockDriftMax: 0.2 } as const;
    assert.deepEqual((await runSeed(seed, { fixed })).violations, [], `seed ${seed}`);
  }
});

test('P7: without leases all reads that wait are confirmed by one round of heartbeats, on the leader and on followers', async () => {
  const count = 300;
  await onStage(1, { nodes: 3 }, async (staged) => {
    const leader = staged.leader();
    await staged.put(leader, 'value');
    for (const reader of staged.machines) {
      const before = await roundsOf(staged, reader);
      let seen = 0;
      for (let n = 0; n < count; n += 1) {
        staged.askLater(reader, { kind: 'get', key: 'k', isSerializable: false }, ({ kind }) => {
          if (kind === 'seen') seen += 1;
        });
      }
      assert.ok(await staged.until(() => seen === count, 1_000));
      const rounds = (await roundsOf(staged, reader)) - before;
      // Those that come while the first round is under way share the second.
      assert.ok(rounds >= 1 && rounds <= 3, `${reader.name}: ${rounds} rounds for ${count} reads`);
    }
  });
});
