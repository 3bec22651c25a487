import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Connection, type ConnectionHandler, NetworkError } from './network.js';
import { createRealEnv } from './real-env.js';
import { silentLog } from './silent-log.js';

const env = createRealEnv({ log: silentLog });
const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** Collects what arrives; `closed` settles with the close. */
function collect(connection: Connection) {
  const chunks: Uint8Array[] = [];
  let onBytes = () => {};
  let onClose = (_error: NetworkError | undefined) => {};
  const closed = new Promise<NetworkError | undefined>((resolve) => (onClose = resolve));
  const handler: ConnectionHandler = {
    onData(chunk) {
      chunks.push(Uint8Array.from(chunk));
      onBytes();
    },
    onDrain() {},
    onClose: (error) => onClose(error),
  };
  connection.setHandler(handler);
  const size = () => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const received = (length: number) =>
    new Promise<void>((resolve) => {
      onBytes = () => size() >= length && resolve();
      onBytes();
    });
  return { chunks, closed, received };
}

async function connectPair() {
  let accept = (_connection: Connection) => {};
  const accepted = new Promise<Connection>((resolve) => (accept = resolve));
  const listener = await env.network.listen(LOOPBACK, (connection) => accept(connection));
  const client = await env.network.connect(listener.address, 1000);
  return { listener, client, server: await accepted };
}

test('P12: all writes of one loop turn arrive as one chunk', async () => {
  const { listener, client, server } = await connectPair();
  const there = collect(server);
  const here = collect(client);
  client.write(Buffer.from('a'));
  await Promise.resolve();
  client.write(Buffer.from('b'));
  assert.equal(client.queuedBytes, 2);
  env.clock.defer(() => client.write(Buffer.from('c')));
  await there.received(3);
  assert.deepEqual(
    there.chunks.map((chunk) => Buffer.from(chunk).toString()),
    ['abc'],
  );
  assert.equal(client.queuedBytes, 0);
  await listener.close();
  client.end();
  assert.equal(await there.closed, undefined);
  assert.equal(await here.closed, undefined);
});

test('N8: write answers false above the mark and the queue is counted', async () => {
  const { listener, client, server } = await connectPair();
  server.pause();
  collect(client);
  let total = 0;
  for (let isBelow = true; isBelow; total += 64 * 1024) isBelow = client.write(new Uint8Array(64 * 1024));
  assert.ok(client.queuedBytes >= 256 * 1024);
  const there = collect(server);
  server.resume();
  await there.received(total);
  server.destroy();
  server.destroy();
  client.destroy();
  await listener.close();
});

test('a refused connect and a taken port are typed', async () => {
  const listener = await env.network.listen(LOOPBACK, () => {});
  const isCode = (code: string) => (error: unknown) => error instanceof NetworkError && error.code === code;
  await assert.rejects(
    env.network.listen(listener.address, () => {}),
    isCode('EADDRINUSE'),
  );
  await listener.close();
  await assert.rejects(env.network.connect(listener.address, 1000), isCode('ECONNREFUSED'));
});

test('a connection closed before it got its handler still tells onClose once', async () => {
  const { listener, client, server } = await connectPair();
  const there = collect(server);
  client.destroy();
  await there.closed;
  await new Promise<void>((resolve) => env.clock.defer(resolve));
  assert.equal(await collect(client).closed, undefined);
  await listener.close();
});

test('timers keep their delay, deferred work runs at the end of the turn, chance is in range', async () => {
  const start = env.clock.nowMs();
  await new Promise<void>((resolve) => env.clock.setTimer(5, resolve));
  assert.ok(env.clock.nowMs() - start >= 5);
  env.clock.setTimer(0, () => assert.fail('cancelled')).cancel();
  let fired = 0;
  await new Promise<void>((resolve) => {
    const timer = env.clock.setInterval(1, () => {
      if (++fired < 3) return;
      timer.cancel();
      resolve();
    });
  });
  for (let i = 0; i < 2000; i++) {
    const word = env.random.uint32();
    const fraction = env.random.float();
    assert.ok(Number.isInteger(word) && word >= 0 && word < 2 ** 32);
    assert.ok(fraction >= 0 && fraction < 1);
  }
  assert.equal(env.random.bytes(16).length, 16);
});
