// CPU per request of the HTTP face alone: a KvService in memory behind it, the load in a process of its own over keep-alive connections.
// `node bench/http-face.mjs [connections] [requests]`; build first.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const dist = new URL('../packages/server/dist/', import.meta.url);

if (process.argv[2] === '--load') load(process.argv.slice(3).map(Number));
else await serve(Number(process.argv[2] ?? 64), Number(process.argv[3] ?? 200_000));

async function serve(connections, requests) {
  const { createHttpFace } = await import(new URL('api/http/http-face.js', dist));
  const { createRealEnv } = await import(new URL('env/real-env.js', dist));
  const { silentLog } = await import(new URL('env/silent-log.js', dist));
  const { createNodeMetrics } = await import(new URL('env/node-metrics.js', dist));
  const { FakeNodeInfo } = await import(new URL('service/testing/fake-node-info.js', dist));
  const { clock } = createRealEnv({ log: silentLog });
  const deps = { kv: lastValues(), info: new FakeNodeInfo(), clock, log: silentLog, metrics: createNodeMetrics().http };
  const face = createHttpFace(deps, { port: 0 });
  const { address } = await face.start();
  for (const kind of ['put', 'get']) {
    await round(address.port, connections, Math.min(requests, 50_000), kind);
    const line = await round(address.port, connections, requests, kind);
    console.log(`http face, ${connections} connections, 8-byte keys, 256-byte values: ${line}`);
  }
  await face.close();
}

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

async function round(port, connections, requests, kind) {
  const started = performance.now();
  const before = process.cpuUsage();
  await new Promise((resolve, reject) => {
    const child = fork(self, ['--load', port, connections, requests, kind === 'put' ? 1 : 0]);
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`load ended with ${code}`))));
  });
  const cpu = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const micros = (cpu.user + cpu.system) / requests;
  const user = cpu.user / requests;
  return `${kind} ${micros.toFixed(1)} µs CPU per request (${user.toFixed(1)} user), ${Math.round(requests / seconds)} per s`;
}

// One request at a time per connection; an answer is complete when its length was received.
function load([port, connections, requests, isPut]) {
  const value = 'v'.repeat(256);
  let left = requests;
  let open = connections;
  const request = (number) => {
    const key = `k${String(number % 1_000_000).padStart(7, '0')}`;
    const head = `${isPut ? 'PUT' : 'GET'} /kv/${key} HTTP/1.1\r\nHost: localhost:2379\r\nAccept: */*\r\nUser-Agent: bench\r\n`;
    return isPut ? `${head}Content-Length: ${value.length}\r\n\r\n${value}` : `${head}\r\n`;
  };
  for (let index = 0; index < connections; index += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    let received = '';
    const next = () => {
      if (left === 0) {
        open -= 1;
        socket.destroy();
        return;
      }
      left -= 1;
      socket.write(request(left));
    };
    socket.on('connect', next);
    socket.on('data', (text) => {
      received += text;
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      if (!received.startsWith('HTTP/1.1 200')) process.exit(2);
      received = '';
      next();
    });
    socket.on('error', () => process.exit(3));
    socket.on('close', () => {
      if (open === 0) process.exit(0);
    });
  }
}
