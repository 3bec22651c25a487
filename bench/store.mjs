// The revision store in LMDB: cost of a record in a commit, of a read and of a scanned row, beside the raw cost of the same bytes in one file.
// `node bench/store.mjs [directory]`; build first. Lines: ok|short, name, measured, target.
import { mkdirSync, mkdtempSync, openSync, closeSync, fdatasyncSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const dist = (path) => new URL(`../packages/${path}`, import.meta.url);
const { openLmdbStore } = await import(dist('server/dist/storage/lmdb-revision-store.js'));
const { Flusher } = await import(dist('server/dist/storage/flusher.js'));
const { FlushGate } = await import(dist('server/dist/storage/flush-gate.js'));
const { createRealEnv } = await import(dist('server/dist/env/real-env.js'));
const { silentLog } = await import(dist('server/dist/env/silent-log.js'));
const { decodeMeta } = await import(dist('core/dist/kv/meta.js'));
const { Rebuild } = await import(dist('core/dist/kv/rebuild.js'));
const { createStateMachine } = await import(dist('core/dist/kv/state-machine.js'));
const { encodePut } = await import(dist('core/dist/kv/command.js'));
const { buildBatch } = await import(dist('core/dist/kv/entry-codec.js'));
const { writeRevisionKey } = await import(dist('core/dist/kv/revision.js'));

const RECORD_BYTES = 300;
const ROUNDS = 200;
const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'kvorum-bench-'));
let isShort = false;
try {
  await measure();
} finally {
  rmSync(directory, { recursive: true });
}
process.exitCode = isShort ? 1 : 0;

async function measure() {
  for (const records of [500, 2_000]) await measureCommits(records);
  await measureReads();
  await measureApply();
  await measureOpen();
}

// Opening a store with a million keys: LMDB, one scan, the index rebuilt and the content hash computed again.
async function measureOpen() {
  const path = newDirectory('open');
  const keys = 1_000_000;
  let store = await openLmdbStore(path);
  let machine = createStateMachine({ store });
  const flusher = flusherOf(machine, store);
  const value = new Uint8Array(256).fill(7);
  for (let index = 1; index <= keys / 1_000; index++) {
    const commands = Array.from({ length: 1_000 }, (_, at) => {
      const key = keyOf(index * 1_000 + at);
      return encodePut(Buffer.from(key), value);
    });
    machine.apply(buildBatch({ shardTimeMs: index, wallClockMs: 0 }, commands), index, 1);
    flusher.noteApplied();
    if (machine.isFull || index % 20 === 0) await flusher.flush();
  }
  await flusher.flush();
  await flusher.stop();
  const before = machine.keyCount;
  await store.close();
  const used = await cpuOf(async () => {
    store = await openLmdbStore(path);
    const rebuild = new Rebuild({ store }, decodeMeta(store.readMeta()));
    store.scan(0, 0, (main, sub, record) => {
      rebuild.add(main, sub, record);
      return true;
    });
    machine = rebuild.finish();
  });
  if (machine.keyCount !== before) throw new Error('keys are missing');
  report(`open a store with ${before} 16-byte keys, 256-byte values`, used.wall / 1e6, 3, 's');
  console.log(`ok\tits CPU, all threads\t${(used.all / 1e6).toFixed(2)} s\t-`);
  await store.close();
}

/** 16 hex digits, distinct, in no order. */
function keyOf(n) {
  const half = (seed) => (Math.imul(n ^ seed, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return half(0) + half(0x5_5555);
}

function flusherOf(source, store) {
  const onFailed = (error) => {
    throw error;
  };
  const { clock } = createRealEnv({ log: silentLog });
  return new Flusher({ clock, gate: new FlushGate(), source, store, onFlushed: () => undefined, onFailed });
}

// Index, ring and write-behind: entries of 100 puts of 8-byte keys and 256-byte values, 200,000 keys, flushed as in a node.
async function measureApply() {
  const store = await openLmdbStore(newDirectory('apply'));
  const machine = createStateMachine({ store });
  const flusher = flusherOf(machine, store);
  const value = new Uint8Array(256).fill(7);
  const entries = Array.from({ length: 4_000 }, (_, entry) => {
    const commands = Array.from({ length: 100 }, (_, at) => {
      const key = String(((entry * 100 + at) * 7_919) % 200_000).padStart(8, '0');
      return encodePut(Buffer.from(key), value);
    });
    return buildBatch({ shardTimeMs: entry, wallClockMs: 0 }, commands);
  });
  const apply = async (from, to) => {
    for (let at = from; at < to; at++) {
      machine.apply(entries[at], at + 1, 1);
      flusher.noteApplied();
      if (machine.isFull) await flusher.flush();
      if (at % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await flusher.flush();
  };
  await apply(0, 1_000);
  const used = await cpuOf(() => apply(1_000, entries.length));
  const puts = (entries.length - 1_000) * 100;
  report('apply path: index, ring and write-behind of a put, main thread', used.main / puts, 4, 'µs CPU per put');
  report('apply path: index, ring and write-behind of a put, all threads', used.all / puts, 8, 'µs CPU per put');
  await flusher.stop();
  await store.close();
}

async function measureCommits(records) {
  const store = await openLmdbStore(newDirectory(`commit-${records}`));
  const commit = committer(store, records);
  for (let round = 0; round < 20; round++) await commit();
  const used = await cpuOf(async () => {
    for (let round = 0; round < ROUNDS; round++) await commit();
  });
  const perRecord = ROUNDS * records;
  const name = `store: commit of ${records} records of ${RECORD_BYTES} bytes`;
  report(`${name}, main thread`, used.main / perRecord, 1.5, 'µs CPU per record');
  report(`${name}, all threads`, used.all / perRecord, 4, 'µs CPU per record');
  console.log(`ok\t${name}, time\t${(used.wall / perRecord).toFixed(2)} µs per record\t-`);
  console.log(`ok\traw: write and fdatasync of the same bytes, time\t${raw(records)} µs per record\t-`);
  await store.close();
}

async function measureReads() {
  const store = await openLmdbStore(newDirectory('reads'));
  const commit = committer(store, 2_000);
  for (let round = 0; round < 150; round++) await commit();
  const rows = 300_000;
  const gets = 300_000;
  const get = await cpuOf(async () => {
    for (let at = 0; at < gets; at++) {
      if (store.get(1 + ((at * 7_919) % rows), 0)?.length !== RECORD_BYTES) throw new Error('a record is missing');
    }
  });
  report('store: read of a random record, in memory', get.main / gets, 2.4, 'µs CPU');
  let seen = 0;
  const scan = await cpuOf(async () => {
    store.scan(0, 0, (_main, _sub, record) => {
      seen += record.length;
      return true;
    });
  });
  if (seen !== rows * RECORD_BYTES) throw new Error('rows are missing');
  report('store: scan', scan.main / rows, 1.1, 'µs CPU per row');
  await store.close();
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

/** Time per record of the least that durability costs: write and fdatasync. */
function raw(records) {
  const file = openSync(join(directory, `raw-${records}`), 'w');
  const bytes = new Uint8Array(records * (RECORD_BYTES + 12));
  const started = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  closeSync(file);
  return (((performance.now() - started) * 1000) / (ROUNDS * records)).toFixed(2);
}

function newDirectory(name) {
  const path = join(directory, name);
  mkdirSync(path);
  return path;
}

/** Microseconds: CPU of this thread, CPU of all threads, and time. */
async function cpuOf(run) {
  const before = { all: process.cpuUsage(), main: mainThreadMicros(), wall: performance.now() };
  await run();
  const all = process.cpuUsage(before.all);
  return {
    all: all.user + all.system,
    main: mainThreadMicros() - before.main,
    wall: (performance.now() - before.wall) * 1000,
  };
}

/** User and system time of the main thread. Linux counts it in ticks of 10 ms; elsewhere it is not told and NaN. */
function mainThreadMicros() {
  try {
    const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

function report(name, measured, target, unit) {
  const isOk = measured <= target;
  isShort ||= !isOk;
  console.log(`${isOk ? 'ok' : 'short'}\t${name}\t${measured.toFixed(2)} ${unit}\t<= ${target} ${unit}`);
}
