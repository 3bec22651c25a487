import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '@kvorum/core/raft/message.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { DiskError } from '../env/disk.js';
import { createNodeMetrics } from '../env/node-metrics.js';
import { silentLog } from '../env/silent-log.js';
import { ManualClock } from '../env/testing/manual-clock.js';
import { FlushGate } from '../storage/flush-gate.js';
import { MemoryShardStores } from '../storage/memory-shard-stores.js';
import type { ShardStore } from '../storage/shard-stores.js';
import { HostedShard } from './hosted-shard.js';
import { openShard } from './open-shard.js';
import { MemoryShardLog } from './shard-log.js';

const options = {
  shard: 1,
  nodeId: 1,
  configuredNodes: [1, 2, 3],
  electionTicks: 10,
  inflightMessagesMax: 8,
  inflightBytesMax: 1 << 20,
  queueBytesMax: 1 << 20,
  queueCommandsMax: 100,
  logCapBytes: 1 << 20,
  machine: {},
};

async function setup(change: (store: ShardStore) => ShardStore) {
  const clock = new ManualClock();
  const store = change(await new MemoryShardStores().open(1));
  const failures: unknown[] = [];
  const metrics = createNodeMetrics();
  const opened = await openShard({ clock, store: store.store }, options, undefined, confStateOf([1, 2, 3]));
  const deps = {
    clock,
    log: silentLog,
    random: () => 0.5,
    shardLog: new MemoryShardLog(clock),
    gate: new FlushGate(),
    storeMetrics: metrics.store,
    shardMetrics: metrics.shard,
    store,
    transport: () => undefined,
    schedule: () => undefined,
    turnEnd: () => Promise.resolve(),
    onRoleChange: () => undefined,
    fail: (error: unknown) => failures.push(error),
  };
  return { shard: new HostedShard(deps, options, opened), failures };
}

function incoming(error: Error) {
  const message = newMessage('MsgSnap', 1, 2);
  message.snapshot = { index: 9, term: 1, confState: confStateOf([1, 2, 3]), data: new Uint8Array(0) };
  const chunks = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
  return { from: 2, shard: 1, message, chunks };
}

test('R17: a disk that fails under a snapshot that comes in ends the node', async () => {
  const broken = new DiskError('rename', 'CURRENT', 'EIO');
  const { shard, failures } = await setup((store) => ({
    ...store,
    store: store.store,
    generation: 1,
    beginInstall: () => Promise.reject(broken),
    close: () => store.close(),
  }));
  await assert.rejects(shard.receive(incoming(new Error('never read'))), broken);
  assert.deepEqual(failures, [broken]);
});

test('R15: a stream that breaks ends nothing but itself', async () => {
  const { shard, failures } = await setup((store) => store);
  await assert.rejects(shard.receive(incoming(new Error('cut off'))), /cut off/);
  assert.deepEqual(failures, []);
});
