/** The power is cut at every step of a change of membership: on all nodes, on the leader, on any; then the change is there or it is not, on all alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfChange } from '@kvorum/core/raft/confchange/conf-change.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import type { ConfChangeResult } from '../../shard/membership/membership.js';
import { change, leave, MemberCluster } from './member-cluster.js';

/** Moments in which a change of three nodes is done. */
const steps = 12;

interface Way {
  readonly there: ConfChange;
  readonly back: ConfChange;
  /** Whether `there` has happened. */
  readonly isThere: (confState: ConfState) => boolean;
}

const ways: Readonly<Record<string, Way>> = {
  'one voter comes': {
    there: change('+4'),
    back: change('-4'),
    isThere: ({ voters }) => voters.includes(4),
  },
  'one voter goes': {
    there: change('-3'),
    back: change('+3'),
    isThere: ({ voters }) => !voters.includes(3),
  },
  'a voter is demoted': {
    there: change('~3'),
    back: change('+3'),
    isThere: ({ learners }) => learners.includes(3),
  },
  'voters are replaced at once': {
    there: change('-2 -3 +4 +5'),
    back: change('+2 +3 -4 -5'),
    isThere: ({ voters }) => voters.includes(4),
  },
  'a joint configuration is entered': {
    there: change('-3 +4', 'explicit'),
    back: leave,
    isThere: ({ votersOutgoing }) => votersOutgoing.length > 0,
  },
};

for (const [name, way] of Object.entries(ways)) {
  test(`R9, R15: ${name}, with the power cut at each step: all of it or nothing, and nothing told is lost`, async () => {
    const cluster = new MemberCluster({ nodes: 5, first: { voters: [1, 2, 3] }, seed: name.length });
    try {
      await cluster.start();
      const seen = { there: 0, back: 0 };
      for (let step = 0; step < steps * 3; step += 1) {
        const isThere = await cutAt(
          cluster,
          way,
          step % steps,
          step < steps ? 'all' : step < 2 * steps ? 'leader' : 'some',
        );
        seen[isThere ? 'there' : 'back'] += 1;
      }
      assert.ok(seen.there > 5 && seen.back > 5, JSON.stringify(seen));
    } finally {
      cluster.end();
    }
  });
}

/** Whether the change had happened in the end. */
async function cutAt(
  cluster: MemberCluster,
  way: Way,
  step: number,
  whom: 'all' | 'leader' | 'some',
): Promise<boolean> {
  await cluster.until(() => cluster.leader() !== undefined, 'a leader');
  const leader = cluster.leader() ?? 0;
  let answer: ConfChangeResult | undefined;
  void cluster
    .host(leader)
    .requests.changeMembership(1, way.there, 3000)
    .then((result) => (answer = result));
  await cluster.moments(step);
  const hit = whom === 'all' ? [1, 2, 3, 4, 5] : whom === 'leader' ? [leader] : [1 + (step % 5), 1 + ((step * 3) % 5)];
  for (const id of new Set(hit)) cluster.machine(id).cut();
  await cluster.start();
  const after = await cluster.settle();
  await cluster.put(cluster.leader() ?? 0, 'k', `${step}`);
  const isThere = way.isThere(after);
  if (answer?.kind === 'applied')
    assert.ok(isThere, `applied was told, but the membership is ${JSON.stringify(after)}`);
  if (answer?.kind === 'refused') assert.ok(!isThere, `refused was told (${answer.reason}), but it happened`);
  if (isThere) await cluster.change(way.back);
  const back = way.back === leave ? await leaveAndReturn(cluster) : await cluster.settle();
  assert.deepEqual([back.voters, back.votersOutgoing], [[1, 2, 3], []]);
  return isThere;
}

async function leaveAndReturn(cluster: MemberCluster): Promise<ConfState> {
  const left = await cluster.settle();
  if (left.voters.includes(4)) await cluster.change(change('+3 -4'));
  return cluster.settle();
}
