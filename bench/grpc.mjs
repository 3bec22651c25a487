// gRPC: our server under h2load with @grpc/grpc-js beside it, our client beside that of grpc-js, a stream of messages, idle connections, one large message.
// Each end in a process of its own. `node bench/grpc.mjs [seconds]`; build first. h2load is in Debian's nghttp2-client.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEnd } from './lib/grpc-end.mjs';
import { h2load, h2loadProblem } from './lib/h2load.mjs';
import { figure } from './lib/report.mjs';

const MIB = 2 ** 20;
const IDLE_CONNECTIONS = 10_000;
const LARGE_BYTES = 64 * MIB;
const STREAMED = 300_000;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const seconds = Number(process.argv[2] ?? 3);
const own = await startEnd('server', 'own');
const foreign = await startEnd('server', 'grpc-js');

await nullServer();
await unaryClient();
await streaming();
await foreign.stop();
await idleConnections();
await own.stop();
await largeMessage();

async function nullServer() {
  const problem = h2loadProblem();
  if (problem !== undefined) {
    console.log(`       left out: ${problem}`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-grpc-'));
  const file = join(folder, 'message');
  writeFileSync(file, new Uint8Array(5));
  const perRequest = async (server, requests, scheme = 'http') => {
    const load = { url: `${scheme}://127.0.0.1:${server.port}/echo.Echo/Null`, file, connections: 100, streams: 10 };
    await h2load({ ...load, requests: requests / 5 });
    const before = await server.usage();
    const { rate, failed } = await h2load({ ...load, requests });
    const after = await server.usage();
    return { rate, failed, micros: (after.cpuMicros - before.cpuMicros) / requests };
  };
  const ours = await perRequest(own, 60_000 * seconds);
  const theirs = await perRequest(foreign, 8_000 * seconds);
  const overTls = hasOpenssl ? await withTls((server) => perRequest(server, 30_000 * seconds, 'https')) : undefined;
  rmSync(folder, { recursive: true });
  figure('null unary server, h2load 100 x 10: requests', ours.rate, '/s');
  figure('null unary server, h2load 100 x 10: a request', ours.micros, 'µs CPU', { most: 8 });
  figure('null unary server, h2load 100 x 10: failed', ours.failed, 'requests', { most: 0 });
  if (overTls !== undefined) {
    figure('null unary server over TLS, the same: requests', overTls.rate, '/s');
    figure('null unary server over TLS, the same: a request', overTls.micros, 'µs CPU');
    figure('null unary server over TLS, the same: failed', overTls.failed, 'requests', { most: 0 });
  }
  figure('@grpc/grpc-js server, the same', theirs.rate, '/s');
  figure('@grpc/grpc-js server, the same: a request', theirs.micros, 'µs CPU');
  figure('null unary server: grpc-js costs so many times more', theirs.micros / ours.micros, 'x CPU', { least: 8 });
}

async function withTls(run) {
  const server = await startEnd('server', 'own-tls');
  const result = await run(server);
  await server.stop();
  return result;
}

async function unaryClient() {
  const perCall = async (kind) => {
    const client = await startEnd('client', kind, own.port);
    await client.load({ name: 'unary', inFlight: 64, seconds: 1 });
    const { done, cpuMicros, seconds: elapsed } = await client.load({ name: 'unary', inFlight: 64, seconds });
    await client.stop();
    return { micros: cpuMicros / done, rate: done / elapsed };
  };
  const ours = await perCall('own');
  const theirs = await perCall('grpc-js');
  figure('unary client, 64 in flight: calls', ours.rate, '/s');
  figure('unary client, 64 in flight: a call', ours.micros, 'µs CPU', { most: 12 });
  figure('@grpc/grpc-js client, the same: a call', theirs.micros, 'µs CPU');
}

async function streaming() {
  const client = await startEnd('client', 'own', own.port);
  await client.load({ name: 'stream', count: STREAMED / 10 });
  const before = await own.usage();
  const { done, cpuMicros, seconds: elapsed } = await client.load({ name: 'stream', count: STREAMED });
  const after = await own.usage();
  await client.stop();
  figure('server streaming, 1 KiB to our client: messages', done / elapsed, '/s');
  // Two cores at 150,000 messages per second.
  figure(
    'server streaming, 1 KiB: busier end, a message',
    Math.max(cpuMicros, after.cpuMicros - before.cpuMicros) / done,
    'µs CPU',
    {
      most: 1e6 / 150_000,
    },
  );
}

async function idleConnections() {
  const before = await own.usage();
  const sockets = [];
  for (let at = 0; at < IDLE_CONNECTIONS; at += 1) {
    const socket = connect(own.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', (error) => console.log(`       ${error.message}`));
    // The preface, our SETTINGS and the acknowledgement of the server's.
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0', 'latin1');
    if (at % 100 === 99) await once(socket, 'data');
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const after = await own.usage();
  figure(
    `${IDLE_CONNECTIONS} idle connections: one`,
    (after.rssBytes - before.rssBytes) / IDLE_CONNECTIONS / 1024,
    'KiB',
    {
      most: 20,
    },
  );
  for (const socket of sockets) socket.destroy();
}

async function largeMessage() {
  const server = await startEnd('server', 'own');
  const client = await startEnd('client', 'own', server.port);
  const base = [await server.usage(), await client.usage()];
  const { done } = await client.load({ name: 'large', bytes: LARGE_BYTES });
  const after = [await server.usage(), await client.usage()];
  if (done !== LARGE_BYTES) throw new Error(`an answer of ${done} bytes`);
  for (const [at, name] of ['server', 'client'].entries()) {
    const grown = (after[at].peakBytes - base[at].rssBytes) / LARGE_BYTES;
    figure(`a message of 64 MiB each way: peak memory of the ${name}`, grown, 'x its size', { most: 3 });
  }
  await client.stop();
  await server.stop();
}
