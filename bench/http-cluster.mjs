/**
 * Three nodes as processes of their own, over HTTP with kept connections: puts and linearizable gets per second and the CPU that the nodes together
 * spend per request. No target is set for these; the load generator runs on the same cores.
 */
import { startCluster } from './lib/node-processes.mjs';
import { httpLoad } from './lib/http-load.mjs';

const connections = 64;
const seconds = 5;
const value = Buffer.alloc(256, 'v');

const cluster = await startCluster(3);
try {
  const leader = await cluster.leader();
  const ports = cluster.ports;
  for (const [name, targets] of [
    ['on the leader', [leader.port]],
    ['over all nodes', ports],
  ]) {
    await measure(`put ${name}`, targets, (i) => ({ method: 'PUT', path: `/kv/bench-${i % 1_000_000}`, body: value }));
    await measure(`get ${name}`, targets, (i) => ({ method: 'GET', path: `/kv/bench-${i % 10_000}` }));
    await measure(`get serializable ${name}`, targets, (i) => ({
      method: 'GET',
      path: `/kv/bench-${i % 10_000}?serializable`,
    }));
  }
} finally {
  await cluster.close();
}

async function measure(name, targets, request) {
  await httpLoad({ ports: targets, connections, seconds: 1, request });
  const before = cluster.cpuMicros();
  const result = await httpLoad({ ports: targets, connections, seconds, request });
  const cpu = (cluster.cpuMicros() - before) / result.requests;
  const { rate, p50Ms, p99Ms, failures } = result;
  console.log(
    `info   ${name}: ${Math.round(rate)} /s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ` +
      `${cpu.toFixed(0)} µs CPU of all nodes per request, ${failures} failed`,
  );
}
