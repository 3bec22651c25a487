// Starting a node on a data directory with a million distinct 16-byte keys and 256-byte values: data directory, log, LMDB, index and
// content hash rebuilt, until a linearizable read passes. The directory is filled by a node, each start is a process of its own.
// `node bench/open.mjs`; build first.
import { fork } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startNode } from '../packages/server/dist/index.js';
import { usedBy } from './lib/cpu.mjs';
import { keyAt, makeKeys, VALUE } from './lib/puts.mjs';
import { figure, median } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const KEYS = 1_000_000;
const PUTS_IN_FLIGHT = 2_000;
const STARTS = 3;

const [, , role, dataDir] = process.argv;
if (role === 'fill') await fill(dataDir);
else if (role === 'open') await open(dataDir, false);
else if (role === 'open-and-crash') await open(dataDir, true);
else await inScratch(measure);

async function measure(folder) {
  const filled = await inProcess('fill', folder);
  figure(
    `filling it through a node, ${PUTS_IN_FLIGHT.toLocaleString('en-US')} puts in flight`,
    KEYS / filled.seconds,
    'puts/s',
  );
  const clean = [];
  for (let n = 0; n < STARTS; n += 1) clean.push(await inProcess('open', folder));
  report('open a store with 1 M keys', clean, { most: 3, because: 'etcd 3.4: 2.7' });
  await inProcess('open-and-crash', folder);
  report('open it after a crash', [await inProcess('open', folder)]);
}

function report(name, starts, target) {
  const of = (part) => median(starts.map((start) => start[part]));
  figure(`${name}, until a linearizable read passes`, of('seconds'), 's', target);
  figure(`${name}, CPU of the main thread`, of('mainSeconds'), 's', target);
  figure(`${name}, CPU of all threads`, of('allSeconds'), 's');
  figure(`${name}, memory of the process`, of('mebibytes'), 'MiB');
}

function inProcess(...args) {
  return new Promise((resolve, reject) => {
    let result;
    const child = fork(fileURLToPath(import.meta.url), args);
    child.on('message', (message) => {
      result = message;
    });
    child.on('exit', (code) =>
      result === undefined ? reject(new Error(`${args[0]} ended with ${code}`)) : resolve(result),
    );
  });
}

function startOn(path) {
  return startNode({ dataDir: path, clientAddress: 'off' });
}

async function fill(path) {
  const node = await startOn(path);
  await node.ready();
  const keys = makeKeys(KEYS);
  let next = 0;
  const { wall } = await usedBy(() =>
    inFlight(PUTS_IN_FLIGHT, () => (next < KEYS ? node.put(keyAt(keys, next++), VALUE) : undefined)),
  );
  await node.close();
  process.send({ seconds: wall / 1e6 });
  process.disconnect();
}

async function open(path, isCrashing) {
  let node;
  const used = await usedBy(async () => {
    node = await startOn(path);
    await node.ready();
  });
  const { keys } = node.status().shards.find(({ keyspace }) => keyspace === 'default');
  if (keys !== KEYS) throw new Error(`${keys} keys instead of ${KEYS}`);
  const found = await node.get(keyAt(makeKeys(1), 0));
  if (found.kv?.value.length !== VALUE.length) throw new Error('a value is missing');
  const mebibytes = process.memoryUsage().rss / 2 ** 20;
  process.send(
    { seconds: used.wall / 1e6, mainSeconds: used.main / 1e6, allSeconds: used.all / 1e6, mebibytes },
    async () => {
      if (isCrashing) await crash(node);
      await node.close();
      process.disconnect();
    },
  );
}

/** Overwrites keys and dies in the middle of it. */
async function crash(node) {
  const keys = makeKeys(100_000);
  let next = 0;
  const put = () => (next < 100_000 ? node.put(keyAt(keys, next++), VALUE) : process.kill(process.pid, 'SIGKILL'));
  await inFlight(PUTS_IN_FLIGHT, put);
}

/** Keeps `count` promises of `start` under way until it gives none. */
async function inFlight(count, start) {
  const run = async () => {
    for (let promise = start(); promise !== undefined; promise = start()) await promise;
  };
  await Promise.all(Array.from({ length: count }, run));
}
