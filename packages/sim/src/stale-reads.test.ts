/** Reads with a bound for their age over whole nodes in simulated time: who answers them, who refuses, and that the checker sees when a node is too sure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activateMutation } from '@kvorum/core/base/mutation.js';
import { checkStaleness } from './checkers/staleness.js';
import { bothWays } from './faults/network-faults.js';
import type { Machine } from './machine/machine.js';
import { runSeed } from './simulation.js';
import { StagedCluster, stagedElectionTimeoutMs, stagedHeartbeatMs } from './testing/staged-cluster.js';
import { History, type Request } from './workload/history.js';

/** In calm weather a member knows its state to be at most two heartbeats old; a little more for the way. */
const CALM_MS = 2 * stagedHeartbeatMs + 20;

async function onStage(nodes: number, run: (staged: StagedCluster) => Promise<void>): Promise<void> {
  const staged = await StagedCluster.form(1, { nodes });
  try {
    await run(staged);
  } finally {
    staged.close();
  }
}

/** The value that a bounded read shows, or the code of its refusal. */
async function read(staged: StagedCluster, machine: Machine, maxStalenessMs: number): Promise<string> {
  const answer = await staged.ask(machine, { kind: 'get', key: 'k', isSerializable: true, maxStalenessMs });
  if (answer.kind === 'seen') return answer.keys[0]?.value ?? 'absent';
  return 'code' in answer ? answer.code : answer.kind;
}

test('every node answers from its own state in calm weather, and refuses bounds that it cannot know to be met', async () => {
  await onStage(3, async (staged) => {
    await staged.put(staged.leader(), 'value');
    await staged.run(1000);
    for (const machine of staged.machines) {
      for (let n = 0; n < 20; n += 1) {
        assert.equal(await read(staged, machine, CALM_MS), 'value', machine.name);
        await staged.run(17);
      }
      if (!staged.leads(machine)) assert.equal(await read(staged, machine, stagedHeartbeatMs / 2), 'UNAVAILABLE');
    }
  });
});

test('the only node of a cluster meets every bound', async () => {
  await onStage(1, async (staged) => {
    await staged.put(staged.leader(), 'value');
    await staged.run(3000);
    assert.equal(await read(staged, staged.leader(), 1), 'value');
  });
});

test('a leader that was cut off, and a follower left with it, soon refuse, though both still hold what they held', async () => {
  await onStage(5, async (staged) => {
    const leader = staged.leader();
    const follower = staged.others(leader)[0] ?? assert.fail();
    await staged.put(leader, 'old');
    await staged.run(1000);
    const rest = staged.others(leader, follower).map(({ name }) => name);
    staged.cut(bothWays([leader.name, follower.name], rest));
    await staged.run(300);
    for (const machine of [leader, follower]) assert.equal(await read(staged, machine, 250), 'UNAVAILABLE');
    await staged.run(4 * stagedElectionTimeoutMs);
    const next =
      staged.others(leader, follower).find((machine) => staged.leads(machine)) ?? assert.fail('nobody leads');
    await staged.put(next, 'new');
    await staged.run(1000);
    for (const machine of [leader, follower]) {
      assert.equal(await read(staged, machine, 1000), 'UNAVAILABLE');
      assert.equal(await read(staged, machine, 60_000), 'old', 'as old as it may be');
    }
    for (const machine of staged.others(leader, follower)) assert.equal(await read(staged, machine, CALM_MS), 'new');
  });
});

test('N10: a follower whose messages come late does not take them for news', async () => {
  await onStage(3, async (staged) => {
    const leader = staged.leader();
    const follower = staged.others(leader)[0] ?? assert.fail();
    await staged.put(leader, 'old');
    await staged.run(1000);
    const { slow } = staged.cluster.timing;
    slow.set(`${leader.name} ${follower.name}`, 400);
    await staged.run(1000);
    await staged.put(leader, 'new');
    // The heartbeats that come now left before the put.
    await staged.run(300);
    assert.equal(await read(staged, follower, 250), 'UNAVAILABLE');
    assert.equal(await read(staged, follower, 1000), 'old');
    await staged.run(1000);
    assert.equal(await read(staged, follower, 1000), 'new');
  });
});

/** Writes at the leader and bounded reads at a follower to which the link is slow, until one of the reads is answered; what the checker says of it. */
async function besideSlowLink(): Promise<{ readonly answered: number; readonly reports: readonly string[] }> {
  const history = new History();
  await onStage(3, async (staged) => {
    const leader = staged.leader();
    const follower = staged.others(leader)[0] ?? assert.fail();
    const ask = async (machine: Machine, request: Request): Promise<void> => {
      const { id: node, starts: process } = machine;
      const operation = history.invoke({ client: 0, node, process, request, invokedMs: staged.nowMs });
      history.answer(operation, await staged.ask(machine, request), staged.nowMs);
    };
    await staged.put(leader, 'first');
    await staged.run(1000);
    staged.cluster.timing.slow.set(`${leader.name} ${follower.name}`, 500);
    await staged.run(2000);
    for (let n = 0; n < 20; n += 1) {
      await ask(leader, { kind: 'put', key: 'k', value: `${n}` });
      await staged.run(30);
      await ask(follower, { kind: 'get', key: 'k', isSerializable: true, maxStalenessMs: 250 });
    }
  });
  const reports: string[] = [];
  return { answered: checkStaleness(history.operations, 1, (message) => reports.push(message)), reports };
}

test('R7: the checker of ages names what stalenessEchoUnchecked breaks, and nothing without it', async () => {
  assert.deepEqual(await besideSlowLink(), { answered: 0, reports: [] });
  activateMutation('stalenessEchoUnchecked');
  try {
    const { answered, reports } = await besideSlowLink();
    assert.ok(answered > 0 && reports.length > 0, `${answered} answered`);
  } finally {
    activateMutation(undefined);
  }
});

test('R7: the checker of ages names what stalenessWithoutQuorum breaks within a few seeds', async () => {
  const fixed = {
    nodes: 3,
    firstVoters: 3,
    membershipEveryMs: 0,
    failpoints: [],
    thinkMs: 20,
    keys: 5,
    clients: 12,
    faults: ['isolateLeader', 'pause'],
    faultsMs: 8000,
    faultLastsMs: 2000,
    heartbeatMs: 50,
    electionTimeoutMs: 300,
  } as const;
  const named = new Set<string>();
  activateMutation('stalenessWithoutQuorum');
  try {
    for (let seed = 1; seed <= 20 && !named.has('staleness'); seed += 1) {
      const { violations } = await runSeed(seed, { fixed, goesOnAfterBugs: true });
      for (const { checker } of violations) named.add(checker);
    }
  } finally {
    activateMutation(undefined);
  }
  assert.deepEqual([...named], ['staleness']);
});
