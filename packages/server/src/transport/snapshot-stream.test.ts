import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, newMessage } from '@kvorum/core/raft/message.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import type { Address, Network } from '../env/network.js';
import { createRealEnv } from '../env/real-env.js';
import { silentLog } from '../env/silent-log.js';
import { CHUNK_QUEUE_BYTES_MAX, ChunkQueue } from './chunk-queue.js';
import { identityOf, makeNode, type TestNode } from './testing/rig.js';
import type { IncomingSnapshot, OutgoingSnapshot } from './transport.js';
import type { TransportOptions } from './transport-options.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** Two nodes over real sockets. The lower id dials, so the higher one's port is known first. */
async function pair(
  options: Partial<TransportOptions> = {},
  damage: (frame: Uint8Array) => Uint8Array = (frame) => frame,
): Promise<[TestNode, TestNode]> {
  const env = createRealEnv({ log: silentLog });
  const damaging: Network = {
    listen: (...args) => env.network.listen(...args),
    connect: async (...args) => {
      const connection = await env.network.connect(...args);
      const write = connection.write.bind(connection);
      connection.write = (bytes) => write(damage(bytes));
      return connection;
    },
  };
  const two = makeNode(
    env,
    identityOf(2),
    new Map<number, Address>([
      [1, LOOPBACK],
      [2, LOOPBACK],
    ]),
    options,
  );
  const address = await two.transport.start(two.handler);
  const one = makeNode(
    { ...env, network: damaging },
    identityOf(1),
    new Map([
      [1, LOOPBACK],
      [2, address],
    ]),
    options,
  );
  await one.transport.start(one.handler);
  await until(one, () => one.transport.isFormed && two.transport.isFormed);
  await until(two, () => two.transport.isConnected(1));
  return [one, two];
}

/** Waits for the condition, which is looked at whenever the node hears something, and each turn. */
async function until(_node: TestNode, condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function closeAll(...nodes: TestNode[]): Promise<void> {
  await Promise.all(nodes.map(({ transport }) => transport.close()));
}

function snapMessage(): Message {
  const message = newMessage('MsgSnap', 2, 1);
  message.term = 3;
  message.snapshot = { index: 9, term: 3, confState: confStateOf([1, 2]), data: new Uint8Array(0) };
  return message;
}

async function* chunksOf(count: number, bytes: number, onEnd: () => void = () => {}): AsyncGenerator<Uint8Array> {
  try {
    for (let n = 0; n < count; n += 1) yield new Uint8Array(bytes).fill(n);
  } finally {
    onEnd();
  }
}

function snapshot(chunks: AsyncIterable<Uint8Array>): OutgoingSnapshot {
  return { message: snapMessage(), chunks };
}

async function collect(incoming: IncomingSnapshot): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of incoming.chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

test('a snapshot arrives whole, with its message, over real sockets', async () => {
  const [one, two] = await pair();
  let got: Buffer = Buffer.alloc(0);
  two.handler.snapshotReader = async (incoming) => {
    assert.deepEqual({ ...incoming, chunks: 0 }, { from: 1, shard: 7, message: snapMessage(), chunks: 0 });
    got = await collect(incoming);
    return true;
  };
  assert.equal(await one.transport.sendSnapshot(2, 7, snapshot(chunksOf(20, 700_000))), 'installed');
  const expected = Buffer.concat(Array.from({ length: 20 }, (_, n) => new Uint8Array(700_000).fill(n)));
  assert.ok(got.equals(expected));
  assert.ok(one.transport.isConnected(2));
  await closeAll(one, two);
});

test('an empty snapshot arrives', async () => {
  const [one, two] = await pair();
  two.handler.snapshotReader = async (incoming) => (await collect(incoming)).length === 0;
  assert.equal(await one.transport.sendSnapshot(2, 0, snapshot(chunksOf(0, 0))), 'installed');
  await closeAll(one, two);
});

test('R15: a snapshot refused as stale ends the stream at once, and its source', async () => {
  const [one, two] = await pair();
  let isEnded = false;
  two.handler.snapshotReader = () => Promise.resolve(false);
  const result = await one.transport.sendSnapshot(2, 0, snapshot(chunksOf(1e9, 100_000, () => (isEnded = true))));
  assert.equal(result, 'refused');
  assert.ok(isEnded);
  await closeAll(one, two);
});

test('N8: the source is read no faster than the receiver reads', async () => {
  const [one, two] = await pair();
  let produced = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (; produced < 2000; produced += 1) yield new Uint8Array(100_000);
  }
  let go = () => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  two.handler.snapshotReader = async (incoming) => {
    await gate;
    return (await collect(incoming)).length === 200_000_000;
  };
  const sending = one.transport.sendSnapshot(2, 0, snapshot(source()));
  let before = -1;
  for (let quiet = 0; quiet < 300; quiet = produced === before ? quiet + 1 : 0) {
    before = produced;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(produced > 0 && produced < 500, `${produced} chunks read ahead`);
  go();
  assert.equal(await sending, 'installed');
  await closeAll(one, two);
});

test('S9: a receiver that takes nothing holds the source until the sender gives up', async () => {
  const [one, two] = await pair();
  let isEnded = false;
  let go = () => {};
  two.handler.snapshotReader = async (incoming) => {
    await new Promise<void>((resolve) => (go = resolve));
    return (await collect(incoming)).length > 0;
  };
  const giveUp = new AbortController();
  const chunks = chunksOf(1e9, 100_000, () => (isEnded = true));
  const sending = one.transport.sendSnapshot(2, 0, { ...snapshot(chunks), signal: giveUp.signal });
  const isLost = assert.rejects(sending, { code: 'SNAPSHOT_LOST' });
  for (let turns = 0; turns < 300; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isEnded, false);
  giveUp.abort();
  await isLost;
  assert.equal(isEnded, true);
  go();
  await closeAll(one, two);
});

test('a snapshot that was given up before it began is not sent', async () => {
  const [one, two] = await pair();
  const signal = AbortSignal.abort();
  const sending = one.transport.sendSnapshot(2, 0, { ...snapshot(chunksOf(1, 10)), signal });
  await assert.rejects(sending, { code: 'SNAPSHOT_LOST' });
  await closeAll(one, two);
});

test('R15: a lost connection fails both sides; the receiver never takes the part for the whole', async () => {
  const [one, two] = await pair();
  let failure: unknown;
  let started = () => {};
  const isStarted = new Promise<void>((resolve) => (started = resolve));
  two.handler.snapshotReader = async (incoming) => {
    started();
    try {
      await collect(incoming);
      return true;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      yield new Uint8Array(1000);
    }
  }
  const sending = one.transport.sendSnapshot(2, 0, snapshot(endless()));
  await isStarted;
  await Promise.all([assert.rejects(sending, { code: 'SNAPSHOT_LOST' }), two.transport.close()]);
  await until(two, () => failure !== undefined);
  assert.equal((failure as { code: string }).code, 'SNAPSHOT_LOST');
  await one.transport.close();
});

test('R15: a bit flipped on the way, or a chunk that is missing, fails both sides', async () => {
  const faults: ((frame: Uint8Array) => Uint8Array)[] = [
    (frame) => frame.map((byte, at) => (at === 5000 ? byte ^ 4 : byte)),
    () => new Uint8Array(0),
  ];
  for (const fault of faults) {
    let left = 3;
    const damage = (frame: Uint8Array) => {
      if (frame.length > 10_000) left -= 1;
      return left === 0 && frame.length > 10_000 ? fault(frame) : frame;
    };
    const [one, two] = await pair({}, damage);
    let failure: unknown;
    two.handler.snapshotReader = async (incoming) => {
      await collect(incoming).catch((error: unknown) => (failure = error));
      return false;
    };
    await assert.rejects(one.transport.sendSnapshot(2, 0, snapshot(chunksOf(5, 20_000))), { code: 'SNAPSHOT_LOST' });
    await until(two, () => failure !== undefined);
    assert.match(String(failure), /checksum of a frame is wrong|snapshot chunk 3 in place of 2/);
    await closeAll(one, two);
  }
});

test('R15: a source that fails fails both sides', async () => {
  const [one, two] = await pair();
  let failure: unknown;
  let started = () => {};
  const isStarted = new Promise<void>((resolve) => (started = resolve));
  two.handler.snapshotReader = async (incoming) => {
    started();
    await collect(incoming).catch((error: unknown) => (failure = error));
    return false;
  };
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    await isStarted;
    throw new Error('disk');
  }
  await assert.rejects(one.transport.sendSnapshot(2, 0, snapshot(broken())), { code: 'SNAPSHOT_FAILED' });
  await until(two, () => failure !== undefined);
  await closeAll(one, two);
});

test('R15: a receiver that fails, or calls installed what it has not read, is no success', async () => {
  const [one, two] = await pair();
  two.handler.snapshotReader = () => Promise.reject(new Error('disk'));
  await assert.rejects(one.transport.sendSnapshot(2, 0, snapshot(chunksOf(3, 10))), { code: 'SNAPSHOT_FAILED' });
  two.handler.snapshotReader = () => Promise.resolve(true);
  await assert.rejects(one.transport.sendSnapshot(2, 0, snapshot(chunksOf(3, 10))), { code: 'SNAPSHOT_FAILED' });
  await closeAll(one, two);
});

test('S9: only so many snapshots are sent and received at a time', async () => {
  const [one, two] = await pair({ snapshotsMax: 1 });
  let go = () => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  two.handler.snapshotReader = async (incoming) => {
    await gate;
    await collect(incoming);
    return true;
  };
  const first = one.transport.sendSnapshot(2, 0, snapshot(chunksOf(1, 10)));
  await assert.rejects(one.transport.sendSnapshot(2, 0, snapshot(chunksOf(1, 10))), { code: 'SNAPSHOT_BUSY' });
  go();
  assert.equal(await first, 'installed');
  assert.equal(await one.transport.sendSnapshot(2, 0, snapshot(chunksOf(1, 10))), 'installed');
  await closeAll(one, two);
});

test('the rate of a snapshot is limited when asked for', async () => {
  const [one, two] = await pair({ snapshotBytesPerSecond: 1_000_000 });
  two.handler.snapshotReader = async (incoming) => (await collect(incoming)).length > 0;
  const start = performance.now();
  assert.equal(await one.transport.sendSnapshot(2, 0, snapshot(chunksOf(11, 10_000))), 'installed');
  const ms = performance.now() - start;
  assert.ok(ms >= 99, `${ms} ms for 110 kB at 1 MB/s, of which the last chunk waits for nothing`);
  await closeAll(one, two);
});

test('messages over real sockets arrive in order while a snapshot is under way', async () => {
  const [one, two] = await pair();
  two.handler.snapshotReader = async (incoming) => (await collect(incoming)).length > 0;
  const sending = one.transport.sendSnapshot(2, 0, snapshot(chunksOf(100, 200_000)));
  for (let index = 0; index < 500; index += 1) {
    const message = newMessage('MsgApp', 2, 1);
    message.index = index;
    message.entries = [{ term: 1, index: index + 1, type: 'normal', data: new Uint8Array(20_000).fill(index) }];
    while (!one.transport.send(2, 0, message)) await new Promise((resolve) => setImmediate(resolve));
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(two, () => two.handler.messages.length === 500);
  for (const [n, { message }] of two.handler.messages.entries()) {
    assert.equal(message.index, n);
    assert.ok(message.entries[0]?.data.every((byte) => byte === (n & 0xff)));
  }
  assert.equal(await sending, 'installed');
  await closeAll(one, two);
});

test('a chunk queue tells when it is full, gives in order, ends once, and forgets after return', async () => {
  const pauses: boolean[] = [];
  const queue = new ChunkQueue((isPaused) => pauses.push(isPaused));
  queue.push(new Uint8Array(CHUNK_QUEUE_BYTES_MAX - 1));
  assert.deepEqual(pauses, []);
  queue.push(Uint8Array.of(1));
  assert.deepEqual(pauses, [true]);
  assert.equal((await queue.next()).value?.length, CHUNK_QUEUE_BYTES_MAX - 1);
  assert.deepEqual(pauses, [true, false]);
  const [last, end] = [queue.next(), queue.next()];
  queue.finish('complete');
  queue.finish(new Error('late'));
  assert.deepEqual(await last, { done: false, value: Uint8Array.of(1) });
  assert.deepEqual(await end, { done: true, value: undefined });
  assert.ok(queue.isDrained);
  const left = new ChunkQueue(() => {});
  left.push(Uint8Array.of(1));
  await left.return();
  left.push(Uint8Array.of(2));
  assert.deepEqual(await left.next(), { done: true, value: undefined });
  assert.equal(left.queuedBytes, 0);
  left.finish('complete');
  assert.equal(left.isDrained, false);
});
