import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createRuntime } from '../base/runtime.js';
import { Http2Connection } from '../http2/http2-connection.js';
import type { Http2Limits } from '../http2/http2-options.js';
import { Call, ClientHandler, EchoHandler, REQUEST } from '../http2/testing/echo.js';
import { createRealClock } from './real-clock.js';
import { SocketConnection } from './socket-connection.js';

function randomBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

async function serve(limits: Partial<Http2Limits> = {}) {
  const runtime = createRuntime(createRealClock());
  const handlers: EchoHandler[] = [];
  const connections: Http2Connection[] = [];
  const server = net.createServer((socket) => {
    const handler = new EchoHandler();
    handlers.push(handler);
    connections.push(
      new Http2Connection({ connection: new SocketConnection(socket), runtime, handler }, { role: 'server', limits }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, server, handlers, connections };
}

async function callNode(session: http2.ClientHttp2Session, body: Buffer): Promise<{ body: Buffer; trailer: unknown }> {
  const request = session.request({ ':method': 'POST', ':path': '/echo' });
  const chunks: Buffer[] = [];
  let trailer: unknown;
  request.on('trailers', (headers) => {
    trailer = headers['x-end'];
  });
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.end(body);
  await once(request, 'close');
  return { body: Buffer.concat(chunks), trailer };
}

test("Node's client gets from our server what it sent, on many streams and with large bodies", async () => {
  const { port, server, handlers, connections } = await serve();
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const bodies = [0, 1, 16_384, 70_000, 5_000_000, ...Array.from({ length: 50 }, (_, index) => index * 37)].map(
    randomBytes,
  );
  const answers = await Promise.all(bodies.map((body) => callNode(session, body)));
  for (const [index, answer] of answers.entries()) {
    assert.ok(
      bodies[index]?.equals(answer.body),
      `body ${index}: ${bodies[index]?.length} sent, ${answer.body.length} came`,
    );
    assert.equal(answer.trailer, 'data');
  }
  const closed = once(session, 'close');
  session.close();
  await closed;
  server.close();
  await once(server, 'close');
  assert.equal(handlers[0]?.closed.length, bodies.length);
  assert.equal(handlers[0]?.error, undefined);
  assert.equal(connections[0]?.openStreams, 0);
});

test("our client gets from Node's server what it sent, windows grow, and close() ends both sides", async () => {
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'data' }));
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const handler = new ClientHandler();
  const client = new Http2Connection(
    { connection: new SocketConnection(socket), runtime: createRuntime(createRealClock()), handler },
    { role: 'client' },
  );
  assert.ok((await client.ping()) > 0);
  const bodies = [0, 1, 16_384, 70_000, 5_000_000, ...Array.from({ length: 50 }, (_, index) => index * 37)].map(
    randomBytes,
  );
  const calls = bodies.map((body) => {
    const call = new Call();
    call.stream = client.openStream(REQUEST, false, call);
    call.stream.sendData(body, true);
    return call;
  });
  await Promise.all(calls.map((call) => call.whenClosed()));
  for (const [index, call] of calls.entries()) {
    assert.equal(call.error, undefined);
    assert.ok(bodies[index]?.equals(call.body), `body ${index}`);
    assert.deepEqual(call.headers.at(-1), ['x-end', 'data']);
  }
  await client.close();
  assert.equal(handler.error, undefined);
  server.close();
  await once(server, 'close');
});

test('curl with prior knowledge', async (t) => {
  const run = promisify(execFile);
  const version = await run('curl', ['--version']).catch(() => undefined);
  if (!version?.stdout.includes('HTTP2')) {
    t.skip('no curl with HTTP/2 on this machine');
    return;
  }
  const { port, server } = await serve();
  const url = `http://127.0.0.1:${port}/echo`;
  const { stdout } = await run('curl', [
    '-s',
    '--http2-prior-knowledge',
    '-d',
    'hello',
    '-w',
    '|%{http_version} %{http_code}',
    url,
  ]);
  assert.equal(stdout, 'hello|2 200');
  server.close();
});
