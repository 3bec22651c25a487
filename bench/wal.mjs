// The write-ahead log against the disk it stands on, measured in turns in one run. `node bench/wal.mjs [directory]`; build first.
import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { percentile, report } from './lib.mjs';

const dist = new URL('../packages/server/dist/', import.meta.url);
const { createRealEnv } = await import(new URL('env/real-env.js', dist));
const { silentLog } = await import(new URL('env/silent-log.js', dist));
const { openWal } = await import(new URL('storage/wal/open-wal.js', dist));

const { WAL_DEFAULTS } = await import(new URL('storage/wal/options.js', dist));

const VALUE_BYTES = 256;
const ROUNDS = 10;
const APPENDS_PER_ROUND = 300;
const WARM_UP = 300;
const WRITERS = 256;
const GROUP_MS = 3000;

const root = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'kvorum-bench-wal-'));
const env = createRealEnv({ log: silentLog });
const events = {
  onFailure(error) {
    throw error;
  },
  onSpace() {},
};
const { wal } = await openWal(env, root, { reserveBytes: 0 }, events);
const data = new Uint8Array(VALUE_BYTES).fill(7);
let index = 0;
const nextAppend = () => [
  {
    shard: 1,
    entries: [{ index: ++index, term: 1, type: 'normal', data }],
    hardState: { term: 1, vote: 1, commit: index - 1 },
  },
];

try {
  await oneWriter();
  await manyWriters();
} finally {
  await wal.close();
  rmSync(root, { recursive: true });
}

async function oneWriter() {
  const append = () => new Promise((resolve) => wal.append(nextAppend(), resolve));
  const bare = openBare();
  // The next segment is made ahead in the background, once per 64 MiB: not what this measures.
  while (wal.bytes < 2 * WAL_DEFAULTS.segmentBytes) await new Promise((resolve) => setTimeout(resolve, 20));
  for (let i = 0; i < WARM_UP; i++) await append();
  for (let i = 0; i < WARM_UP; i++) bare.append();
  const [bareTimes, walTimes, ratios] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const [bareRound, walRound] = [[], []];
    for (let i = 0; i < APPENDS_PER_ROUND; i++) bareRound.push(bare.append());
    for (let i = 0; i < APPENDS_PER_ROUND; i++) {
      const start = performance.now();
      await append();
      walRound.push(performance.now() - start);
    }
    bareTimes.push(...bareRound);
    walTimes.push(...walRound);
    ratios.push(percentile(walRound, 0.5) / percentile(bareRound, 0.5));
  }
  bare.close();
  const micros = (samples, share) => percentile(samples, share) * 1000;
  const [bareP50, walP50] = [micros(bareTimes, 0.5), micros(walTimes, 0.5)];
  report('bare preallocated write + fdatasync, p50', bareP50, 'µs');
  report('bare preallocated write + fdatasync, p99', micros(bareTimes, 0.99), 'µs');
  report('WAL: durable append, one writer, p99', micros(walTimes, 0.99), 'µs');
  report(
    'WAL: durable append, one writer, p50',
    walP50,
    'µs',
    `<= ${(bareP50 * 1.4).toFixed(0)} µs (1.4 x bare)`,
    walP50 <= bareP50 * 1.4,
  );
  report(
    'WAL: append / bare, median of the rounds',
    percentile(ratios, 0.5),
    'x',
    '<= 1.4 x',
    percentile(ratios, 0.5) <= 1.4,
  );
}

// The same number of bytes as an append has in the log, on the thread that measures.
function openBare() {
  const fd = openSync(join(root, 'bare.dat'), 'w+');
  const zeros = new Uint8Array(1024 * 1024);
  for (let at = 0; at < 8; at++) writeSync(fd, zeros, 0, zeros.length, at * zeros.length);
  fsyncSync(fd);
  const bytes = new Uint8Array(384).fill(7);
  let position = 0;
  return {
    append() {
      const start = performance.now();
      writeSync(fd, bytes, 0, bytes.length, position);
      fdatasyncSync(fd);
      position += bytes.length;
      return performance.now() - start;
    },
    close: () => closeSync(fd),
  };
}

// Each writer hands in its next append when the last one is durable.
async function manyWriters() {
  const before = { ...wal.stats };
  const cpu = process.cpuUsage();
  const start = performance.now();
  const times = [];
  await new Promise((resolve) => {
    let running = WRITERS;
    const write = () => {
      if (performance.now() - start > GROUP_MS) {
        if (--running === 0) resolve();
        return;
      }
      const started = performance.now();
      wal.append(nextAppend(), () => {
        times.push(performance.now() - started);
        if (index % 1000 === 0) wal.compact(1, { index: index - 500, term: 1 });
        write();
      });
    };
    for (let i = 0; i < WRITERS; i++) write();
  });
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const entries = wal.stats.entries - before.entries;
  const perSync = entries / (wal.stats.syncs - before.syncs);
  report(`WAL: ${WRITERS} writers, entries per sync`, perSync, '', '>= 50', perSync >= 50);
  report(`WAL: ${WRITERS} writers, durable appends`, entries / seconds, '/s');
  report(`WAL: ${WRITERS} writers, p50`, percentile(times, 0.5) * 1000, 'µs');
  report(`WAL: ${WRITERS} writers, CPU per append, all threads`, (used.user + used.system) / entries, 'µs');
}
