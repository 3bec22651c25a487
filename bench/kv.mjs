/**
 * Speed and memory of core/kv, without disk: `node bench/kv.mjs [section…]`, sections: index, codec, apply, rebuild, chain (default: all).
 */
import { BytePool } from '../packages/core/dist/base/byte-pool.js';
import { buildBatch } from '../packages/core/dist/kv/entry-codec.js';
import { encodePut } from '../packages/core/dist/kv/command.js';
import { KeyIndex } from '../packages/core/dist/kv/key-index.js';
import { decodeMeta, INITIAL_META } from '../packages/core/dist/kv/meta.js';
import { EMPTY_STORE } from '../packages/core/dist/kv/ports.js';
import { Rebuild } from '../packages/core/dist/kv/rebuild.js';
import { revisionKeyMain } from '../packages/core/dist/kv/revision.js';
import { createStateMachine } from '../packages/core/dist/kv/state-machine.js';
import { bestOf } from './lib/cpu.mjs';
import { fillingEntries, KEY_BYTES, keyAt, makeEntries, makeKeys, scattered, VALUE } from './lib/puts.mjs';
import { figure } from './lib/report.mjs';

const MILLION = 1_000_000;

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
    const size = `${millions} M keys`;
    const keys = makeKeys(count);
    const before = process.memoryUsage().rss;
    let index;
    const insert = bestOf(1, count, () => {
      index = fillIndex(keys, count);
    });
    figure(`index insert, ${size}`, insert, 'µs CPU');
    const reserved = index.bytesReserved / count - KEY_BYTES;
    figure(`index memory beyond key bytes, ${size}`, reserved, 'bytes/key', { most: 150 });
    const resident = (process.memoryUsage().rss - before) / count - KEY_BYTES;
    figure(`resident memory beyond key bytes, ${size}`, resident, 'bytes/key', { most: 150 });
    const lookup = bestOf(5, MILLION, (round) => {
      for (let n = 0; n < MILLION; n += 1) {
        const key = scattered(n + round, count);
        if (!index.locate(keys, key * KEY_BYTES, (key + 1) * KEY_BYTES)) throw new Error('lost key');
      }
    });
    figure(`index lookup, ${size}`, lookup, 'µs CPU', millions === 1 ? { most: 1 } : undefined);
  }
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

function filledMachine(keys, sink) {
  const machine = createStateMachine({ store: EMPTY_STORE });
  applyEntries(machine, fillingEntries(keys), sink);
  return machine;
}

function benchApply() {
  const keys = makeKeys(MILLION);
  const machine = filledMachine(keys);
  const puts = 200_000;
  const rounds = Array.from({ length: 5 }, (_, round) => {
    const entries = makeEntries(keys, puts, (n) => scattered(n + round * puts, MILLION));
    return bestOf(1, puts, () => applyEntries(machine, entries));
  });
  const name = 'apply, put of 256 bytes over 1 M keys (decode, index, ring, hashes)';
  figure(name, Math.min(...rounds), 'µs CPU', { most: 2.5 });
  figure('apply, worst of 5 rounds', Math.max(...rounds), 'µs CPU');
}

function benchCodec() {
  const keys = makeKeys(1_000);
  const count = 200_000;
  const encodeAll = (pool) =>
    bestOf(3, count, () => {
      for (let n = 0; n < count; n += 1) encodePut(keyAt(keys, n % 1_000), VALUE, {}, pool);
    });
  figure('encode a put of 256 bytes', encodeAll(), 'µs CPU');
  figure('encode a put of 256 bytes into a pool', encodeAll(new BytePool()), 'µs CPU');
}

function benchRebuild() {
  const keys = makeKeys(MILLION);
  // Records as a store's scan shows them: one after the other in large blocks, not a million arrays for the collector.
  const block = new Uint8Array(400 * MILLION);
  const ends = new Float64Array(MILLION);
  let used = 0;
  let count = 0;
  let meta = INITIAL_META;
  filledMachine(keys, (cut) => {
    for (const { record } of cut.records()) {
      block.set(record, used);
      used += record.length;
      ends[count] = used;
      count += 1;
    }
    meta = decodeMeta(cut.meta);
  });
  const rebuilt = bestOf(3, count, () => {
    const rebuild = new Rebuild({ store: EMPTY_STORE }, meta);
    for (let n = 0; n < count; n += 1) rebuild.add(n + 2, 0, block.subarray(n === 0 ? 0 : ends[n - 1], ends[n]));
    rebuild.finish();
  });
  figure('rebuild of 1 M keys from records (index, content hash)', rebuilt, 'µs CPU per record', { most: 2 });
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
  figure('store reads of one get at an old revision, key with 1 M versions', most, 'reads', { most: 100 });
}

const SECTIONS = {
  index: benchIndex,
  codec: benchCodec,
  apply: benchApply,
  rebuild: benchRebuild,
  chain: benchChain,
};
const asked = process.argv.slice(2);
for (const [name, run] of Object.entries(SECTIONS)) if (asked.length === 0 || asked.includes(name)) run();
