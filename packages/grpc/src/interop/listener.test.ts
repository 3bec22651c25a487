/** The one port: who gets which connection, whatever its first bytes do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcClient } from '../client/grpc-client.js';
import { socketConnector } from '../node/connector.js';
import { makeCertificate } from '../node/testing/certificate.js';
import { echoMethod } from './testing/echo-service.js';
import { startOwnServer } from './testing/own-server.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

/** All that comes until the other end closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += Buffer.from(chunk).toString('latin1');
  return text;
}

async function writeSlowly(socket: Socket, text: string): Promise<void> {
  for (const char of text) {
    socket.write(char, 'latin1');
    await sleep(1);
  }
}

test('the first bytes decide, even when they come one by one', async (context) => {
  const { port } = await startOwnServer(context);
  const http2 = connect({ port, noDelay: true });
  await writeSlowly(http2, PREFACE);
  const [settings] = await once(http2, 'data');
  assert.equal(settings[3], 4, 'a SETTINGS frame');
  http2.destroy();
  for (const method of ['POST', 'PUT']) {
    const http = connect({ port, noDelay: true });
    await writeSlowly(http, `${method} /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`);
    assert.match(await readAll(http), /200 OK[^]*(POST|PUT) \/x hi/);
  }
  const neither = connect({ port, noDelay: true });
  neither.write('PRI');
  await sleep(5);
  neither.write('NT /x\r\n\r\n');
  assert.match(await readAll(neither), /^HTTP\/1.1 400/);
});

test('an HTTP/1.1 client may end its side after the request', async (context) => {
  const { port } = await startOwnServer(context);
  const socket = connect(port);
  socket.end('GET /half HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.match(await readAll(socket), /200 OK[^]*GET \/half/);
});

test('S10: a connection that says nothing, or not enough, is closed in time', async (context) => {
  const { port, server } = await startOwnServer(context, {}, { sniffTimeoutMs: 50 });
  const sockets = [connect(port), connect(port)];
  sockets[1]?.write('PR');
  for (const socket of sockets) assert.equal(await readAll(socket), '');
  const gone = connect(port);
  gone.on('error', () => {});
  gone.write('P');
  gone.resetAndDestroy();
  assert.equal(server.connections, 0);
});

test('S10: connections above connectionsMax are closed at once', async (context) => {
  const { port } = await startOwnServer(context, {}, { connectionsMax: 1 });
  const first = connect(port);
  await once(first, 'connect');
  assert.equal(await readAll(connect(port)), '');
  first.destroy();
});

test('closing drops connections that have said nothing yet', async (context) => {
  const { port, listener } = await startOwnServer(context);
  const socket = connect(port);
  const text = readAll(socket);
  await once(socket, 'connect');
  await sleep(20);
  await listener.close();
  assert.equal(await text, '');
});

test('TLS: ALPN decides, and without ALPN the first bytes do', async (context) => {
  const pair = await makeCertificate(context);
  if (pair === undefined) return;
  const { port, runtime, errors } = await startOwnServer(context, {}, { tls: pair });
  const tls = { ca: pair.cert, servername: 'localhost' };
  const client = new GrpcClient({ runtime, connector: socketConnector({ host: '127.0.0.1', port, tls }) });
  const body = Buffer.alloc(1_000_000, 'ab');
  assert.ok(Buffer.from(await client.unary(echoMethod('Say'), body)).equals(body));
  await client.close();

  const answered = once(request({ port, path: '/tls', ...tls }).end(), 'response');
  const [response] = await answered;
  let text = '';
  for await (const chunk of response) text += String(chunk);
  assert.equal(text, 'GET /tls ');

  const silent = connectTls({ port, ...tls });
  silent.write(PREFACE, 'latin1');
  const [settings] = await once(silent, 'data');
  assert.equal(settings[3], 4);
  silent.destroy();
  assert.deepEqual(errors, []);

  const plain = connect(port);
  plain.end('GET / HTTP/1.1\r\n\r\n');
  await readAll(plain).catch(() => '');
  assert.equal(errors.length, 1, 'a failed handshake is told');
});
