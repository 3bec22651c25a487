/** R25, over whole nodes in simulated time: what a follower, or a leader, that stands still costs the others. The half with real timers is in the server's node-faults.test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from './machine/machine.js';
import { StagedCluster, stagedElectionTimeoutMs } from './testing/staged-cluster.js';

const STALL_MS = 60_000;
/** Open loop: one write each so often, whatever became of those before. */
const WRITE_EVERY_MS = 10;

/** p99 of the writes of a minute, half of them at the leader and half at another node. Those without an answer count as endless. */
async function p99OfMinute(staged: StagedCluster, nodes: readonly Machine[]): Promise<number> {
  const took: number[] = [];
  const asked = STALL_MS / WRITE_EVERY_MS;
  for (let at = 0; at < asked; at += 1) {
    staged.cluster.queue.after(at * WRITE_EVERY_MS, () => {
      const machine = nodes[at % nodes.length];
      assert.ok(machine !== undefined);
      const fromMs = staged.nowMs;
      staged.askLater(machine, { kind: 'put', key: `k${at % 100}`, value: `${at}` }, ({ kind }) => {
        if (kind === 'written') took.push(staged.nowMs - fromMs);
      });
    });
  }
  await staged.run(STALL_MS + 5000);
  while (took.length < asked) took.push(Number.POSITIVE_INFINITY);
  return took.sort((a, b) => a - b)[Math.ceil(asked * 0.99) - 1] ?? Number.NaN;
}

const stalls: readonly (readonly [string, (machine: Machine, staged: StagedCluster) => void])[] = [
  ['process', ({ processor }) => processor?.pause(STALL_MS)],
  ['log disk', ({ weather }, { nowMs }) => (weather.stalledUntilMs = nowMs + STALL_MS)],
  ['store', ({ weather }, { nowMs }) => (weather.storeStalledUntilMs = nowMs + STALL_MS)],
];

for (const [what, stall] of stalls) {
  test(`R25: a follower whose ${what} stands still for 60 s leaves write p99 within 2×`, async () => {
    const staged = await StagedCluster.form(1, { nodes: 3 });
    try {
      const leader = staged.leader();
      const [stalled, other] = staged.others(leader);
      assert.ok(stalled !== undefined && other !== undefined);
      const calmMs = await p99OfMinute(staged, [leader, other]);
      const fromMs = staged.nowMs;
      stall(stalled, staged);
      const stalledMs = await p99OfMinute(staged, [leader, other]);
      assert.ok(stalledMs <= 2 * calmMs, `p99 ${calmMs} ms, with a stalled follower ${stalledMs} ms`);
      assert.deepEqual(staged.electionsSince(fromMs), []);
    } finally {
      staged.close();
    }
  });
}

test('R25: a leader whose log stalls longer than an election timeout hands over, and its successor serves', async () => {
  const staged = await StagedCluster.form(1, { nodes: 3 });
  try {
    const leader = staged.leader();
    const [other] = staged.others(leader);
    assert.ok(other !== undefined);
    leader.weather.stalledUntilMs = staged.nowMs + STALL_MS;
    const fromMs = staged.nowMs;
    let isServed = false;
    staged.askLater(leader, { kind: 'put', key: 'k', value: 'meets the stall' }, () => undefined);
    staged.cluster.queue.after(2.5 * stagedElectionTimeoutMs, () => {
      staged.askLater(other, { kind: 'put', key: 'k', value: 'after' }, ({ kind }) => (isServed = kind === 'written'));
    });
    assert.ok(await staged.until(() => staged.electionsSince(fromMs).length > 0, 2 * stagedElectionTimeoutMs));
    assert.equal(staged.leads(leader), false);
    assert.ok(await staged.until(() => isServed, 3 * stagedElectionTimeoutMs));
  } finally {
    staged.close();
  }
});
