import { encodeKeepSession, encodePut } from '@kvorum/core/kv/command.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, newMessage } from '@kvorum/core/raft/message.js';
import { ManualClock } from '../env/testing/manual-clock.js';
import { createSeededRandom } from '../env/testing/seeded-random.js';
import { at, Cluster, turn } from './testing/cluster.js';
import { identityOf, incarnationOf, makeNode, type TestNode } from './testing/rig.js';

function append(from: number, to: number, index: number, bytes = 10): Message {
  const message = newMessage('MsgApp', to, from);
  message.term = 1;
  message.index = index;
  message.entries = [{ term: 1, index: index + 1, type: 'normal', data: new Uint8Array(bytes).fill(index) }];
  return message;
}

test('three nodes meet, each pair over one connection, and tell their client addresses', async () => {
  const cluster = new Cluster(3);
  const nodes = await cluster.startAll();
  for (const [n, { transport, registry, handler }] of nodes.entries()) {
    const others = [1, 2, 3].filter((id) => id !== n + 1);
    assert.deepEqual(transport.metPeers(), others);
    assert.ok(transport.isFormed);
    for (const other of others) {
      assert.ok(transport.isConnected(other));
      const told = { clientAddress: `client-${other}:2379`, zone: `zone-${other}`, version: '1.2.3' };
      assert.deepEqual(transport.introductionOf(other), told);
      assert.equal(registry.lookup(other), incarnationOf(other));
      assert.equal(transport.countersOf(other)?.connections, 1);
    }
    assert.deepEqual(handler.refusals, []);
  }
});

test('messages arrive in order and whole, on their shard, heartbeats and votes among them', async () => {
  const cluster = new Cluster(2);
  const [one, two] = (await cluster.startAll()) as [TestNode, TestNode];
  const sent: Message[] = [];
  for (let index = 0; index < 20; index += 1) {
    sent.push(append(1, 2, index, index === 7 ? 200_000 : 100 * index));
    sent.push(newMessage('MsgHeartbeat', 2, 1), newMessage('MsgPreVote', 2, 1));
  }
  for (const [n, message] of sent.entries()) assert.ok(one.transport.send(2, n, message));
  await cluster.pass(20);
  assert.deepEqual(
    two.handler.messages,
    sent.map((message, shard) => ({ from: 1, shard, message })),
  );
});

test('P12: all that is sent in a turn, whatever it is and for however many shards, is one write per peer', async () => {
  const cluster = new Cluster(2);
  const writes: number[] = [];
  const host = cluster.network.host('n1');
  const counted = {
    ...host,
    connect: async (...args: Parameters<typeof host.connect>) => {
      const connection = await host.connect(...args);
      const write = connection.write.bind(connection);
      connection.write = (bytes) => {
        writes.push(bytes.length);
        return write(bytes);
      };
      return connection;
    },
  };
  const env = { clock: cluster.clock, random: createSeededRandom(2), network: counted };
  const one = makeNode(env, identityOf(1), cluster.addresses);
  const two = await cluster.start(2);
  await one.transport.start(one.handler);
  await cluster.pass(100);
  for (let round = 0; round < 5; round += 1) {
    writes.length = 0;
    for (let shard = 0; shard < 100; shard += 1) {
      one.transport.send(2, shard, newMessage('MsgHeartbeat', 2, 1));
      one.transport.send(2, shard, append(1, 2, 1, 100));
    }
    one.transport.forward(2, 1, 5, [new Uint8Array(10)]);
    if (round === 0) one.transport.flush();
    await turn();
    assert.equal(writes.length, 1);
  }
  assert.equal(two.handler.messages.length, 1000);
});

test('a forward is answered; the loss of the connection is told', async () => {
  const cluster = new Cluster(2);
  const [one, two] = (await cluster.startAll()) as [TestNode, TestNode];
  assert.ok(two.transport.forward(1, 1, 42, [Uint8Array.of(1), Uint8Array.of(2, 3)]));
  await cluster.pass(10);
  assert.deepEqual(one.handler.forwards, [
    { from: 2, requestId: 42, commands: [Uint8Array.of(1), Uint8Array.of(2, 3)] },
  ]);
  one.transport.answer(2, 1, 42, { kind: 'accepted', index: 7, term: 3, offset: 1 });
  await cluster.pass(10);
  assert.deepEqual(two.handler.answers, [
    { requestId: 42, answer: { kind: 'accepted', index: 7, term: 3, offset: 1 } },
  ]);
  await cluster.kill(1, one);
  assert.deepEqual(two.handler.events, ['connected 1', 'disconnected 1', 'refused dial 1']);
  assert.equal(two.transport.forward(1, 1, 43, []), false);
  assert.equal(two.transport.send(1, 1, newMessage('MsgAppResp', 1, 2)), false);
  assert.equal(two.transport.countersOf(1)?.droppedForwards, 1);
  assert.equal(two.transport.countersOf(1)?.droppedMessages, 1);
});

test('a lost connection is dialed again with growing pauses until it holds', async () => {
  const cluster = new Cluster(2);
  const [one, two] = (await cluster.startAll()) as [TestNode, TestNode];
  await cluster.kill(2, two);
  one.handler.events.length = 0;
  await cluster.pass(10_000);
  const dials = one.handler.events.length;
  assert.ok(dials >= 10 && dials <= 25, `${dials} dials in 10 s`);
  const again = await cluster.start(2, identityOf(2), two.registry);
  await cluster.pass(1100);
  assert.ok(one.transport.isConnected(2));
  assert.ok(again.transport.isConnected(1));
  assert.equal(at(one.handler.events, one.handler.events.length - 1), 'connected 2');
});

test('a half-open connection is found by its silence and replaced', async () => {
  const cluster = new Cluster(2);
  const [one, two] = (await cluster.startAll()) as [TestNode, TestNode];
  cluster.network.cut('n1', 'n2');
  cluster.network.cut('n2', 'n1');
  await cluster.pass(2500);
  assert.ok(one.transport.isConnected(2));
  await cluster.pass(1000);
  assert.equal(one.transport.isConnected(2), false);
  assert.equal(two.transport.isConnected(1), false);
  cluster.network.heal();
  await cluster.pass(2500);
  assert.ok(one.transport.isConnected(2) && two.transport.isConnected(1));
});

test('a new connection takes the place of one the other side has given up', async () => {
  const cluster = new Cluster(2, { silenceMsMax: 60_000 });
  const [one, two] = (await cluster.startAll()) as [TestNode, TestNode];
  cluster.network.cut('n1', 'n2');
  await cluster.kill(1, one);
  assert.ok(two.transport.isConnected(1));
  cluster.network.heal();
  const again = await cluster.start(1, identityOf(1), one.registry);
  await cluster.pass(100);
  assert.ok(two.transport.isConnected(1));
  assert.deepEqual(two.handler.events, ['connected 1', 'disconnected 1', 'connected 1']);
  assert.ok(again.transport.send(2, 0, newMessage('MsgVote', 2, 1)));
  await cluster.pass(20);
  assert.equal(two.handler.messages.length, 1);
});

test('N10: a stall of the own loop is not the silence of the peer', async () => {
  const cluster = new Cluster(2, { silenceMsMax: 60_000 });
  const stalling = new ManualClock();
  const env = { clock: stalling, random: createSeededRandom(3), network: cluster.network.host('n1') };
  const one = makeNode(env, identityOf(1), cluster.addresses, { silenceMsMax: 3000 });
  const two = await cluster.start(2);
  await one.transport.start(one.handler);
  await cluster.pass(100);
  for (let stall = 0; stall < 20; stall += 1) {
    // Nothing is read while the loop stalls; then an interval fires once, before the sockets are read.
    cluster.network.cut('n2', 'n1');
    await cluster.pass(5000);
    stalling.advance(200);
    cluster.network.heal();
    await cluster.pass(10);
  }
  assert.deepEqual(one.handler.events, ['connected 2']);
  assert.deepEqual(two.handler.events, ['connected 1']);
});

test('N8, S12: a peer that takes nothing costs no more than the queue; control messages and the upkeep of sessions get in a while longer', async () => {
  const cluster = new Cluster(2, { peerQueueBytesMax: 1_000_000 });
  const [one, two] = (await cluster.startAll()) as [TestNode, TestNode];
  cluster.network.cut('n1', 'n2');
  let sent = 0;
  while (one.transport.send(2, 0, append(1, 2, sent, 10_000))) {
    sent += 1;
    if (sent % 10 === 0) await turn();
    assert.ok(sent < 200);
  }
  assert.ok(sent >= 95, `${sent} sent`);
  assert.equal(one.transport.countersOf(2)?.droppedMessages, 1);
  assert.equal(one.transport.forward(2, 0, 1, [new Uint8Array(10_000)]), false);
  const put = encodePut(new Uint8Array(1), new Uint8Array(0));
  while (one.transport.forward(2, 0, 2, [put]));
  assert.equal(one.transport.forward(2, 0, 3, [encodeKeepSession(1), put]), false);
  assert.ok(one.transport.forward(2, 0, 4, [encodeKeepSession(1)]));
  assert.ok(one.transport.send(2, 0, newMessage('MsgHeartbeat', 2, 1)));
  assert.ok((one.transport.countersOf(2)?.queuedBytes ?? 0) <= 1_000_200);
  cluster.network.heal();
  await cluster.pass(50);
  assert.equal(two.handler.messages.length, sent + 1);
  assert.ok(two.handler.messages.slice(0, sent).every(({ message }, n) => message.index === n));
  assert.equal(one.transport.countersOf(2)?.queuedBytes, 0);
});

test('a message above the frame limit is dropped, the connection stays', async () => {
  const cluster = new Cluster(2);
  const [one] = (await cluster.startAll()) as [TestNode, TestNode];
  assert.equal(one.transport.send(2, 0, append(1, 2, 0, 8 << 20)), false);
  assert.ok(one.transport.send(2, 0, append(1, 2, 0, 7 << 20)));
  await cluster.pass(20);
  assert.ok(one.transport.isConnected(2));
});

test('close sends what is queued, ends every connection, and is idempotent', async () => {
  const cluster = new Cluster(2);
  const [one, two] = (await cluster.startAll()) as [TestNode, TestNode];
  one.transport.send(2, 0, append(1, 2, 1));
  const closing = Promise.all([one.transport.close(), one.transport.close()]);
  await cluster.pass(20);
  await closing;
  assert.equal(two.handler.messages.length, 1);
  assert.deepEqual(one.handler.events, ['refused dial 2', 'connected 2', 'disconnected 2']);
  await assert.rejects(one.transport.sendSnapshot(2, 0, { message: newMessage('MsgSnap', 2, 1), chunks: none() }), {
    code: 'TRANSPORT_CLOSED',
  });
});

async function* none(): AsyncGenerator<Uint8Array> {}
