import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ByteConnectionHandler } from '../base/byte-connection.js';
import { createRealClock } from './real-clock.js';
import { SocketConnection } from './socket-connection.js';

async function socketPair(t: TestContext): Promise<readonly [Socket, Socket]> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const taken = once(server, 'connection') as Promise<[Socket]>;
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = await taken;
  t.after(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return [client, socket];
}

function handler(events: Partial<ByteConnectionHandler>): ByteConnectionHandler {
  return { onData() {}, onDrain() {}, onEnd() {}, onClose() {}, ...events };
}

test('N8: write answers false when the reader stops, what is queued stays bounded by that, and onDrain follows', async (t) => {
  const [client, socket] = await socketPair(t);
  const connection = new SocketConnection(socket);
  let drained = 0;
  const whenDrained = new Promise<void>((resolve) => {
    connection.handler = handler({
      onDrain: () => {
        drained += 1;
        resolve();
      },
    });
  });
  client.pause();
  let sent = 0;
  while (connection.writeAll([new Uint8Array(9), new Uint8Array(65_536)])) sent += 65_545;
  assert.ok(sent < 64 * 1024 * 1024, 'the kernel takes so much and no more');
  assert.ok(connection.queuedBytes > 0 && connection.queuedBytes <= 2 * 65_545);
  assert.equal(drained, 0);
  client.resume();
  await whenDrained;
  assert.equal(connection.queuedBytes, 0);
});

test('S10: a connection that is reset tells its handler, once, and never throws', async (t) => {
  const [client, socket] = await socketPair(t);
  const connection = new SocketConnection(socket);
  let closed = 0;
  const whenClosed = new Promise<Error | undefined>((resolve) => {
    connection.handler = handler({
      onClose: (error) => {
        closed += 1;
        resolve(error);
      },
    });
  });
  client.resetAndDestroy();
  assert.ok((await whenClosed) instanceof Error);
  assert.equal(connection.write(new Uint8Array(1)), true);
  connection.end();
  connection.destroy();
  assert.equal(closed, 1);
});

test('a handler that comes after the end of its socket is told of it', async (t) => {
  const [, socket] = await socketPair(t);
  const connection = new SocketConnection(socket);
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
  await new Promise<void>((resolve) => {
    connection.handler = handler({ onClose: () => resolve() });
  });
});

test('the end of a turn: in order, with what is asked for meanwhile', async () => {
  const clock = createRealClock();
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    clock.endOfTurn(() => {
      order.push('first');
      clock.endOfTurn(() => {
        order.push('asked for meanwhile');
        resolve();
      });
    });
    clock.endOfTurn(() => order.push('second'));
    setImmediate(() => order.push('next immediate'));
    order.push('turn');
  });
  assert.deepEqual(order, ['turn', 'first', 'second', 'asked for meanwhile']);
});

test('a timer never fires early', async () => {
  const clock = createRealClock();
  for (const delayMs of [0, 1, 3.5, 7]) {
    const startMs = clock.now();
    await new Promise<void>((resolve) => clock.setTimer(delayMs, resolve));
    assert.ok(clock.now() - startMs >= delayMs);
  }
  clock.setTimer(0, () => assert.fail('cancelled')).cancel();
  await new Promise<void>((resolve) => clock.setTimer(5, resolve));
});
