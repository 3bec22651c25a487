// The revision store in LMDB: cost of a record in a commit, of a read and of a scanned row, beside the raw cost of the same bytes in one file.
// `node bench/store.mjs`; build first.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeRevisionKey } from '../packages/core/dist/kv/revision.js';
import { openLmdbStore } from '../packages/server/dist/storage/lmdb-revision-store.js';
import { usedBy } from './lib/cpu.mjs';
import { openBareLog } from './lib/raw.mjs';
import { figure, median } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const RECORD_BYTES = 300;
const ROUNDS = 200;

await inScratch(async (folder) => {
  for (const records of [500, 2_000]) await measureCommits(folder, records);
  await measureReads(folder);
});

async function measureCommits(folder, records) {
  const store = await openIn(folder, `commit-${records}`);
  const commit = committer(store, records);
  for (let round = 0; round < 20; round++) await commit();
  const used = await usedBy(async () => {
    for (let round = 0; round < ROUNDS; round++) await commit();
  });
  const perRecord = ROUNDS * records;
  const name = `store: commit of ${records} records of ${RECORD_BYTES} bytes`;
  figure(`${name}, main thread`, used.main / perRecord, 'µs CPU per record', { most: 1.5 });
  figure(`${name}, all threads`, used.all / perRecord, 'µs CPU per record', { most: 4 });
  figure(`${name}, time`, used.wall / perRecord, 'µs per record');
  const bare = openBareLog(join(folder, `raw-${records}`), records * (RECORD_BYTES + 12));
  const times = Array.from({ length: ROUNDS }, () => bare.append());
  bare.close();
  figure('raw: write and fdatasync of the same bytes, p50', (median(times) * 1000) / records, 'µs per record');
  await store.close();
}

async function measureReads(folder) {
  const store = await openIn(folder, 'reads');
  const commit = committer(store, 2_000);
  for (let round = 0; round < 150; round++) await commit();
  const rows = 300_000;
  const get = await usedBy(() => {
    for (let at = 0; at < rows; at++) {
      if (store.get(1 + ((at * 7_919) % rows), 0)?.length !== RECORD_BYTES) throw new Error('a record is missing');
    }
  });
  figure('store: read of a random record, in memory', get.main / rows, 'µs CPU', { most: 2.4 });
  let seen = 0;
  const scan = await usedBy(() => {
    store.scan(0, 0, (_main, _sub, record) => {
      seen += record.length;
      return true;
    });
  });
  if (seen !== rows * RECORD_BYTES) throw new Error('rows are missing');
  figure('store: scan', scan.main / rows, 'µs CPU per row', { most: 1.1 });
  await store.close();
}

function openIn(folder, name) {
  const path = join(folder, name);
  mkdirSync(path);
  return openLmdbStore(path);
}

/** Commits the next records, one view each of one arena, through one key buffer, as a cut does. */
function committer(store, records) {
  const arena = new Uint8Array(records * RECORD_BYTES).fill(7);
  const views = Array.from({ length: records }, (_, at) => arena.subarray(at * RECORD_BYTES, (at + 1) * RECORD_BYTES));
  const meta = new Uint8Array(80).fill(1);
  const put = { key: new Uint8Array(12), record: arena };
  let main = 0;
  function* puts() {
    for (const view of views) {
      writeRevisionKey(put.key, 0, ++main, 0);
      put.record = view;
      yield put;
    }
  }
  return () => store.commit({ puts: puts(), deletes: [], meta });
}
