/**
 * The Raft core alone: three replicas in one thread, logs in memory, no codec and no network. What it costs an idle shard to let time pass is measured
 * in a process of its own. `node bench/raft.mjs`; build first.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { idleTicksChild, idleTicksFlags } from '../packages/core/dist/raft/testing/idle-ticks.js';
import { bestOf } from './lib/cpu.mjs';
import { RaftGroup } from './lib/raft-group.mjs';
import { figure } from './lib/report.mjs';

const VALUE = new Uint8Array(256);
const BATCH = Array.from({ length: 64 }, () => VALUE);
const ONE = [VALUE];
const IN_FLIGHT = 64;
const ROUNDS = 5;

function propose(group, values) {
  if (!group.leader.propose(values).isAccepted) throw new Error('a proposal was refused');
}

/** Proposals per second of CPU, all of them applied by the leader in the end; the best of some rounds. */
function rateOf(count, run) {
  const group = new RaftGroup();
  const micros = bestOf(ROUNDS, count, () => {
    const end = group.applied + count;
    run(group, end);
    group.settle();
    if (group.applied !== end) throw new Error(`${group.applied} applied, not ${end}`);
  });
  return 1_000_000 / micros;
}

const batches = rateOf(64 * 10_000, (group, end) => {
  for (let next = group.applied; next < end; next += BATCH.length) {
    propose(group, BATCH);
    group.settle();
  }
});
figure('three nodes, batches of 64', batches, 'proposals/s CPU', { least: 300_000 });

const window = rateOf(200_000, (group, end) => {
  let proposed = group.applied;
  while (proposed < end) {
    for (; proposed < end && proposed - group.applied < IN_FLIGHT; proposed += 1) propose(group, ONE);
    group.cycle();
  }
});
figure(`three nodes, one by one, ${IN_FLIGHT} in flight`, window, 'proposals/s CPU', { least: 60_000 });

const single = rateOf(100_000, (group, end) => {
  for (let next = group.applied; next < end; next += 1) {
    propose(group, ONE);
    group.settle();
  }
});
figure('three nodes, one at a time', single, 'proposals/s CPU', { least: 30_000 });

const idle = JSON.parse(
  execFileSync(process.execPath, [...idleTicksFlags, fileURLToPath(idleTicksChild)], { encoding: 'utf8' }),
);
figure('allocated per tick, idle follower', idle.follower, 'bytes', { most: 1 });
figure('allocated per tick, idle leader between heartbeats', idle.leader, 'bytes', { most: 1 });
figure('allocated per tick, single node with quorum checks', idle.single, 'bytes', { most: 1 });
figure('allocated per heartbeat round to two followers, with their answers', idle.heartbeatRound, 'bytes');
