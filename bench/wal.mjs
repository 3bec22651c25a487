// The write-ahead log against the disk it stands on, measured in turns in one run. `node bench/wal.mjs`; build first.
import { join } from 'node:path';
import { createRealEnv } from '../packages/server/dist/env/real-env.js';
import { silentLog } from '../packages/server/dist/env/silent-log.js';
import { openWal } from '../packages/server/dist/storage/wal/open-wal.js';
import { WAL_DEFAULTS } from '../packages/server/dist/storage/wal/options.js';
import { usedBy } from './lib/cpu.mjs';
import { openBareLog } from './lib/raw.mjs';
import { figure, median, percentile } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const VALUE_BYTES = 256;
/** What one append of such a value takes in the log. */
const BARE_BYTES = 384;
const ROUNDS = 10;
const APPENDS_PER_ROUND = 300;
const WARM_UP = 300;
const WRITERS = 256;
const GROUP_MS = 3000;

await inScratch(async (folder) => {
  const env = createRealEnv({ log: silentLog });
  const events = {
    onFailure(error) {
      throw error;
    },
    onSpace() {},
  };
  const { wal } = await openWal(env, folder, { reserveBytes: 0 }, events);
  const data = new Uint8Array(VALUE_BYTES).fill(7);
  let index = 0;
  const append = (onSynced) => {
    index += 1;
    const entries = [{ index, term: 1, type: 'normal', data }];
    wal.append([{ shard: 1, entries, hardState: { term: 1, vote: 1, commit: index - 1 } }], onSynced);
    if (index % 1000 === 0) wal.compact(1, { index: index - 500, term: 1 });
  };
  await oneWriter(wal, append, join(folder, 'bare.dat'));
  await manyWriters(wal, append);
  await wal.close();
});

async function oneWriter(wal, append, barePath) {
  const timed = async () => {
    const start = performance.now();
    await new Promise(append);
    return performance.now() - start;
  };
  const bare = openBareLog(barePath, BARE_BYTES);
  // The next segment is made ahead in the background, once per 64 MiB: not what this measures.
  while (wal.bytes < 2 * WAL_DEFAULTS.segmentBytes) await new Promise((resolve) => setTimeout(resolve, 20));
  for (let i = 0; i < WARM_UP; i++) await timed();
  for (let i = 0; i < WARM_UP; i++) bare.append();
  const [bareTimes, walTimes, ratios] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const [bareRound, walRound] = [[], []];
    for (let i = 0; i < APPENDS_PER_ROUND; i++) bareRound.push(bare.append() * 1000);
    for (let i = 0; i < APPENDS_PER_ROUND; i++) walRound.push((await timed()) * 1000);
    bareTimes.push(...bareRound);
    walTimes.push(...walRound);
    ratios.push(median(walRound) / median(bareRound));
  }
  bare.close();
  figure('raw: preallocated write + fdatasync, p50', median(bareTimes), 'µs');
  figure('raw: preallocated write + fdatasync, p99', percentile(bareTimes, 0.99), 'µs');
  const because = '1.4 x raw';
  figure('WAL: durable append, one writer, p50', median(walTimes), 'µs', { most: median(bareTimes) * 1.4, because });
  figure('WAL: durable append, one writer, p99', percentile(walTimes, 0.99), 'µs');
  figure('WAL: append / raw, median of the rounds', median(ratios), 'x', { most: 1.4 });
}

// Each writer hands in its next append when the last one is durable.
async function manyWriters(wal, append) {
  const before = { ...wal.stats };
  const start = performance.now();
  const times = [];
  const writer = async () => {
    for (let sent = start; sent - start < GROUP_MS; sent = performance.now()) {
      await new Promise(append);
      times.push((performance.now() - sent) * 1000);
    }
  };
  const used = await usedBy(() => Promise.all(Array.from({ length: WRITERS }, writer)));
  const entries = wal.stats.entries - before.entries;
  const name = `WAL: ${WRITERS} writers`;
  figure(`${name}, entries per sync`, entries / (wal.stats.syncs - before.syncs), '', { least: 50 });
  figure(`${name}, durable appends`, (entries / used.wall) * 1e6, '/s');
  figure(`${name}, p50`, median(times), 'µs');
  figure(`${name}, CPU per append, all threads`, used.all / entries, 'µs');
}
