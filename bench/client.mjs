/**
 * @kvorum/client in this process against three nodes in processes of their own: what a call costs the caller, alone in its message and sharing it, and
 * how many durable puts and linearizable gets one client process makes. Keys of 8 bytes, values of 256.
 * `node bench/client.mjs [seconds per figure]`; build first.
 */
import { connect } from '../packages/client/dist/index.js';
import { startCluster } from './lib/node-processes.mjs';
import { figure } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const seconds = Number(process.argv[2] ?? 3);
const warmUpMs = 1_000;
const keys = Array.from({ length: 1_000 }, (_, at) => `k${String(at).padStart(7, '0')}`);
const value = new Uint8Array(256).fill(0x76);

await inScratch(async (folder) => {
  const cluster = await startCluster(folder, 3);
  try {
    await cluster.leader();
    const addresses = cluster.ports.map((port) => `127.0.0.1:${port}`);
    await measure(addresses, 'each call by itself', { maxBatchOperations: 1 }, 64, { cpu: { most: 12 } });
    await measure(addresses, 'calls share messages', {}, 64, { cpu: { most: 12 } });
    const rates = { put: { least: 35_000 }, get: { least: 100_000 } };
    await measure(addresses, 'calls share messages', {}, 1_000, { rates });
  } finally {
    await cluster.close();
  }
});

async function measure(addresses, how, options, inFlight, { cpu, rates }) {
  const client = await connect(addresses, options);
  await Promise.all(keys.map((key) => client.set(key, value)));
  const verbs = { put: (key) => client.set(key, value), get: (key) => client.get(key) };
  for (const [name, call] of Object.entries(verbs)) {
    await load(call, inFlight, warmUpMs);
    const before = client.stats();
    const { calls, micros, ms } = await load(call, inFlight, seconds * 1_000);
    const title = `client, ${how}, ${inFlight} in flight, ${name}`;
    figure(title, (calls / ms) * 1_000, '/s', rates?.[name]);
    figure(title, micros / calls, 'µs CPU of the caller per call', cpu);
    const messages = count(client.stats()) - count(before);
    if (options.maxBatchOperations === undefined) figure(title, calls / messages, 'calls per shared message');
  }
  await client.close();
}

/** So many callers, each making its next call when the last one was answered. */
async function load(call, inFlight, ms) {
  const started = performance.now();
  const before = process.cpuUsage();
  let calls = 0;
  const caller = async () => {
    while (performance.now() - started < ms) {
      calls += 1;
      await call(keys[calls % keys.length]);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const { user, system } = process.cpuUsage(before);
  return { calls, micros: user + system, ms: performance.now() - started };
}

function count({ servers }) {
  return servers.reduce((sum, { batches }) => sum + batches, 0);
}
