import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeCompact, encodeDelete, encodePut } from './command.js';
import { buildBatch } from './entry-codec.js';
import { CorruptError } from './errors.js';
import type { StateMachine } from './state-machine.js';
import { MemoryStore } from './testing/memory-store.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function apply(machine: StateMachine, ...commands: Uint8Array[]): void {
  machine.apply(buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, commands), machine.appliedIndex + 1, 1);
}

function flush(store: MemoryStore, machine: StateMachine): void {
  const cut = machine.cutFlush();
  store.commit(cut);
  machine.flushDone(cut);
}

function filledStore(): MemoryStore {
  const store = new MemoryStore();
  const machine = store.open();
  apply(
    machine,
    encodePut(bytes('a'), bytes('1')),
    encodePut(bytes('b'), bytes('2')),
    encodePut(bytes('a'), bytes('3')),
  );
  apply(machine, encodeDelete(bytes('b')));
  flush(store, machine);
  return store;
}

test('R14: any flipped bit of a hashed byte, a lost or a foreign record is found when a store is opened', () => {
  const store = filledStore();
  store.open();
  for (const [key, record] of store.records) {
    for (let at = 0; at < record.length; at += 1) {
      // Links, author and deadline are no part of the hash.
      if (at >= 4 && at < 48) continue;
      for (const bit of [1, 4, 128]) {
        const damaged = store.fork();
        const copy = record.slice();
        copy[at] = (copy[at] ?? 0) ^ bit;
        damaged.records.set(key, copy);
        assert.throws(() => damaged.open(), CorruptError, `byte ${at}`);
      }
    }
    const lossy = store.fork();
    lossy.records.delete(key);
    assert.throws(() => lossy.open(), CorruptError);
  }
  const foreign = store.fork();
  foreign.records.set('00000000000000ff00000000', [...store.records.values()][0] ?? new Uint8Array(0));
  assert.throws(() => foreign.open(), CorruptError);
});

test('R14: two commands in another order give another chain hash', () => {
  const entries = ['1', '2'].map((value) =>
    buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, [encodePut(bytes('a'), bytes(value))]),
  );
  const hashes = [entries, entries.toReversed()].map((order) => {
    const machine = new MemoryStore().open();
    for (const entry of order) machine.apply(entry, machine.appliedIndex + 1, 1);
    return machine.chainHash;
  });
  assert.notDeepEqual(hashes[0], hashes[1]);
});

test('a record that is missing above compactRevision is corruption, one at or below it is absence', () => {
  const store = filledStore();
  const machine = store.open();
  assert.equal(Buffer.from(machine.get(bytes('a'), 2)?.value ?? []).toString(), '1');
  store.records.delete('000000000000000200000000');
  assert.throws(() => machine.get(bytes('a'), 2), CorruptError);
  apply(machine, encodeCompact(3));
  assert.equal(machine.get(bytes('a'), 3), undefined);
  store.records.delete('000000000000000400000000');
  assert.throws(() => machine.get(bytes('a')), CorruptError);
});

test('R9: compaction progress, deletes and content hash commit together at every slice', () => {
  const store = new MemoryStore();
  let machine = store.open();
  for (let n = 0; n < 12; n += 1)
    apply(machine, encodePut(bytes(`k${n % 3}`), bytes(String(n))), encodeDelete(bytes(`k${(n + 1) % 4}`)));
  flush(store, machine);
  apply(machine, encodeCompact(machine.currentRevision - 1));
  flush(store, machine);
  let slices = 0;
  while (machine.compactSlice(2)) {
    flush(store, machine);
    machine = store.open();
    slices += 1;
  }
  assert.ok(slices > 5);
  assert.equal(machine.isCompacting, false);
  // Beside the live keys: the tombstone above compactRevision and the version it buried.
  assert.deepEqual(
    [store.records.size, machine.meta.compactRevision],
    [machine.keyCount + 2, machine.currentRevision - 1],
  );
});

test('the ring asks for a pause when nothing can be flushed, and goes on after', () => {
  const store = new MemoryStore();
  const machine = store.open({ ringBytesMax: 2 << 20 });
  for (let n = 0; n < 3; n += 1) apply(machine, encodePut(bytes(`k${n}`), new Uint8Array(400_000)));
  assert.equal(machine.isFull, true);
  assert.deepEqual([machine.flushedIndex, machine.unflushedRecords], [0, 3]);
  flush(store, machine);
  assert.deepEqual([machine.isFull, machine.flushedIndex, machine.unflushedRecords], [false, 3, 0]);
});
