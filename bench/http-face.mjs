// CPU per request of the HTTP face alone: a KvService in memory behind it, the load in a process of its own over kept connections.
// `node bench/http-face.mjs [connections] [seconds]`; build first.
import { createClientPort } from '../packages/server/dist/api/client-port.js';
import { createNodeMetrics } from '../packages/server/dist/env/node-metrics.js';
import { createRealEnv } from '../packages/server/dist/env/real-env.js';
import { silentLog } from '../packages/server/dist/env/silent-log.js';
import { FakeNodeInfo } from '../packages/server/dist/service/testing/fake-node-info.js';
import { usedBy } from './lib/cpu.mjs';
import { httpLoad, reportLoad } from './lib/http-load.mjs';

const connections = Number(process.argv[2] ?? 64);
const seconds = Number(process.argv[3] ?? 4);
const { clock } = createRealEnv({ log: silentLog });
const info = new FakeNodeInfo();
const metrics = createNodeMetrics();
const face = createClientPort({ kv: lastValues(), info, clock, log: silentLog, metrics }, { port: 0 });
const { address } = await face.start();
for (const method of ['PUT', 'GET']) {
  const load = { ports: [address.port], connections, method, keys: 10_000 };
  await httpLoad({ ...load, seconds: 1 });
  let result;
  const used = await usedBy(async () => {
    result = await httpLoad({ ...load, seconds });
  });
  reportLoad(`http face alone: ${method}, ${connections} connections`, result, used.all);
}
await face.close();

// Only what a face needs of a service, at no cost of its own.
function lastValues() {
  const values = new Map();
  let revision = 1;
  return {
    async get(key) {
      return { kv: values.get(key.toString('latin1')), revision };
    },
    async put(key, value) {
      revision += 1;
      values.set(key.toString('latin1'), { key, value, modRevision: revision, createRevision: 2, version: 1 });
      return { revision, createRevision: 2, version: 1 };
    },
  };
}
