/**
 * Three nodes as processes of their own, over HTTP with kept connections: puts and linearizable gets per second and the CPU that the nodes together
 * spend per request. No target is set for these; the load generator runs on the same cores. The rate of a single client stands beside what
 * no durable store can beat (P18). `node bench/http-cluster.mjs [seconds per load]`; build first.
 */
import { join } from 'node:path';
import { singleClientBound } from './lib/bound.mjs';
import { httpLoad, reportLoad } from './lib/http-load.mjs';
import { startCluster } from './lib/node-processes.mjs';
import { emptyTurns, loopbackRoundTrips, openBareLog } from './lib/raw.mjs';
import { figure, median } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const seconds = Number(process.argv[2] ?? 5);
const put = { method: 'PUT', keys: 1_000_000 };
const get = { method: 'GET', keys: 10_000 };
const serializable = { ...get, query: '?serializable' };

await inScratch(async (folder) => {
  const cluster = await startCluster(folder, 3);
  try {
    const leader = await cluster.leader();
    await measureMany(cluster, 'on the leader', [leader.port]);
    await measureMany(cluster, 'over all nodes', cluster.ports);
    await measureSingle(cluster, folder, leader.port);
  } finally {
    await cluster.close();
  }
});

async function measureMany(cluster, where, ports) {
  const target = { ports, connections: 64 };
  await measure(cluster, `put, 64 connections ${where}`, { ...target, ...put });
  await measure(cluster, `get, 64 connections ${where}`, { ...target, ...get });
  await measure(cluster, `serializable get, 64 connections ${where}`, { ...target, ...serializable });
}

async function measure(cluster, name, load) {
  await httpLoad({ ...load, seconds: 1 });
  const before = cluster.cpuMicros();
  const result = await httpLoad({ ...load, seconds });
  reportLoad(`3 nodes: ${name}`, result, cluster.cpuMicros() - before);
  return result;
}

/**
 * One client, one request at a time, on the leader: each put waits at least for its own round trip, the sync of a log and a turn of the loop. The
 * way to a follower and back comes on top and is left out, so the bound is one that nobody beats who syncs before the answer.
 */
async function measureSingle(cluster, folder, port) {
  const before = await rawTimes(folder);
  const { rate } = await measure(cluster, 'put, one connection on the leader', {
    ports: [port],
    connections: 1,
    ...put,
  });
  const after = await rawTimes(folder);
  const [roundTripMs, syncMs, turnMs] = before.map((ms, at) => [ms, after[at]]);
  figure('raw: round trip of the client, p50', Math.min(...roundTripMs) * 1000, 'µs');
  figure('raw: write + fdatasync, p50', Math.min(...syncMs) * 1000, 'µs');
  figure('raw: turn of the event loop, p50', Math.min(...turnMs) * 1000, 'µs');
  const most = singleClientBound({ roundTripMs, syncMs, turnMs });
  const because = 'above it durability is broken';
  figure('3 nodes: put of one client against 1 / (RTT + sync + loop)', rate, '/s', { most, because });
}

/** Medians in ms: loopback round trip, bare write + fdatasync, empty turn of the loop. */
async function rawTimes(folder) {
  const log = openBareLog(join(folder, 'bare.dat'), 384);
  const syncs = Array.from({ length: 1_000 }, () => log.append());
  log.close();
  return [await loopbackRoundTrips(2_000, 300), syncs, await emptyTurns(2_000)].map(median);
}
