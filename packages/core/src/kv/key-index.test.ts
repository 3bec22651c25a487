import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compareBytes } from '../base/bytes.js';
import { KeyIndex } from './key-index.js';

interface ModelState {
  readonly main: number;
  readonly isTombstone: boolean;
}

/** The same map, plainly. */
class Model {
  readonly states = new Map<string, ModelState>();

  keys(): Uint8Array[] {
    return [...this.states.keys()].map((key) => Buffer.from(key, 'latin1')).sort((a, b) => Buffer.compare(a, b));
  }

  count(start: Uint8Array, end: Uint8Array | undefined): number {
    return this.keys().filter((key) => {
      const isIn = compareBytes(key, start) >= 0 && (end === undefined || compareBytes(key, end) < 0);
      return isIn && this.states.get(Buffer.from(key).toString('latin1'))?.isTombstone === false;
    }).length;
  }
}

/** Short keys collide, long ones leave the page, shared prefixes make long separators. */
const keyArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 3 }) },
  {
    weight: 3,
    arbitrary: fc.nat(400).map((n) => Buffer.from(`registry/pods/default/pod-${String(n).padStart(5, '0')}`)),
  },
  { weight: 2, arbitrary: fc.nat(40).map((n) => Buffer.from('l'.repeat(250 + n) + String(n))) },
  { weight: 1, arbitrary: fc.nat(9).map((n) => Buffer.from('x'.repeat(60_000) + String(n))) },
  { weight: 2, arbitrary: fc.nat(300).map((n) => Buffer.from(`${'p'.repeat(240)}${String(n)}`)) },
);

const operationArbitrary = fc.tuple(
  fc.constantFrom('put', 'put', 'put', 'bury', 'remove', 'remove'),
  keyArbitrary,
  fc.nat(2 ** 31),
);

function applyOperation(index: KeyIndex, model: Model, kind: string, key: Uint8Array, salt: number): void {
  const text = Buffer.from(key).toString('latin1');
  const found = index.locate(key);
  const expected = model.states.get(text);
  assert.equal(found, expected !== undefined);
  if (expected !== undefined) assert.equal(index.state.main, expected.main);
  if (kind === 'remove') {
    if (found) index.remove();
    model.states.delete(text);
    return;
  }
  const state = { main: salt * 2 ** 20 + 7, isTombstone: kind === 'bury' };
  Object.assign(index.state, {
    sub: salt >>> 3,
    createRevision: state.main - 1,
    version: salt,
    leaseLow: salt,
    leaseHigh: 5,
    ...state,
  });
  if (found) index.update();
  else index.insert(key);
  model.states.set(text, state);
}

function assertEqualToModel(index: KeyIndex, model: Model): void {
  const keys = model.keys();
  assert.equal(index.keys, keys.length);
  let at = 0;
  for (let isThere = index.seek(new Uint8Array(0)); isThere; isThere = index.next()) {
    const key = keys[at];
    assert.ok(key !== undefined && Buffer.compare(index.copyKey(), key) === 0);
    index.load();
    const { main, isTombstone } = index.state;
    assert.deepEqual({ main, isTombstone }, model.states.get(Buffer.from(key).toString('latin1')));
    at += 1;
  }
  assert.equal(at, keys.length);
}

test('N12: the key index equals a sorted map under puts, tombstones and removals', () => {
  fc.assert(
    fc.property(
      fc.array(operationArbitrary, { maxLength: 900, size: 'max' }),
      keyArbitrary,
      keyArbitrary,
      (operations, start, end) => {
        const index = new KeyIndex();
        const model = new Model();
        for (const [kind, key, salt] of operations) applyOperation(index, model, kind, key, salt);
        assertEqualToModel(index, model);
        assert.equal(index.count(start, end), model.count(start, end));
        assert.equal(index.count(start, undefined), model.count(start, undefined));
        assert.equal(index.liveKeys, model.count(new Uint8Array(0), undefined));
      },
    ),
    { numRuns: 60 },
  );
});

test('N12: pages and long keys are freed: filled and emptied again and again, memory stays', () => {
  const index = new KeyIndex();
  let reserved = 0;
  for (let round = 0; round < 4; round += 1) {
    const keys: Buffer[] = [];
    for (let n = 0; n < 6_000; n += 1) {
      const length = n % 50 === 0 ? 300 + (n % 4_000) : 8 + (n % 60);
      keys.push(Buffer.from(String((n * 7_919 + round) % 100_003).padStart(length, 'k')));
    }
    for (const key of keys) {
      if (!index.locate(key)) {
        Object.assign(index.state, { main: 1, isTombstone: false });
        index.insert(key);
      }
    }
    assert.ok(index.pagesInUse > 100);
    const order = round % 2 === 0 ? keys : keys.toReversed();
    for (const key of order) if (index.locate(key)) index.remove();
    assert.deepEqual([index.keys, index.liveKeys, index.pagesInUse, index.heapBytesInUse], [0, 0, 1, 0]);
    if (round === 0) reserved = index.bytesReserved;
    assert.ok(index.bytesReserved <= reserved + (2 << 20));
  }
});

test('the key index holds numbers up to 2^53 and full 64-bit leases', () => {
  const index = new KeyIndex();
  const key = Buffer.from('k');
  assert.equal(index.locate(key), false);
  const state = {
    main: Number.MAX_SAFE_INTEGER,
    sub: 0xffff_ffff,
    createRevision: Number.MAX_SAFE_INTEGER - 1,
    version: Number.MAX_SAFE_INTEGER - 2,
    leaseLow: 0xffff_ffff,
    leaseHigh: 0xffff_ffff,
    isTombstone: true,
  };
  Object.assign(index.state, state);
  index.insert(key);
  Object.assign(index.state, {
    main: 0,
    sub: 0,
    createRevision: 0,
    version: 0,
    leaseLow: 0,
    leaseHigh: 0,
    isTombstone: false,
  });
  assert.equal(index.locate(key), true);
  assert.deepEqual(Object.assign({}, index.state), state);
});

test('keys in order fill their pages', () => {
  const index = new KeyIndex();
  for (let n = 0; n < 20_000; n += 1) {
    const key = Buffer.from(String(n).padStart(16, '0'));
    assert.equal(index.locate(key), false);
    index.insert(key);
  }
  assert.ok((index.pagesInUse * 4096) / 20_000 < 70, `${(index.pagesInUse * 4096) / 20_000} bytes per key`);
});

test('N12: a deep tree with long shared prefixes stays equal to a set through 60,000 random steps', () => {
  const index = new KeyIndex();
  const live = new Set<string>();
  let seed = 12_345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let step = 0; step < 60_000; step += 1) {
    const group = random(6);
    const name = `${'s'.repeat(group * 45)}/${random(40)}/${'t'.repeat(random(3) * 30)}${random(40)}`;
    const key = Buffer.from(name);
    // Grows for the first half, shrinks in the second.
    const isRemoval = random(10) < (step < 30_000 ? 2 : 8);
    const found = index.locate(key);
    assert.equal(found, live.has(name));
    if (isRemoval && found) {
      index.remove();
      live.delete(name);
    }
    if (!isRemoval && !found) {
      Object.assign(index.state, { main: step, isTombstone: false });
      index.insert(key);
      live.add(name);
    }
    if (step % 5_000 !== 4_999) continue;
    const sorted = [...live].sort();
    let at = 0;
    for (let isThere = index.seek(new Uint8Array(0)); isThere; isThere = index.next()) {
      assert.equal(Buffer.from(index.copyKey()).toString(), sorted[at]);
      at += 1;
    }
    assert.equal(at, sorted.length);
    const [start, end] = [sorted[random(at)] ?? '', sorted[random(at)] ?? ''].sort();
    const expected = sorted.filter((text) => text >= (start ?? '') && text < (end ?? '')).length;
    assert.equal(index.count(Buffer.from(start ?? ''), Buffer.from(end ?? '')), expected);
  }
});

test('N12: runs of keys that vanish widen their neighbours, and any key may come into the gap', () => {
  const index = new KeyIndex();
  let live: string[] = [];
  let seed = 99;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let round = 0; round < 300; round += 1) {
    if (round % 2 === 0) {
      // Keys of one narrow neighbourhood: pages there get long prefixes.
      const stem = Array.from({ length: 1 + random(6) }, () => 'abc'[random(3)]).join('');
      for (let n = 0; n < 60; n += 1) {
        const name = `${stem}${random(1_000_000).toString(3)}${'~'.repeat(60)}`;
        if (index.locate(Buffer.from(name))) continue;
        Object.assign(index.state, { main: round, isTombstone: false });
        index.insert(Buffer.from(name));
        live.push(name);
      }
      live.sort();
    } else {
      const at = random(live.length);
      const gone = live.slice(at, at + random(150));
      live = [...live.slice(0, at), ...live.slice(at + gone.length)];
      for (const name of gone) {
        assert.equal(index.locate(Buffer.from(name)), true);
        index.remove();
      }
    }
    assert.ok(live.every((name) => index.locate(Buffer.from(name))));
    const seen: string[] = [];
    for (let isThere = index.seek(new Uint8Array(0)); isThere; isThere = index.next()) {
      seen.push(Buffer.from(index.copyKey()).toString());
    }
    assert.deepEqual(seen, live);
  }
});
