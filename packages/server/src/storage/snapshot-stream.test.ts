import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeU32 } from '@kvorum/core/base/bytes.js';
import { encodeMeta, INITIAL_META } from '@kvorum/core/kv/meta.js';
import { ContentHash } from '@kvorum/core/kv/state-hash.js';
import { MemoryRevisionStore } from './memory-revision-store.js';
import type { RevisionStore, StorePut } from './revision-store.js';
import { installSnapshot, verifySnapshot } from './snapshot-decoder.js';
import { encodeSnapshot } from './snapshot-encoder.js';
import {
  sealSection,
  SECTION_HEADER_BYTES,
  SectionReader,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_MAGIC,
  SnapshotError,
  type SnapshotErrorCode,
} from './snapshot-format.js';
import { putOf, revisionsOf } from './testing/revision-store-suite.js';

const clock = { nowMs: () => 0, defer: (run: () => void) => setImmediate(run) };

/** A store with these rows and a meta row that has their content hash. */
async function storeOf(puts: readonly StorePut[], changes: { low?: number } = {}): Promise<RevisionStore> {
  const store = new MemoryRevisionStore('source');
  await store.commit({ puts, deletes: [], meta: Uint8Array.of(1) });
  const hash = new ContentHash({ low: 0, high: 0 });
  store.scan(0, 0, (main, sub, record) => {
    hash.add(main, sub, record, 0, record.length);
    return true;
  });
  const meta = {
    ...INITIAL_META,
    appliedIndex: 9,
    appliedTerm: 2,
    currentRevision: 77,
    contentHash: { ...hash.value, ...changes },
  };
  await store.commit({ puts: [], deletes: [], meta: encodeMeta(meta) });
  return store;
}

async function encode(store: RevisionStore, chunkBytes = 256 * 1024): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeSnapshot(clock, store.openSnapshot(), 1, { chunkBytes })) chunks.push(chunk);
  return chunks;
}

async function* stream(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const isRefused =
  (...codes: SnapshotErrorCode[]) =>
  (error: unknown) =>
    error instanceof SnapshotError && codes.includes(error.code);

const joined = (chunks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));

const smallPuts = [putOf(2), putOf(2, 1), putOf(7, 0, 33), putOf(2 ** 33, 3, 40)];

test('R15: an installed snapshot has the rows and the meta of its source, cut anywhere', async () => {
  const source = await storeOf(smallPuts);
  const whole = joined(await encode(source, 50));
  for (const size of [1, 7, 50, 1_000]) {
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
      whole.slice(at * size, (at + 1) * size),
    );
    const target = new MemoryRevisionStore('target');
    const content = await installSnapshot(stream(...pieces), 1, target);
    assert.deepEqual([content.rows, content.meta.currentRevision], [4, 77]);
    assert.deepEqual(revisionsOf(target), revisionsOf(source));
    assert.deepEqual(target.readMeta(), source.readMeta());
  }
});

test('large records and many rows: no chunk above 256 KiB, commits are bounded, the loop turns between chunks', async () => {
  const puts = [
    ...Array.from({ length: 12_000 }, (_, at) => putOf(at + 1)),
    putOf(20_000, 0, 1_572_864),
    putOf(20_001),
  ];
  const source = await storeOf(puts);
  const chunks = await encode(source);
  assert.ok(chunks.every((chunk) => chunk.length <= 256 * 1024 + 2 * SECTION_HEADER_BYTES));
  const target = new MemoryRevisionStore('target');
  const commits: number[] = [];
  const counting: RevisionStore = Object.create(target, {
    commit: {
      value: (batch: { puts: StorePut[] } & Parameters<RevisionStore['commit']>[0]) => {
        commits.push(batch.puts.length);
        return target.commit(batch);
      },
    },
  });
  await installSnapshot(stream(...chunks), 1, counting);
  assert.ok(Math.max(...commits) < 5_000 + (256 * 1024) / 36, String(commits));
  assert.deepEqual(target.get(20_000, 0)?.slice(), putOf(20_000, 0, 1_572_864).record);
  assert.equal(revisionsOf(target).length, puts.length);
});

test('R15: an empty store with a meta row is a snapshot; an empty stream is not', async () => {
  const target = new MemoryRevisionStore('target');
  assert.equal((await installSnapshot(stream(...(await encode(await storeOf([])))), 1, target)).rows, 0);
  await assert.rejects(verifySnapshot(stream(), 1), isRefused('SNAPSHOT_INCOMPLETE'));
  await assert.rejects(verifySnapshot(stream(new Uint8Array(0)), 1), isRefused('SNAPSHOT_INCOMPLETE'));
});

test('R15: every flipped byte and every cut is refused, and the target keeps no meta row that counts', async () => {
  const whole = joined(await encode(await storeOf(smallPuts), 60));
  assert.equal((await verifySnapshot(stream(whole), 1)).rows, 4);
  for (let at = 0; at < whole.length; at += 1) {
    await assert.rejects(verifySnapshot(stream(whole.slice(0, at)), 1), isRefused('SNAPSHOT_INCOMPLETE'));
    for (const flip of [1, 0x40, 0xff]) {
      const bad = whole.slice();
      bad[at] = (bad[at] ?? 0) ^ flip;
      const target = new MemoryRevisionStore('target');
      const refused = installSnapshot(stream(bad), 1, target);
      await assert.rejects(refused, isRefused('SNAPSHOT_DAMAGED', 'SNAPSHOT_INCOMPLETE'));
      assert.ok((target.readMeta()?.length ?? 0) <= 1);
    }
  }
  await assert.rejects(
    verifySnapshot(stream(whole, Uint8Array.of(0)), 1),
    isRefused('SNAPSHOT_DAMAGED', 'SNAPSHOT_INCOMPLETE'),
  );
});

test('R15: a chunk left out, repeated, exchanged or of another stream is refused', async () => {
  const chunks = await encode(await storeOf(smallPuts), 40);
  const others = await encode(await storeOf([putOf(3), ...smallPuts.slice(1)]), 40);
  for (let at = 0; at < chunks.length - 1; at += 1) {
    const [head, one, two, tail] = [
      chunks.slice(0, at),
      chunks.slice(at, at + 1),
      chunks.slice(at + 1, at + 2),
      chunks.slice(at + 2),
    ];
    const other = others.slice(at, at + 1);
    for (const order of [[two], [one, one, two], [two, one], [other, two]]) {
      const bad = [...head, ...order.flat(), ...tail];
      if (joined(bad).every((byte, place) => byte === joined(chunks)[place])) continue;
      await assert.rejects(verifySnapshot(stream(...bad), 1), isRefused('SNAPSHOT_DAMAGED', 'SNAPSHOT_INCOMPLETE'));
    }
  }
});

test('a newer format and another shard are refused by their names', async () => {
  const [first, ...rest] = await encode(await storeOf(smallPuts));
  await assert.rejects(
    verifySnapshot(stream(first ?? new Uint8Array(), ...rest), 2),
    isRefused('SNAPSHOT_OTHER_SHARD'),
  );
  const newer = first?.slice() ?? new Uint8Array();
  newer[8 + SECTION_HEADER_BYTES] = 2;
  sealSection(newer.subarray(8), 1, 0, 0);
  await assert.rejects(verifySnapshot(stream(newer, ...rest), 1), isRefused('SNAPSHOT_NEWER_FORMAT'));
});

test('R14: rows that do not have the content hash of the meta row are never sent as a snapshot', async () => {
  await assert.rejects(encode(await storeOf(smallPuts, { low: 1 })), isRefused('SNAPSHOT_DAMAGED'));
});

test('a snapshot is closed at its end, when it takes too long and when it is abandoned', async () => {
  const source = await storeOf(smallPuts);
  let nowMs = 0;
  const slow = { nowMs: () => (nowMs += 400), defer: clock.defer };
  const send = async () => {
    for await (const _ of encodeSnapshot(slow, source.openSnapshot(), 1, { sendMsMax: 1_000, chunkBytes: 20 }))
      continue;
  };
  await assert.rejects(send(), isRefused('SNAPSHOT_TOO_SLOW'));
  for await (const _ of encodeSnapshot(clock, source.openSnapshot(), 1)) break;
  await encode(source);
  // Would wait for ever if a reader were still open.
  await source.close();
});

test('S1: noise, and sections with a right checksum and any content, are refused by a typed error', async () => {
  const whole = joined(await encode(await storeOf(smallPuts), 60));
  const magic = whole.slice(0, SNAPSHOT_MAGIC.length);
  const any = isRefused('SNAPSHOT_DAMAGED', 'SNAPSHOT_INCOMPLETE', 'SNAPSHOT_NEWER_FORMAT', 'SNAPSHOT_OTHER_SHARD');
  const section = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.uint8Array({ maxLength: 120 }));
  await fc.assert(
    fc.asyncProperty(fc.array(section, { maxLength: 4 }), fc.uint8Array({ maxLength: 60 }), async (sections, noise) => {
      await assert.rejects(verifySnapshot(stream(noise), 1), any);
      await assert.rejects(verifySnapshot(stream(magic, noise), 1), any);
      let crc = 0;
      const sealed = sections.map(([type, payload], sequence) => {
        const bytes = new Uint8Array(SECTION_HEADER_BYTES + payload.length);
        bytes.set(payload, SECTION_HEADER_BYTES);
        crc = sealSection(bytes, type, sequence, crc);
        return bytes;
      });
      await assert.rejects(verifySnapshot(stream(magic, ...sealed), 1), any);
    }),
    { numRuns: 500 },
  );
});

test('S1: memory grows with the sections that have come, not with what their headers claim', () => {
  const header = new Uint8Array(SECTION_HEADER_BYTES);
  writeU32(header, 8, SNAPSHOT_CHUNK_BYTES_MAX);
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 1_000; count += 1) {
    const reader = new SectionReader();
    reader.push(SNAPSHOT_MAGIC, () => assert.fail('no section is whole'));
    reader.push(header, () => assert.fail('no section is whole'));
  }
  const allocated = process.memoryUsage().arrayBuffers - before;
  assert.ok(allocated < 4 << 20, `${allocated} bytes for 1,000 claims of ${SNAPSHOT_CHUNK_BYTES_MAX}`);
  writeU32(header, 8, SNAPSHOT_CHUNK_BYTES_MAX + 1);
  const reader = new SectionReader();
  reader.push(SNAPSHOT_MAGIC, () => undefined);
  assert.throws(() => reader.push(Uint8Array.of(...header, 0), () => undefined), isRefused('SNAPSHOT_DAMAGED'));
});
