/**
 * Speed and memory of core/kv, without disk: `node bench/kv.mjs [section…]`, sections: index, apply, codec, rebuild, chain, gc (default: all).
 * Prints one line per figure: `ok|short name measured target`. Never a timed test.
 */
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { BytePool } from '../packages/core/dist/base/byte-pool.js';
import { buildBatch } from '../packages/core/dist/kv/entry-codec.js';
import { encodePut } from '../packages/core/dist/kv/command.js';
import { KeyIndex } from '../packages/core/dist/kv/key-index.js';
import { INITIAL_META } from '../packages/core/dist/kv/meta.js';
import { EMPTY_STORE } from '../packages/core/dist/kv/ports.js';
import { Rebuild } from '../packages/core/dist/kv/rebuild.js';
import { revisionKeyMain } from '../packages/core/dist/kv/revision.js';
import { createStateMachine } from '../packages/core/dist/kv/state-machine.js';
import { decodeMeta } from '../packages/core/dist/kv/meta.js';

const KEY_BYTES = 16;
const HEX = '0123456789abcdef';
const MILLION = 1_000_000;

function report(name, measured, unit, target) {
  const word = target === undefined || measured <= target ? 'ok' : 'short';
  const wanted = target === undefined ? '-' : `<= ${target} ${unit}`;
  console.log(`${word}\t${name}\t${measured.toFixed(measured < 100 ? 2 : 0)} ${unit}\t${wanted}`);
}

/** `count` distinct keys of 16 bytes in no order, one after the other. */
function makeKeys(count) {
  const keys = new Uint8Array(count * KEY_BYTES);
  for (let n = 0; n < count; n += 1) {
    const first = Math.imul(n, 0x9e3779b1) >>> 0;
    const second = Math.imul(n ^ 0x55555, 0x85ebca77) >>> 0;
    for (let at = 0; at < 8; at += 1) {
      keys[n * KEY_BYTES + at] = HEX.charCodeAt((first >>> (4 * at)) & 15);
      keys[n * KEY_BYTES + 8 + at] = HEX.charCodeAt((second >>> (4 * at)) & 15);
    }
  }
  return keys;
}

/** Microseconds of CPU of this process per call; the best of `rounds`, since the machine is shared. */
function measure(rounds, count, run) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    run(round);
    const used = process.cpuUsage(before);
    best = Math.min(best, (used.user + used.system) / count);
  }
  return best;
}

function fillIndex(keys, count) {
  const index = new KeyIndex();
  for (let n = 0; n < count; n += 1) {
    if (index.locate(keys, n * KEY_BYTES, (n + 1) * KEY_BYTES)) throw new Error('duplicate key');
    index.state.main = n + 2;
    index.insert(keys, n * KEY_BYTES, (n + 1) * KEY_BYTES);
  }
  return index;
}

function benchIndex() {
  for (const millions of [1, 5]) {
    const count = millions * MILLION;
    const keys = makeKeys(count);
    const before = process.memoryUsage().rss;
    const start = process.cpuUsage();
    const index = fillIndex(keys, count);
    const used = process.cpuUsage(start);
    report(`index insert, ${millions} M keys`, (used.user + used.system) / count, 'us');
    report(
      `index memory beyond key bytes, ${millions} M keys`,
      index.bytesReserved / count - KEY_BYTES,
      'bytes/key',
      150,
    );
    report(
      `resident memory beyond key bytes, ${millions} M keys`,
      (process.memoryUsage().rss - before) / count - KEY_BYTES,
      'bytes/key',
      150,
    );
    const lookup = measure(5, MILLION, (round) => {
      for (let n = 0; n < MILLION; n += 1) {
        const key = (Math.imul(n + round, 245_389) >>> 0) % count;
        if (!index.locate(keys, key * KEY_BYTES, (key + 1) * KEY_BYTES)) throw new Error('lost key');
      }
    });
    report(`index lookup, ${millions} M keys`, lookup, 'us', millions === 1 ? 1 : undefined);
  }
}

const VALUE = new Uint8Array(256).fill(120);
const BATCH = 100;

/** Entries of 100 puts each over `count` keys from `first` on, in strides so that neighbours are far apart. */
function makeEntries(keys, keyCount, puts, salt) {
  const entries = [];
  for (let n = 0; n < puts; n += BATCH) {
    const commands = [];
    for (let at = n; at < n + BATCH; at += 1) {
      const key = salt < 0 ? at : (Math.imul(at + salt, 245_389) >>> 0) % keyCount;
      commands.push(encodePut(keys.subarray(key * KEY_BYTES, (key + 1) * KEY_BYTES), VALUE));
    }
    entries.push(buildBatch({ shardTimeMs: n, wallClockMs: 0 }, commands));
  }
  return entries;
}

/** Applies entries; every 2,000 records a flush is cut and at once done. `sink` gets the cuts. */
function applyEntries(machine, entries, sink) {
  for (const entry of entries) {
    machine.apply(entry, machine.appliedIndex + 1, 1);
    if (machine.unflushedRecords < 2_000) continue;
    const cut = machine.cutFlush();
    sink?.(cut);
    machine.flushDone(cut);
  }
}

function filledMachine(keys, count, sink) {
  const machine = createStateMachine({ store: EMPTY_STORE });
  for (let n = 0; n < count; n += 100_000) {
    applyEntries(machine, makeEntries(keys.subarray(n * KEY_BYTES), count, Math.min(100_000, count - n), -1), sink);
  }
  return machine;
}

function benchApply() {
  const keys = makeKeys(MILLION);
  const machine = filledMachine(keys, MILLION);
  const puts = 200_000;
  let entries = [];
  const rounds = [];
  for (let round = 0; round < 5; round += 1) {
    entries = makeEntries(keys, MILLION, puts, round * puts + 1);
    rounds.push(measure(1, puts, () => applyEntries(machine, entries)));
  }
  report('apply, put of 256 bytes over 1 M keys (decode, index, ring, hashes)', Math.min(...rounds), 'us', 2.5);
  report('apply, worst of 5 rounds', Math.max(...rounds), 'us');
}

function benchCodec() {
  const keys = makeKeys(1_000);
  const count = 200_000;
  const encode = measure(3, count, () => {
    for (let n = 0; n < count; n += 1)
      encodePut(keys.subarray((n % 1_000) * KEY_BYTES, ((n % 1_000) + 1) * KEY_BYTES), VALUE);
  });
  report('encode a put of 256 bytes', encode, 'us');
  const pool = new BytePool();
  const pooled = measure(3, count, () => {
    for (let n = 0; n < count; n += 1)
      encodePut(keys.subarray((n % 1_000) * KEY_BYTES, ((n % 1_000) + 1) * KEY_BYTES), VALUE, {}, pool);
  });
  report('encode a put of 256 bytes into a pool', pooled, 'us');
}

function benchRebuild() {
  const keys = makeKeys(MILLION);
  // Records as a store's scan shows them: one after the other in large blocks, not a million arrays for the collector.
  const block = new Uint8Array(400 * MILLION);
  const ends = new Float64Array(MILLION);
  let used = 0;
  let count = 0;
  let meta = INITIAL_META;
  filledMachine(keys, MILLION, (cut) => {
    for (const { record } of cut.records()) {
      block.set(record, used);
      used += record.length;
      ends[count] = used;
      count += 1;
    }
    meta = decodeMeta(cut.meta);
  });
  const rebuilt = measure(3, count, () => {
    const rebuild = new Rebuild({ store: EMPTY_STORE }, meta);
    for (let n = 0; n < count; n += 1) rebuild.add(n + 2, 0, block.subarray(n === 0 ? 0 : ends[n - 1], ends[n]));
    rebuild.finish();
  });
  report('rebuild of 1 M keys from records (index, content hash)', rebuilt, 'us', 2);
}

/** A key with a million versions, all of them flushed and most of them out of the ring. */
function benchChain() {
  const stored = new Map();
  let reads = 0;
  const store = {
    get: (main) => {
      reads += 1;
      return stored.get(main);
    },
    scan: () => undefined,
  };
  const machine = createStateMachine({ store }, { ringBytesMax: 8 << 20 });
  const key = new Uint8Array(KEY_BYTES).fill(97);
  const commands = Array.from({ length: 1_000 }, () => encodePut(key, VALUE.subarray(0, 8)));
  const entry = buildBatch({ shardTimeMs: 0, wallClockMs: 0 }, commands);
  for (let n = 0; n < 1_000; n += 1) {
    machine.apply(entry, n + 1, 1);
    const cut = machine.cutFlush();
    for (const row of cut.records()) stored.set(revisionKeyMain(row.key), row.record.slice());
    machine.flushDone(cut);
  }
  let most = 0;
  for (let n = 0; n < 2_000; n += 1) {
    const revision = 2 + ((n * 499_979) % MILLION);
    reads = 0;
    if (machine.get(key, revision).modRevision !== revision) throw new Error('wrong version');
    most = Math.max(most, reads);
  }
  report('store reads of one get at an old revision, key with 1 M versions, worst', most, 'reads', 100);
}

async function benchGc() {
  const count = 5 * MILLION;
  const keys = makeKeys(count);
  const machine = filledMachine(keys, count);
  const pauses = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) pauses.push(entry.duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  const end = performance.now() + 8_000;
  let puts = 0;
  while (performance.now() < end) {
    applyEntries(machine, makeEntries(keys, count, 20_000, puts));
    puts += 20_000;
    await new Promise((resolve) => setImmediate(resolve));
  }
  observer.disconnect();
  report(
    `longest GC pause, 5 M keys, ${Math.round(puts / 8_000)} k puts/s with encoding`,
    Math.max(0, ...pauses),
    'ms',
    100,
  );
  report('process memory with 5 M keys', process.memoryUsage().rss / 2 ** 20, 'MiB');
}

const SECTIONS = {
  index: benchIndex,
  codec: benchCodec,
  apply: benchApply,
  rebuild: benchRebuild,
  chain: benchChain,
  gc: benchGc,
};
const asked = process.argv.slice(2);
for (const [name, run] of Object.entries(SECTIONS)) if (asked.length === 0 || asked.includes(name)) await run();
