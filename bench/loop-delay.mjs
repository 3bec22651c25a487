/**
 * A node that has much to do at once (N11, S11): a million keys, 10,000 watches of which one in a hundred does not read, puts that some of them or all want, the
 * whole keyspace (100 MB) listed again and again, a compaction. How long its event loop kept others waiting, what its memory grew by, and whether everybody who
 * reads got everything. One node, so that it is no other node that takes the cores. `node bench/loop-delay.mjs [keys] [watches]`; build first.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  bytesCodec,
  createRealClock,
  createRuntime,
  GrpcClient,
  socketConnector,
} from '../packages/grpc/dist/index.js';
import { encodeBatchRequest } from '../packages/protocol/dist/kvorum/v1/batch.js';
import { encodeListRequest } from '../packages/protocol/dist/kvorum/v1/read.js';
import { encodeSetRequest } from '../packages/protocol/dist/kvorum/v1/write.js';
import { startCluster } from './lib/node-processes.mjs';
import { latencySummary, openLoop } from './lib/open-loop.mjs';
import { figure } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';
import { eventsOf, putAt } from './lib/watch-plan.mjs';

const KEYS = Number(process.argv[2] ?? 1_000_000);
const WATCHES = Number(process.argv[3] ?? 10_000);
const SECONDS = 10;
const RATE = 200;
const expected = eventsOf(WATCHES, RATE * SECONDS, RATE);
const NAME = `${KEYS.toLocaleString('en-US')} keys, ${WATCHES.toLocaleString('en-US')} watches`;
const runtime = createRuntime(createRealClock());

await inScratch(async (folder) => {
  const cluster = await startCluster(folder, 1);
  try {
    await measure(cluster.nodes[0]);
  } finally {
    await cluster.close();
  }
});

async function measure({ child: node, port }) {
  const client = new GrpcClient(
    { runtime, connector: socketConnector({ host: '127.0.0.1', port }) },
    { messageBytesMax: 2 ** 26 },
  );
  await fill(client);
  const watcher = fork(new URL('./lib/watch-child.mjs', import.meta.url), [String(port), String(WATCHES)]);
  const failed = [];
  await new Promise((resolve, reject) => {
    watcher.on('message', ({ isOpen, error }) => {
      if (isOpen) resolve();
      if (error !== undefined) failed.push(error);
    });
    watcher.once('exit', (code) => reject(new Error(`the watches ended with ${code}`)));
  });
  const before = await ask(node, 'begin');
  const lists = listAll(client, performance.now() + SECONDS * 1000);
  const puts = await openLoop({
    rate: RATE,
    count: RATE * SECONDS,
    send: (n) => client.unary(method('Set'), putOf(n)),
  });
  const { rows, bytes } = await lists;
  await fetch(`http://127.0.0.1:${port}/compact?revision=${KEYS}`, { method: 'POST' });
  const after = await ask(node, 'end');
  const { events, longestMs } = await allEvents(watcher);
  watcher.disconnect();
  await client.close();
  report({ before, after, puts, rows, bytes, events, longestMs, failed });
}

/** What came to the watches, once all came or no more does: how fast they read is not the node's doing. */
async function allEvents(watcher) {
  let found = await ask(watcher, 'count');
  for (let second = 0; second < 60 && found.events < expected; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    found = await ask(watcher, 'count');
  }
  return found;
}

function report({ before, after, puts, rows, bytes, events, longestMs, failed }) {
  figure(`${NAME}: loop delay, p99.9`, after.delay.p999Ms, 'ms', { most: 20 });
  figure(`${NAME}: loop delay, longest`, after.delay.longestMs, 'ms');
  figure(`${NAME}: loop delay, longest, what other programs caused included`, after.delay.longestWithWaitMs, 'ms');
  figure(`${NAME}: heap and buffers grown by`, (after.ownBytes - before.ownBytes) / 2 ** 20, 'MiB', { most: 256 });
  figure(`${NAME}: rows listed meanwhile`, rows, `rows, ${Math.round(bytes / 1e6)} MB`);
  const { p50Ms, p99Ms } = latencySummary(puts.latenciesMs);
  figure(`${NAME}: put at ${RATE}/s, latency p50`, p50Ms, 'ms');
  figure(`${NAME}: put at ${RATE}/s, latency p99`, p99Ms, 'ms');
  figure(`${NAME}: puts failed`, puts.failed, 'puts', { most: 0 });
  figure(`${NAME}: events to those who read`, events, 'events', { least: expected, most: expected });
  figure(`${NAME}: put to event, longest`, longestMs, 'ms');
  figure(`${NAME}: watches failed`, failed.length, 'watches', { most: 0 });
}

function method(name) {
  return { path: `/kvorum.v1.KV/${name}`, request: bytesCodec, response: bytesCodec };
}

async function fill(client) {
  const value = Buffer.alloc(90, 'v');
  const fillOne = async (first) => {
    const operations = Array.from({ length: 1_000 }, (_, at) => ({
      set: { key: Buffer.from(`k/${String(first + at).padStart(8, '0')}`), value },
    }));
    await client.unary(method('Batch'), encodeBatchRequest({ operations }));
  };
  let next = 0;
  const work = async () => {
    while (next < KEYS) {
      const first = next;
      next += 1_000;
      await fillOne(first);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}

async function listAll(client, untilMs) {
  let rows = 0;
  let bytes = 0;
  while (performance.now() < untilMs) {
    for await (const row of client.serverStream(method('List'), encodeListRequest({ prefix: Buffer.from('k/') }))) {
      rows += 1;
      bytes += row.length;
    }
  }
  return { rows, bytes };
}

function putOf(n) {
  const { key, value } = putAt(n, RATE, Date.now());
  return encodeSetRequest({ key: Buffer.from(key), value: Buffer.from(value) });
}

async function ask(child, question) {
  child.send(question);
  const [answer] = await once(child, 'message');
  return answer;
}
