import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MemoryDisk } from '../../env/testing/memory-disk.js';
import { RECORD_TYPE, readRecord } from './record.js';
import { type RecoveredLog, recoverLog } from './recover.js';
import { readBatch } from './scan.js';
import { SEGMENT_HEADER_BYTES, segmentPath } from './segment-file.js';
import { entries, entry, newDisk, openFixture, shape, state, WAL_DIR, write } from './testing/wal-fixture.js';
import { WalDamagedError } from './wal-errors.js';

/** Everything that a restart tells of shards 1 and 2. */
function summary(found: RecoveredLog): string {
  const all = found.replay.recovered();
  return JSON.stringify(
    [1, 2].map((shard) => [shape(all.get(shard)), all.get(shard)?.hardState, all.get(shard)?.logStart]),
  );
}

async function summaryOf(disk: MemoryDisk): Promise<string> {
  return summary(await recoverLog({ disk: disk.copy() }, WAL_DIR));
}

interface BuiltLog {
  readonly disk: MemoryDisk;
  /** Before the last batch, and after it. */
  readonly before: { readonly disk: MemoryDisk; readonly summary: string };
  readonly after: string;
}

/** A log of three segments in use; the last batch holds several records over several sectors. */
async function buildLog(): Promise<BuiltLog> {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  for (let round = 1; round <= 12; round++) {
    await write(
      wal,
      { shard: 1, entries: entries(round * 3 - 2, round * 3 + 1, 1, 90), hardState: state(1, 1, round * 3 - 3) },
      { shard: 2, entries: [entry(round, 2, 40)], hardState: state(2, 0, 0) },
    );
  }
  const before = disk.copy();
  await write(
    wal,
    { shard: 1, entries: entries(37, 42, 3, 150), hardState: state(3, 2, 36) },
    { shard: 2, entries: entries(13, 16, 4, 150), hardState: state(4, 1, 0) },
  );
  await wal.close();
  assert.deepEqual(
    (await disk.list(WAL_DIR)).slice(0, 3),
    [1, 2, 3].map((number) => segmentPath(WAL_DIR, number).slice(WAL_DIR.length + 1)),
  );
  return { disk, before: { disk: before, summary: await summaryOf(before) }, after: await summaryOf(disk) };
}

async function replaced(disk: MemoryDisk, path: string, content: Uint8Array): Promise<MemoryDisk> {
  const copy = disk.copy();
  await copy.placeFile(path, content);
  return copy;
}

/** What recovery makes of a disk: a summary, or `damaged`. */
async function outcome(disk: MemoryDisk): Promise<string> {
  try {
    return summary(await recoverLog({ disk }, WAL_DIR));
  } catch (error) {
    assert.ok(error instanceof WalDamagedError, String(error));
    return 'damaged';
  }
}

test('R16: each byte of a 3-segment log flipped: nothing but the last batch is ever cut, all else is reported', async () => {
  const log = await buildLog();
  const counts = { damaged: 0, whole: 0, cut: 0 };
  for (const number of [1, 2, 3]) {
    const path = segmentPath(WAL_DIR, number);
    const content = await log.disk.readFile(path);
    for (let at = 0; at < content.length; at++) {
      const flipped = content.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const result = await outcome(await replaced(log.disk, path, flipped));
      if (result === 'damaged') counts.damaged++;
      else if (result === log.after) counts.whole++;
      else {
        assert.equal(result, log.before.summary, `segment ${number}, byte ${at}`);
        assert.equal(number, 3);
        counts.cut++;
      }
    }
  }
  // All three happen: bytes of earlier batches, bytes behind the end, bytes of the last batch.
  assert.ok(counts.damaged > 5000 && counts.whole > 100 && counts.cut > 800, JSON.stringify(counts));
});

test('R16: each file cut at each byte is reported', async () => {
  const log = await buildLog();
  for (const number of [1, 2, 3]) {
    const path = segmentPath(WAL_DIR, number);
    const content = await log.disk.readFile(path);
    for (let length = 0; length < content.length; length++) {
      const result = await outcome(await replaced(log.disk, path, content.subarray(0, length)));
      assert.equal(result, 'damaged', `segment ${number}, ${length} bytes`);
    }
  }
});

test('R16: any subset of the last batch lost sector by sector is cut, and only that', async () => {
  const log = await buildLog();
  const path = segmentPath(WAL_DIR, 3);
  const [old, now] = [await log.before.disk.readFile(path), await log.disk.readFile(path)];
  const changed: number[] = [];
  for (let at = 0; at < now.length; at += 512) {
    if (now.subarray(at, at + 512).some((byte, i) => byte !== old[at + i])) changed.push(at);
  }
  assert.ok(changed.length >= 3);
  for (let kept = 0; kept < 1 << changed.length; kept++) {
    const torn = old.slice();
    changed.forEach((at, bit) => (kept & (1 << bit)) !== 0 && torn.set(now.subarray(at, at + 512), at));
    const isWhole = kept === (1 << changed.length) - 1;
    const disk = await replaced(log.disk, path, torn);
    assert.equal(await outcome(disk), isWhole ? log.after : log.before.summary, `sectors ${kept.toString(2)}`);
    assert.equal(await outcome(disk), isWhole ? log.after : log.before.summary, 'a second recovery finds the same');
  }
});

test('R16: the first batch of a new segment may be torn too', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  let before = disk.copy();
  for (
    let index = 1;
    !(await disk.readFile(segmentPath(WAL_DIR, 1))).subarray(3200).some((byte) => byte !== 0);
    index++
  ) {
    await write(wal, { shard: 1, entries: [entry(index, 1, 300)] });
  }
  before = disk.copy();
  const next = (wal.logBounds(1)?.lastIndex ?? 0) + 1;
  await write(wal, { shard: 1, entries: entries(next, next + 3, 1, 400) });
  await wal.close();
  const path = segmentPath(WAL_DIR, 2);
  const content = await disk.readFile(path);
  assert.ok(readRecord(content, SEGMENT_HEADER_BYTES, 2) !== undefined);
  const expected = await summaryOf(before);
  for (const lost of [64, 200, 600, 1100]) {
    const torn = content.slice();
    torn.fill(0, lost, lost + 128);
    const cut = await replaced(disk, path, torn);
    assert.equal(await outcome(cut), expected);
    const again = await openFixture(cut);
    await write(again.wal, { shard: 1, entries: [entry(next, 5, 400)] });
    await again.wal.close();
    assert.equal((await openFixture(cut)).wal.termAt(1, next), 5);
  }
  // With the batch before it lost as well it is damage, though only one batch is left behind the gap.
  const first = await disk.readFile(segmentPath(WAL_DIR, 1));
  const end = await endOf(disk, 1);
  first.fill(0, end.lastStart, end.lastStart + 8);
  assert.equal(await outcome(await replaced(disk, segmentPath(WAL_DIR, 1), first)), 'damaged');
  first.fill(0, end.lastStart, first.length);
  assert.equal(await outcome(await replaced(disk, segmentPath(WAL_DIR, 1), first)), 'damaged');
});

/** A log whose first segment ends with a batch that holds nothing but a vote, and whose second holds one batch of several records. */
async function buildVoteAtEnd(): Promise<{ disk: MemoryDisk; voteAt: number }> {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  let index = 0;
  const isFull = async () => !(await disk.readFile(segmentPath(WAL_DIR, 1))).subarray(3200).every((byte) => byte === 0);
  while (!(await isFull())) await write(wal, { shard: 1, entries: [entry(++index, 1, 300)] });
  await write(wal, { shard: 2, entries: [], hardState: state(7, 3, 0) });
  await write(wal, { shard: 1, entries: entries(index + 1, index + 5, 1, 400) });
  await wal.close();
  return { disk, voteAt: (await endOf(disk, 1)).lastStart };
}

test('R16: a lost vote at the end of a segment is noticed, though no entry is missing', async () => {
  const { disk, voteAt } = await buildVoteAtEnd();
  const path = segmentPath(WAL_DIR, 1);
  assert.notEqual(await outcome(disk.copy()), 'damaged');
  const zeroed = (await disk.readFile(path)).fill(0, voteAt);
  assert.equal(await outcome(await replaced(disk, path, zeroed)), 'damaged');
});

test('R16: a damaged batch before a torn one in the next segment is no torn tail', async () => {
  const { disk, voteAt } = await buildVoteAtEnd();
  const first = (await disk.readFile(segmentPath(WAL_DIR, 1))).fill(0, voteAt, voteAt + 8);
  const second = (await disk.readFile(segmentPath(WAL_DIR, 2))).fill(
    0,
    SEGMENT_HEADER_BYTES,
    SEGMENT_HEADER_BYTES + 40,
  );
  const onlySecond = await replaced(disk, segmentPath(WAL_DIR, 2), second);
  assert.notEqual(await outcome(onlySecond.copy()), 'damaged');
  assert.equal(await outcome(await replaced(onlySecond, segmentPath(WAL_DIR, 1), first)), 'damaged');
});

test('R16: a lost batch before a torn one in the same segment is no torn tail', async () => {
  const disk = await newDisk();
  const { wal } = await openFixture(disk);
  await write(wal, { shard: 1, entries: [entry(1, 1)] });
  await write(wal, { shard: 2, entries: [], hardState: state(7, 3, 0) });
  const voteAt = (await endOf(disk, 1)).lastStart;
  await write(wal, { shard: 1, entries: entries(2, 5, 1, 100) });
  await wal.close();
  const lastAt = (await endOf(disk, 1)).lastStart;
  const path = segmentPath(WAL_DIR, 1);
  const torn = (await disk.readFile(path)).fill(0, lastAt, lastAt + 40);
  assert.notEqual(await outcome(await replaced(disk, path, torn)), 'damaged');
  assert.equal(await outcome(await replaced(disk, path, torn.fill(0, voteAt, lastAt))), 'damaged');
});

/** Where the last whole batch of a segment starts. */
async function endOf(disk: MemoryDisk, number: number): Promise<{ lastStart: number; numbers: number[] }> {
  const content = await disk.readFile(segmentPath(WAL_DIR, number));
  let before: { batch: number; chain: number | undefined } = { batch: 0, chain: undefined };
  let at = SEGMENT_HEADER_BYTES;
  let lastStart = at;
  const numbers: number[] = [];
  for (;;) {
    const batch = readBatch(content, at, number, before);
    if (batch === undefined) return { lastStart, numbers };
    lastStart = at;
    numbers.push(batch.state.batch);
    before = batch.state;
    at = batch.end;
  }
}

test('R16: batch numbers are not used again after a cut, and what was cut never comes back', async () => {
  const disk = await newDisk();
  const first = await openFixture(disk);
  await write(first.wal, { shard: 1, entries: entries(1, 3, 1), hardState: state(1, 1, 0) });
  const before = disk.copy();
  await write(first.wal, { shard: 1, entries: entries(3, 9, 1, 100) });
  await first.wal.close();
  const path = segmentPath(WAL_DIR, 1);
  const tornNumber = (await endOf(disk, 1)).numbers.at(-1) ?? 0;
  const torn = await disk.readFile(path);
  const start = (await endOf(disk, 1)).lastStart;
  torn.fill(0, start, start + 40);
  await before.placeFile(path, torn);
  const second = await openFixture(before);
  assert.equal(second.wal.logBounds(1)?.lastIndex, 2);
  const content = await before.readFile(path);
  const kept = await endOf(before, 1);
  const end = readBatch(content, kept.lastStart, 1, { batch: 0, chain: undefined })?.end ?? 0;
  assert.ok(
    content.subarray(end).every((byte) => byte === 0),
    'nothing is left behind the cut',
  );
  assert.ok((kept.numbers.at(-1) ?? 0) > tornNumber);
  await write(second.wal, { shard: 1, entries: [entry(3, 2)] });
  await second.wal.close();
  const third = await openFixture(before);
  assert.equal(shape(third.recovered.get(1)), '1:1 2:1 3:2');
  await third.wal.close();
});

test('R16: a missing segment and entries missing below the commit index are damage', async () => {
  const log = await buildLog();
  const gone = log.disk.copy();
  await gone.remove(segmentPath(WAL_DIR, 2));
  assert.equal(await outcome(gone), 'damaged');
  const headless = log.disk.copy();
  await headless.remove(segmentPath(WAL_DIR, 1));
  assert.equal(await outcome(headless), 'damaged', 'entries before the first segment are missing');
});

test('records carry what makes them valid at one place only', async () => {
  const { disk } = await buildLog();
  const content = await disk.readFile(segmentPath(WAL_DIR, 1));
  const record = readRecord(content, SEGMENT_HEADER_BYTES, 1);
  assert.equal(record?.type, RECORD_TYPE.tableHead);
  assert.equal(readRecord(content, SEGMENT_HEADER_BYTES, 2), undefined);
  const moved = new Uint8Array(content.length);
  moved.set(content.subarray(SEGMENT_HEADER_BYTES, 2048), SEGMENT_HEADER_BYTES + 8);
  assert.equal(readRecord(moved, SEGMENT_HEADER_BYTES + 8, 1), undefined);
});

test('S1: noise in place of any part of a log, and records that claim much, end in a typed error or a log', async () => {
  const log = await buildLog();
  const { length } = await log.disk.readFile(segmentPath(WAL_DIR, 1));
  const noise = fc.record({
    number: fc.constantFrom(1, 2, 3),
    at: fc.nat(length - 1),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  });
  await fc.assert(
    fc.asyncProperty(noise, async ({ number, at, bytes }) => {
      const path = segmentPath(WAL_DIR, number);
      const content = (await log.disk.readFile(path)).slice();
      content.set(bytes.subarray(0, length - at), at);
      await outcome(await replaced(log.disk, path, content));
    }),
    { numRuns: 300 },
  );
  const claiming = await log.disk.readFile(segmentPath(WAL_DIR, 3));
  for (let at = SEGMENT_HEADER_BYTES; at + 8 <= claiming.length; at += 8) claiming.fill(0xff, at + 4, at + 8);
  const disk = await replaced(log.disk, segmentPath(WAL_DIR, 3), claiming);
  const before = process.memoryUsage().arrayBuffers;
  await outcome(disk);
  const allocated = process.memoryUsage().arrayBuffers - before;
  assert.ok(allocated < 1 << 20, `${allocated} bytes for records that claim 4 GiB`);
});
