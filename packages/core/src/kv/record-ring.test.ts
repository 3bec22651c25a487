import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RecordRing } from './record-ring.js';

const MIB = 1 << 20;

function write(ring: RecordRing, main: number, sub: number, length: number): void {
  ring.reserve(main, sub, length);
  assert.equal(ring.end - ring.start, length);
  ring.bytes.fill(main & 0xff, ring.start, ring.end);
}

test('the ring keeps what is not flushed, and drops the oldest flushed records only above its cap', () => {
  const ring = new RecordRing(4 * MIB);
  for (let main = 2; main < 42; main += 1) write(ring, main, 0, 100_000);
  assert.equal(ring.isFull, true);
  assert.equal(ring.unflushedBytes, 4_000_000);
  for (let main = 42; main < 62; main += 1) write(ring, main, 0, 100_000);
  assert.equal(ring.oldestMain, 2, 'nothing unflushed is dropped, even above the cap');
  const pinned = ring.get(2, 0);
  ring.markFlushed(30);
  assert.equal(ring.unflushedCount, 30);
  assert.ok(ring.oldestMain > 2 && ring.oldestMain <= 32);
  assert.equal(ring.get(2, 0), undefined);
  assert.equal(pinned?.[0], 2);
  ring.markFlushed(60);
  assert.ok(ring.bytesReserved <= 4 * MIB);
  assert.equal(ring.isFull, false);
  assert.equal(ring.get(61, 0)?.[99_999], 61, 'flushed records stay as a cache');
  for (let main = 62; main < 200; main += 1) {
    write(ring, main, 0, 100_000);
    ring.markFlushed(ring.nextNumber);
    assert.ok(ring.bytesReserved <= 4 * MIB);
  }
});

test('a record larger than an arena gets one of its own and gives it back', () => {
  const ring = new RecordRing(4 * MIB);
  write(ring, 2, 0, 3 * MIB);
  write(ring, 3, 0, 10);
  assert.equal(ring.get(2, 0)?.length, 3 * MIB);
  ring.markFlushed(2);
  write(ring, 4, 0, MIB);
  assert.equal(ring.get(2, 0), undefined);
  assert.equal(ring.get(3, 0)?.length, 10);
  assert.ok(ring.bytesReserved <= 4 * MIB);
});

test('ring lookups and scans equal a plain list', () => {
  const step = fc.record({
    gap: fc.integer({ min: 1, max: 3 }),
    subs: fc.integer({ min: 1, max: 4 }),
    length: fc.nat(200_000),
    flush: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      const ring = new RecordRing(2 * MIB);
      const all: [number, number, number][] = [];
      let main = 1;
      for (const { gap, subs, length, flush } of steps) {
        main += gap;
        for (let sub = 0; sub < subs; sub += 1) {
          write(ring, main, sub, length);
          all.push([main, sub, length]);
        }
        if (flush) ring.markFlushed(ring.nextNumber);
      }
      const { oldestMain, oldestSub } = ring;
      const kept = all.filter(([at, sub]) => at > oldestMain || (at === oldestMain && sub >= oldestSub));
      assert.ok(kept.length >= ring.unflushedCount);
      for (const [at, sub, length] of all) {
        const isKept = kept.some((other) => other[0] === at && other[1] === sub);
        assert.equal(ring.get(at, sub)?.length, isKept ? length : undefined);
        assert.equal(ring.get(at, sub + 4), undefined);
      }
      for (let from = 0; from <= main + 1; from += 1) {
        const seen: [number, number, number][] = [];
        ring.scan(from, 1, (at, sub, record) => {
          seen.push([at, sub, record.length]);
          return true;
        });
        assert.deepEqual(
          seen,
          kept.filter(([at, sub]) => at > from || (at === from && sub >= 1)),
        );
      }
    }),
    { numRuns: 60 },
  );
});
