import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { createRuntime } from '../base/runtime.js';
import { Http2Connection } from '../http2/http2-connection.js';
import { Call, ClientHandler, EchoHandler, REQUEST } from '../http2/testing/echo.js';
import { createRealClock } from './real-clock.js';
import { SocketConnection } from './socket-connection.js';
import { makeCertificate } from './testing/certificate.js';

const BODY = Buffer.alloc(3_000_000, 'abcdefg');

test("TLS with ALPN h2: Node's client against our server", async (t) => {
  const pair = await makeCertificate(t);
  if (pair === undefined) return;
  const runtime = createRuntime(createRealClock());
  const handler = new EchoHandler();
  const server = tls.createServer({ ...pair, ALPNProtocols: ['h2'] }, (socket) => {
    new Http2Connection({ connection: new SocketConnection(socket), runtime, handler }, { role: 'server' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session = http2.connect(`https://localhost:${port}`, { ca: pair.cert, host: '127.0.0.1' });
  for (let round = 0; round < 3; round += 1) {
    const request = session.request({ ':method': 'POST', ':path': '/echo' });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.end(BODY);
    await once(request, 'close');
    assert.ok(Buffer.concat(chunks).equals(BODY), `round ${round}`);
  }
  session.close();
  server.close();
  await once(server, 'close');
  assert.equal(handler.error, undefined);
});

test("TLS with ALPN h2: our client against Node's server", async (t) => {
  const pair = await makeCertificate(t);
  if (pair === undefined) return;
  const server = http2.createSecureServer(pair);
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: pair.cert,
    ALPNProtocols: ['h2'],
  });
  await once(socket, 'secureConnect');
  assert.equal(socket.alpnProtocol, 'h2');
  const handler = new ClientHandler();
  const client = new Http2Connection(
    { connection: new SocketConnection(socket), runtime: createRuntime(createRealClock()), handler },
    { role: 'client' },
  );
  const calls = Array.from({ length: 5 }, () => {
    const call = new Call();
    call.stream = client.openStream(REQUEST, false, call);
    call.stream.sendData(BODY, true);
    return call;
  });
  await Promise.all(calls.map((call) => call.whenClosed()));
  for (const call of calls) assert.ok(call.error === undefined && call.body.equals(BODY));
  await client.close();
  server.close();
  await once(server, 'close');
  assert.equal(handler.error, undefined);
});
