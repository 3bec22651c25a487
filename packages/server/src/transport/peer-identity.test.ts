import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '@kvorum/core/raft/message.js';
import type { Connection } from '../env/network.js';
import { encodeFrame, FrameType } from './frame.js';
import { encodeHello } from './handshake-codec.js';
import { RecordKind } from './records.js';
import { at, Cluster } from './testing/cluster.js';
import { identityOf, incarnationOf, MemoryRegistry } from './testing/rig.js';

test('R5: nobody votes or acknowledges before it has met every node; a formed cluster restarts without all of them', async () => {
  const cluster = new Cluster(3);
  const one = await cluster.start(1);
  const two = await cluster.start(2);
  await cluster.pass(300);
  assert.ok(one.transport.isConnected(2));
  assert.equal(one.transport.isFormed, false);
  assert.equal(one.transport.send(2, 0, newMessage('MsgVote', 2, 1)), false);
  const three = await cluster.start(3);
  await cluster.pass(1100);
  for (const node of [one, two, three]) assert.ok(node.transport.isFormed);
  assert.ok(one.transport.send(2, 0, newMessage('MsgVote', 2, 1)));
  for (const [n, node] of [one, two, three].entries()) await cluster.kill(n + 1, node);
  const [again1, again2] = [
    await cluster.start(1, identityOf(1), one.registry),
    await cluster.start(2, identityOf(2), two.registry),
  ];
  await cluster.pass(1100);
  assert.ok(again1.transport.isFormed && again2.transport.isFormed);
  assert.ok(again1.transport.send(2, 0, newMessage('MsgVote', 2, 1)));
});

test('R5: a node is not formed while a peer has not synced it, though it knows them all', async () => {
  const cluster = new Cluster(2, { handshakeMsMax: 1000 });
  const registry = new MemoryRegistry([1]);
  registry.hold();
  const one = await cluster.start(1);
  const two = await cluster.start(2, identityOf(2), registry);
  await cluster.pass(100);
  assert.equal(one.registry.lookup(2), incarnationOf(2));
  assert.equal(one.transport.isFormed, false);
  registry.release();
  await cluster.pass(3000);
  assert.ok(one.transport.isFormed && two.transport.isFormed);
  assert.deepEqual(one.registry.syncs, ['register 2', 'confirm 2']);
});

test('R5: messages that reach a node before it is formed are not delivered', async () => {
  const cluster = new Cluster(3);
  const [one, two] = [await cluster.start(1), await cluster.start(2)];
  one.registry.meet(3);
  await cluster.pass(300);
  assert.ok(one.transport.isFormed);
  assert.ok(one.transport.send(2, 0, newMessage('MsgVote', 2, 1)));
  await cluster.pass(20);
  assert.deepEqual(two.handler.messages, []);
});

test('R5: a wiped node is refused by every other node, learns why, and nothing it says is delivered', async () => {
  for (const wiped of [1, 2, 3]) {
    const cluster = new Cluster(3);
    const nodes = await cluster.startAll();
    await cluster.kill(wiped, at(nodes, wiped - 1));
    const returned = await cluster.start(wiped, identityOf(wiped, 2));
    await cluster.pass(1500);
    const others = [1, 2, 3].filter((id) => id !== wiped);
    const refusedBy = new Set(returned.handler.refusals.map(({ peer }) => peer));
    assert.deepEqual(
      [...refusedBy].sort((a, b) => a - b),
      others,
    );
    for (const { refusal } of returned.handler.refusals) {
      assert.equal(refusal.reason, 'incarnation');
      assert.match(refusal.message, new RegExp(`node ${wiped} is registered .* was wiped or replaced`));
    }
    assert.equal(returned.transport.isFormed, false);
    for (const other of others) {
      assert.equal(at(nodes, other - 1).transport.isConnected(wiped), false);
      assert.equal(at(nodes, other - 1).registry.lookup(wiped), incarnationOf(wiped));
    }
  }
});

/** Dials node 2 as node 1 would, by hand. */
async function dialByHand(cluster: Cluster): Promise<{ connection: Connection; isClosed: () => boolean }> {
  const connection = await cluster.network.host('n1').connect({ host: 'n2', port: 2380 }, 1000);
  let closed = false;
  connection.setHandler({
    onData() {},
    onDrain() {},
    onClose() {
      closed = true;
    },
  });
  return { connection, isClosed: () => closed };
}

function hello(nodeId: number): Uint8Array {
  const own = { ...identityOf(nodeId), protocolMin: 1, protocolMax: 1, purpose: 'peer' as const };
  return encodeFrame(FrameType.hello, encodeHello(own));
}

function record(kind: number, body: readonly number[]): Uint8Array {
  return encodeFrame(FrameType.batch, Uint8Array.from([body.length, 0, 0, 0, kind, ...body]));
}

test('S1: bytes that are no protocol end the connection and nothing else', async () => {
  const welcome = encodeFrame(FrameType.welcome, Uint8Array.of(1, 0));
  const message = [...new Array(4).fill(0), 3, 0, ...new Array(76).fill(0)];
  const cases = [
    [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    [hello(2)],
    [hello(9)],
    [encodeFrame(FrameType.hello, new Uint8Array(5000))],
    [welcome],
    [hello(1), welcome, encodeFrame(99, new Uint8Array(3))],
    [hello(1), welcome, record(99, [0, 0, 0, 0])],
    [hello(1), welcome, record(RecordKind.message, [0, 0])],
    [hello(1), welcome, record(RecordKind.message, message)],
    [hello(1), welcome, record(RecordKind.vote, [...new Array(8).fill(7), ...message])],
  ];
  for (const [n, bytes] of cases.entries()) {
    const cluster = new Cluster(2);
    const two = await cluster.start(2);
    two.registry.meet(1);
    const { connection, isClosed } = await dialByHand(cluster);
    for (const part of bytes) {
      connection.write(part);
      await cluster.pass(20);
    }
    await cluster.pass(20);
    assert.ok(isClosed(), `case ${n}`);
    assert.deepEqual(two.handler.messages, []);
    await cluster.start(1);
    await cluster.pass(100);
    assert.ok(two.transport.isConnected(1), `case ${n}: the node goes on`);
  }
});

test('S9: strangers are few and have little time', async () => {
  const cluster = new Cluster(2, { handshakesMax: 3 });
  await cluster.start(2);
  const open = [await dialByHand(cluster), await dialByHand(cluster), await dialByHand(cluster)];
  const tooMany = await dialByHand(cluster);
  await cluster.pass(50);
  assert.ok(tooMany.isClosed());
  assert.ok(open.every(({ isClosed }) => !isClosed()));
  await cluster.pass(5200);
  assert.ok(open.every(({ isClosed }) => isClosed()));
  const later = await dialByHand(cluster);
  await cluster.pass(50);
  assert.ok(!later.isClosed());
});

test('R5: a peer whose incarnation could not be synced is not talked to', async () => {
  const cluster = new Cluster(2);
  const registry = new MemoryRegistry([1]);
  registry.register = () => Promise.reject(new Error('EIO'));
  const one = await cluster.start(1);
  const two = await cluster.start(2, identityOf(2), registry);
  await cluster.pass(2000);
  assert.equal(two.transport.isConnected(1), false);
  assert.equal(one.transport.isConnected(2), false);
  assert.equal(one.transport.isFormed, false);
});
