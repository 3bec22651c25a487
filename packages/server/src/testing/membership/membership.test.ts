/** Changes of membership through whole nodes: five configured nodes in one process, of which any may be members. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../env/silent-log.js';
import { decodeConfState } from '../../shard/membership/conf-state-codec.js';
import { openWal } from '../../storage/wal/open-wal.js';
import type { ConfChangeResult } from '../../shard/membership/membership.js';
import { change, leave, MemberCluster, members } from './member-cluster.js';

async function withCluster(
  first: { readonly voters: readonly number[]; readonly learners?: readonly number[] },
  run: (cluster: MemberCluster) => Promise<void>,
): Promise<void> {
  const cluster = new MemberCluster({ nodes: 5, first });
  try {
    await cluster.start();
    await run(cluster);
  } finally {
    cluster.end();
  }
}

test('a cluster grows from one voter to five, serves all the while, and shrinks to one', () =>
  withCluster({ voters: [1] }, async (cluster) => {
    await cluster.put(1, 'a', '1');
    await cluster.change(change('~2'));
    await cluster.change(change('~3'));
    assert.deepEqual((await cluster.settle()).learners, [2, 3]);
    await cluster.change(change('+2 +3'));
    assert.deepEqual((await cluster.settle()).voters, [1, 2, 3]);
    await cluster.put(2, 'b', '2');
    await cluster.change(change('+4 +5'));
    assert.deepEqual((await cluster.settle()).voters, [1, 2, 3, 4, 5]);
    await cluster.put(5, 'c', '3');
    for (const id of [5, 4, 2, 3]) {
      await cluster.change(change(`-${id}`));
      await cluster.put(1, 'd', `${id}`);
    }
    assert.deepEqual((await cluster.settle()).voters, [1]);
    const { kv } = await cluster.drive(() => cluster.node(1).get('c'));
    assert.equal(Buffer.from(kv?.value ?? []).toString(), '3');
  }));

test('a voter is replaced by a learner in one joint change', () =>
  withCluster({ voters: [1, 2, 3], learners: [4] }, async (cluster) => {
    await cluster.leads(1);
    const entered = await cluster.change(change('-3 +4'));
    assert.deepEqual(entered, {
      voters: [1, 2, 4],
      votersOutgoing: [1, 2, 3],
      learners: [],
      learnersNext: [],
      autoLeave: true,
    });
    const left = await cluster.settle();
    assert.deepEqual(members(left), [1, 2, 4]);
  }));

test('a leader hands leadership over before it proposes to remove or demote itself', () =>
  withCluster({ voters: [1, 2, 3] }, async (cluster) => {
    for (const text of ['-1', '~1']) {
      await cluster.leads(1);
      const refused = await cluster.ask(1, change(text));
      assert.ok(refused.kind === 'refused' && refused.reason === 'handingOver', JSON.stringify(refused));
      await cluster.until(() => cluster.leader() === refused.leader, 'the successor to lead');
      assert.deepEqual((await cluster.change(change(text))).voters, [2, 3]);
      await cluster.settle();
      await cluster.put(3, 'k', text);
      await cluster.change(change('+1'));
      await cluster.settle();
    }
  }));

test('a leader that loses its seat although it handed over moves leadership to a voter', () =>
  withCluster({ voters: [1, 2, 3] }, async (cluster) => {
    await cluster.leads(2);
    await cluster.change(change('-1 +4', 'explicit'));
    // A voter of the outgoing half may be elected.
    await cluster.until(() => cluster.hosted(1).replica.raw.confState().votersOutgoing.length > 0, 'node 1 to know');
    const { kind } = await cluster.drive(() => cluster.host(2).requests.transferLeader(1, 1, 3000));
    assert.equal(kind, 'transferred');
    await cluster.until(() => ![undefined, 1].includes(cluster.leader()), 'a voter that stays to lead');
    assert.deepEqual((await cluster.change(leave)).voters, [2, 3, 4]);
    await cluster.settle();
  }));

test('what can not be done is refused for good, each with its reason', () =>
  withCluster({ voters: [1, 2, 3], learners: [4] }, async (cluster) => {
    await cluster.leads(1);
    const reason = async (at: number, ...args: Parameters<typeof change>): Promise<string> => {
      const result = await cluster.ask(at, change(...args));
      return result.kind === 'refused' ? result.reason : result.kind;
    };
    assert.equal(await reason(2, '+4'), 'notLeader');
    assert.equal(await reason(1, '+9'), 'unknownNode');
    assert.equal(await reason(1, '-1 -2 -3'), 'invalid');
    assert.equal(await reason(1, '-1 -2 -3 +4 +5'), 'noSuccessor');
    const left = await cluster.ask(1, leave);
    assert.equal(left.kind === 'refused' && left.reason, 'notJoint');
    const both = await cluster.drive(() =>
      Promise.all(['+5', '-2'].map((text) => cluster.host(1).requests.changeMembership(1, change(text), 3000))),
    );
    assert.deepEqual(
      both.map((result) => (result.kind === 'refused' ? result.reason : result.kind)),
      ['applied', 'pending'],
    );
    assert.equal(await reason(1, '-5 -4', 'explicit'), 'applied');
    assert.equal(await reason(1, '+4'), 'joint');
    const transfers = await cluster.drive(() =>
      Promise.all([4, 1].map((to) => cluster.host(1).requests.transferLeader(1, to, 3000))),
    );
    assert.deepEqual(
      transfers.map((result) => (result.kind === 'refused' ? result.reason : result.kind)),
      ['notVoter', 'transferred'],
    );
  }));

test('one that is no member answers at once that it is none, holds no elections, and comes back when it is added', () =>
  withCluster({ voters: [1, 2, 3] }, async (cluster) => {
    await cluster.leads(1);
    await cluster.change(change('-3'));
    await cluster.until(() => !members(cluster.confState(3)).includes(3), 'node 3 to know that it was removed');
    await assert.rejects(
      cluster.drive(() => cluster.node(3).put('a', 'b')),
      /no member of the keyspace/,
    );
    await assert.rejects(
      cluster.drive(() => cluster.node(5).get('a')),
      /no member of the keyspace/,
    );
    assert.deepEqual([cluster.node(3).status().isReady, cluster.node(1).status().isReady], [false, true]);
    const { term } = cluster.hosted(3).replica.raw;
    await cluster.steps(1000);
    assert.deepEqual([cluster.hosted(3).replica.raw.term, cluster.hosted(3).replica.raw.role], [term, 'follower']);
    await cluster.change(change('~3'));
    await cluster.put(1, 'a', 'c');
    await cluster.settle();
    const { kv } = await cluster.drive(() => cluster.node(3).get('a'));
    assert.equal(Buffer.from(kv?.value ?? []).toString(), 'c');
  }));

test('R15: a node that joins long after the log was cut is sent a snapshot that has it as a learner', () =>
  withCluster({ voters: [1, 2, 3] }, async (cluster) => {
    await cluster.leads(1);
    for (let i = 0; i < 300; i += 1) await cluster.put(1, `k${i % 20}`, 'x'.repeat(300));
    await cluster.until(() => cluster.hosted(1).replica.log.firstIndex() > 100, 'the log to be cut');
    await cluster.change(change('~5'));
    const { learners } = await cluster.settle();
    assert.deepEqual(learners, [5]);
    assert.ok(cluster.hosted(5).replica.log.firstIndex() > 100, 'it came by a snapshot');
    assert.deepEqual(cluster.confState(5).learners, [5]);
    await cluster.leads(1);
    await cluster.change(change('+5'));
    await cluster.leads(5);
    await cluster.settle();
  }));

test('R9: nodes that start again in the middle of a joint configuration are in it, and it can be left', () =>
  withCluster({ voters: [1, 2, 3] }, async (cluster) => {
    await cluster.leads(1);
    const joint = await cluster.change(change('-3 +4 ~5', 'explicit'));
    await cluster.steps(100);
    for (const machine of cluster.machines) machine.cut();
    await cluster.start();
    assert.deepEqual(await cluster.settle(), joint);
    const refused = await cluster.ask(cluster.leader() ?? 0, change('+3'));
    assert.equal(refused.kind === 'refused' && refused.reason, 'joint');
    assert.deepEqual((await cluster.change(leave)).voters, [1, 2, 4]);
    const left = await cluster.settle();
    for (const machine of cluster.machines) machine.cut();
    await cluster.start();
    assert.deepEqual(await cluster.settle(), left);
    assert.deepEqual(members(left), [1, 2, 4, 5]);
  }));

test('a leader that is cut off can not tell what becomes of a change; back in time, it tells that the change came to nothing', () =>
  withCluster({ voters: [1, 2, 3] }, async (cluster) => {
    for (const isBackInTime of [false, true]) {
      await cluster.leads(1);
      for (const other of [2, 3]) cluster.cutLink(1, other);
      let answer: ConfChangeResult | undefined;
      const asked = cluster.host(1).requests.changeMembership(1, change('+4'), isBackInTime ? 20_000 : 500);
      void asked.then((result) => (answer = result));
      await cluster.until(() => ![undefined, 1].includes(cluster.leader()), 'another leader');
      await cluster.put(cluster.leader() ?? 0, 'a', 'b');
      if (!isBackInTime) await cluster.until(() => answer !== undefined, 'an answer');
      cluster.network.heal();
      await cluster.until(() => answer !== undefined, 'an answer');
      assert.deepEqual(
        [answer?.kind, answer?.kind !== 'applied' && answer?.reason],
        isBackInTime ? ['refused', 'superseded'] : ['unknown', 'timeout'],
      );
      assert.deepEqual((await cluster.settle()).voters, [1, 2, 3]);
    }
  }));

test('the status tells the membership, whether it is joint, and the progress of each member', () =>
  withCluster({ voters: [1, 2, 3], learners: [4] }, async (cluster) => {
    await cluster.leads(1);
    await cluster.change(change('-3 +5', 'explicit'));
    await cluster.settle();
    await cluster.steps(20);
    const { progress, confState, ...status } = cluster.hosted(cluster.leader() ?? 0).replica.membershipStatus();
    assert.deepEqual([confState.voters, confState.votersOutgoing, status.isJoint], [[1, 2, 5], [1, 2, 3], true]);
    assert.deepEqual([status.kind, status.isChangePending, status.transferringTo], ['voter', false, undefined]);
    const seen = progress.map(({ nodeId, isLearner, state }) => ({ nodeId, isLearner, state }));
    assert.deepEqual(
      seen,
      [1, 2, 3, 4, 5].map((nodeId) => ({ nodeId, isLearner: nodeId === 4, state: 'replicate' })),
    );
  }));

test('the segment table tells the membership as of the start of the log', () =>
  withCluster({ voters: [1, 2, 3] }, async (cluster) => {
    await cluster.leads(1);
    await cluster.change(change('-3'));
    for (let i = 0; i < 300; i += 1) await cluster.put(1, `k${i % 20}`, 'x'.repeat(300));
    await cluster.until(() => cluster.hosted(2).replica.log.firstIndex() > 100, 'the log of a follower to be cut');
    await cluster.change(change('~4'));
    const machine = cluster.machine(2);
    machine.cut();
    const events = { onFailure: assert.fail, onSpace: () => undefined };
    const deps = { disk: machine.disk, clock: cluster.clock, log: silentLog };
    const opened = await cluster.drive(() => openWal(deps, 'data/wal', { segmentBytes: 8192 }, events));
    const recovered = opened.recovered.get(1);
    assert.ok(recovered !== undefined && recovered.logStart.index > 100);
    assert.deepEqual(decodeConfState(recovered.confState).voters, [1, 2]);
    assert.deepEqual(decodeConfState(recovered.confState).learners, []);
  }));
