import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMeta, INITIAL_META } from '@kvorum/core/kv/meta.js';
import { NOT_YET } from '@kvorum/core/raft/log-storage.js';
import { newMessage } from '@kvorum/core/raft/message.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { DiskError } from '../env/disk.js';
import { createNodeMetrics } from '../env/node-metrics.js';
import { silentLog } from '../env/silent-log.js';
import { ManualClock } from '../env/testing/manual-clock.js';
import { FlushGate } from '../storage/flush-gate.js';
import { MemoryShardStores } from '../storage/memory-shard-stores.js';
import type { ShardStore } from '../storage/shard-stores.js';
import { SNAPSHOT_SEND_MS_MAX } from '../storage/snapshot-encoder.js';
import type { OutgoingSnapshot, Transport } from '../transport/transport.js';
import { encodeConfState } from './membership/conf-state-codec.js';
import { HostedShard } from './hosted-shard.js';
import { openShard } from './recovery/open-shard.js';
import { MemoryShardLog } from './log/shard-log.js';

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
  logWindowBytes: 1 << 20,
  machine: {},
  comparison: { entries: 1000, ms: 1000 },
};

async function setup(change: (store: ShardStore) => ShardStore, transport?: Transport) {
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
    transport: () => transport,
    schedule: () => undefined,
    turnEnd: () => Promise.resolve(),
    onRoleChange: () => undefined,
    fail: (error: unknown) => failures.push(error),
  };
  return { shard: new HostedShard(deps, options, opened), failures, clock };
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

/** Never connected but for snapshots, which are taken only when they are given up. */
class StuckTransport implements Transport {
  readonly taken: string[] = [];

  send = (): boolean => false;
  forward = (): boolean => false;
  answer = (): void => undefined;
  compare = (): void => undefined;
  tellFreshness = (): void => undefined;
  flush = (): void => undefined;
  isConnected = (): boolean => false;
  introductionOf = (): undefined => undefined;
  metPeers = (): readonly number[] => [];
  close = (): Promise<void> => Promise.resolve();

  sendSnapshot(to: number, _shard: number, { chunks, signal }: OutgoingSnapshot): Promise<'installed'> {
    const iterator = chunks[Symbol.asyncIterator]();
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        this.taken.push(`given up to node ${to}`);
        void iterator.return?.().then(() => reject(new Error('given up')));
      });
    });
  }
}

test('S9: a follower that takes nothing of its snapshot holds the reader for a bounded time', async () => {
  const store = await new MemoryShardStores().open(1);
  const confState = encodeConfState(confStateOf([1, 2, 3]));
  await store.store.commit({ puts: [], deletes: [], meta: encodeMeta({ ...INITIAL_META, confState }) });
  const transport = new StuckTransport();
  const { shard, clock } = await setup(() => store, transport);
  shard.offers.want();
  const message = newMessage('MsgSnap', 2, 1);
  const snapshot = shard.replica.log.snapshot();
  assert.notEqual(snapshot, NOT_YET);
  if (snapshot !== NOT_YET) message.snapshot = snapshot;
  shard.offers.send(message);
  await new Promise(setImmediate);
  clock.advance(SNAPSHOT_SEND_MS_MAX - 1);
  assert.deepEqual(transport.taken, []);
  clock.advance(1);
  assert.deepEqual(transport.taken, ['given up to node 2']);
  // A reader that is still held would keep the store from closing.
  await shard.close();
  await store.close();
});

test('a snapshot that waits for a flush while the node stops opens no reader: the store closes', async () => {
  for (const end of ['close', 'abandon'] as const) {
    const store = await new MemoryShardStores().open(1);
    const confState = encodeConfState(confStateOf([1, 2, 3]));
    await store.store.commit({ puts: [], deletes: [], meta: encodeMeta({ ...INITIAL_META, confState }) });
    const { shard, failures } = await setup(() => store);
    // A configuration entry was applied and is not flushed.
    shard.replica.confHistory.note(7, confState);
    shard.offers.want();
    await shard[end]();
    let isClosed = false;
    void store.close().then(() => (isClosed = true));
    for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
    assert.deepEqual([isClosed, failures], [true, []], end);
  }
});
