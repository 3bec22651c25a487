/**
 * Three nodes as processes of their own, under h2load through kvorum.v1 on the leader: puts and linearizable gets per second, and the CPU that all
 * three nodes together spend per request. One key of 8 bytes, a value of 256, 100 connections with 10 streams each. Then the latency under an open loop:
 * requests at a fixed rate, counted from when each was due (P17).
 * `node bench/grpc-cluster.mjs [requests]`; build first. h2load is in Debian's nghttp2-client.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bytesCodec,
  createRealClock,
  createRuntime,
  GrpcClient,
  socketConnector,
} from '../packages/grpc/dist/index.js';
import { encodeGetRequest } from '../packages/protocol/dist/kvorum/v1/read.js';
import { encodeSetRequest } from '../packages/protocol/dist/kvorum/v1/write.js';
import { h2load, h2loadProblem } from './lib/h2load.mjs';
import { startCluster } from './lib/node-processes.mjs';
import { cpuSecondsPer1000, latencySummary, openLoop } from './lib/open-loop.mjs';
import { figure } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const OPEN_LOOP = { rate: 4_000, seconds: 5, connections: 8 };
const requests = Number(process.argv[2] ?? 150_000);
const key = new Uint8Array(8).fill(0x6b);
const value = new Uint8Array(256).fill(0x76);

const problem = h2loadProblem();
if (problem === undefined) await inScratch(measureAll);
else console.log(`       left out: ${problem}`);

async function measureAll(folder) {
  const cluster = await startCluster(folder, 3);
  try {
    const { port } = await cluster.leader();
    const at = (method) => ({ url: `http://127.0.0.1:${port}/kvorum.v1.KV/${method}`, connections: 100, streams: 10 });
    const put = { ...at('Set'), file: framed(folder, 'put', encodeSetRequest({ key, value })) };
    const get = { ...at('Get'), file: framed(folder, 'get', encodeGetRequest({ key })) };
    await measure(cluster, 'put', put, { rate: { least: 35_000 }, cpu: { most: 30 } });
    await measure(cluster, 'linearizable get', get, { rate: { least: 50_000 } });
    await measureOpenLoop(cluster, port, 'put', 'Set', encodeSetRequest({ key, value }));
    await measureOpenLoop(cluster, port, 'linearizable get', 'Get', encodeGetRequest({ key }));
  } finally {
    await cluster.close();
  }
}

async function measure(cluster, name, load, targets) {
  await h2load({ ...load, requests: requests / 5 });
  const succeededBefore = await succeeded(load.url);
  const before = cluster.cpuMicros();
  const { rate } = await h2load({ ...load, requests });
  const micros = (cluster.cpuMicros() - before) / requests;
  figure(`cluster of three over gRPC, ${name}`, rate, '/s', targets.rate);
  figure(`cluster of three over gRPC, ${name}, all nodes`, micros, 'µs CPU per request', targets.cpu);
  figure(`cluster of three over gRPC, ${name}, all nodes`, cpuSecondsPer1000(micros, 1), 'CPU-s per 1,000 operations');
  const failed = requests - (await succeeded(load.url)) + succeededBefore;
  figure(`cluster of three over gRPC, ${name}, failed`, failed, 'requests', { most: 0 });
}

/** Latency at a fixed rate, over a few connections of the client that users have. */
async function measureOpenLoop(cluster, port, name, method, message) {
  const runtime = createRuntime(createRealClock());
  const clients = Array.from(
    { length: OPEN_LOOP.connections },
    () => new GrpcClient({ runtime, connector: socketConnector({ host: '127.0.0.1', port }) }),
  );
  const remote = { path: `/kvorum.v1.KV/${method}`, request: bytesCodec, response: bytesCodec };
  const send = (n) => clients[n % clients.length].unary(remote, message);
  const { rate, seconds } = OPEN_LOOP;
  await openLoop({ rate, count: rate, send });
  const before = cluster.cpuMicros();
  const { sent, failed, latenciesMs, lateMs } = await openLoop({ rate, count: rate * seconds, send });
  const cpu = cpuSecondsPer1000(cluster.cpuMicros() - before, sent);
  await Promise.all(clients.map((client) => client.close()));
  const what = `cluster of three over gRPC, ${name}, open loop of ${rate}/s`;
  const { p50Ms, p99Ms, maxMs } = latencySummary(latenciesMs);
  figure(`${what}: latency p50`, p50Ms, 'ms');
  figure(`${what}: latency p99`, p99Ms, 'ms');
  figure(`${what}: longest latency`, maxMs, 'ms');
  figure(`${what}: sent late by the load generator, at most`, lateMs, 'ms');
  figure(`${what}: all nodes`, cpu, 'CPU-s per 1,000 operations');
  figure(`${what}: failed`, failed, 'requests', { most: 0 });
}

/** Calls of a method that the node has answered with OK: h2load takes any answer for a success. */
async function succeeded(url) {
  const { origin, pathname } = new URL(url);
  const text = await (await fetch(`${origin}/metrics`)).text();
  const row = new RegExp(`^kvorum_grpc_calls_total\\{method="${pathname.split('/').at(-1)}",code="OK"\\} (\\d+)$`, 'm');
  return Number(row.exec(text)?.[1] ?? Number.NaN);
}

/** A file with one gRPC message: no compression, its length, its bytes. */
function framed(folder, name, message) {
  const file = join(folder, name);
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  writeFileSync(file, bytes);
  return file;
}
