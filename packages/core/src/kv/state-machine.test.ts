import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { encodeCompact, encodeDelete, encodePut } from './command.js';
import { buildBatch } from './entry-codec.js';
import { CompactedError, FutureRevisionError } from './errors.js';
import type { Outcome } from './outcome.js';
import { EMPTY_STORE } from './ports.js';
import { createStateMachine, type StateMachine } from './state-machine.js';
import { MemoryStore } from './testing/memory-store.js';
import { Model, type ModelCommand } from './testing/model.js';

const RING = { ringBytesMax: 2 << 20, sliceKeysMax: 2 };
const KEYS = ['a', 'ab', 'b', 'b\0', 'c', 'd', `long-${'k'.repeat(300)}`, `long-${'k'.repeat(301)}`];
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const keyArbitrary = fc.constantFrom(...KEYS);

/** Relative revisions, made absolute when the step runs: -1 is the one before the current. */
type Step =
  | { kind: 'entry'; commands: ModelCommand[] }
  | { kind: 'cut' }
  | { kind: 'done' }
  | { kind: 'compactSlice'; records: number }
  | { kind: 'crash'; flushesBack: number }
  | { kind: 'check'; back: number; start: string; end: string };

const commandArbitrary: fc.Arbitrary<ModelCommand> = fc.oneof(
  { weight: 6, arbitrary: putArbitrary() },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keyArbitrary }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keyArbitrary, ifModRevision: fc.nat(6) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      key: keyArbitrary,
      rangeEnd: fc.constantFrom(...KEYS, '\0'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), revision: fc.nat(8) }) },
);

function putArbitrary(): fc.Arbitrary<ModelCommand> {
  const value = fc.oneof(
    { weight: 9, arbitrary: fc.string({ maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant('v'.repeat(190_000)) },
  );
  const kind = fc.constant('put' as const);
  const lease = fc.constantFrom(0n, 0n, 7n, (1n << 64n) - 1n);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind, key: keyArbitrary, value, lease }) },
    { weight: 1, arbitrary: fc.record({ kind, key: keyArbitrary, value, lease, ifModRevision: fc.nat(6) }) },
    { weight: 1, arbitrary: fc.record({ kind, key: keyArbitrary, value, lease, ifAbsent: fc.constant(true) }) },
  );
}

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      commands: fc.array(commandArbitrary, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('done' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('compactSlice' as const), records: fc.constantFrom(1, 3, 100) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), flushesBack: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('check' as const),
      back: fc.nat(12),
      start: keyArbitrary,
      end: fc.constantFrom(...KEYS, '\0'),
    }),
  },
);

function encode(command: ModelCommand): Uint8Array {
  switch (command.kind) {
    case 'put': {
      const { key, value, kind: _kind, ...options } = command;
      return encodePut(bytes(key), bytes(value), options);
    }
    case 'delete':
      return encodeDelete(bytes(command.key), {
        ...(command.rangeEnd === undefined ? {} : { rangeEnd: bytes(command.rangeEnd) }),
        ...(command.ifModRevision === undefined ? {} : { ifModRevision: command.ifModRevision }),
      });
    case 'compact':
      return encodeCompact(command.revision);
  }
}

/** Small numbers in commands count back from the current revision, so that conditions and compactions often hit. */
function resolve(command: ModelCommand, model: Model): ModelCommand {
  if (command.kind === 'compact')
    return { ...command, revision: Math.max(0, model.currentRevision + 2 - command.revision) };
  if (command.ifModRevision === undefined) return command;
  const back = command.ifModRevision;
  const live = model.get(command.key, model.currentRevision)?.main ?? 0;
  return { ...command, ifModRevision: back < 3 ? live : Math.max(0, model.currentRevision - back) };
}

/** One replica with its store, the log, and the model beside. */
class Bench {
  readonly model = new Model();
  readonly log: Uint8Array[] = [];
  store = new MemoryStore();
  machine: StateMachine = this.store.open(RING);
  flushes: MemoryStore[] = [new MemoryStore()];
  cut: ReturnType<StateMachine['cutFlush']> | undefined;

  run(step: Step): void {
    switch (step.kind) {
      case 'entry':
        return this.#entry(step.commands);
      case 'cut':
        if (this.cut === undefined) this.cut = this.machine.cutFlush();
        return;
      case 'done':
        return this.#done();
      case 'compactSlice':
        this.machine.compactSlice(step.records);
        return;
      case 'crash':
        return this.#crash(step.flushesBack);
      case 'check':
        return this.#check(Math.max(1, this.model.currentRevision - step.back), step.start, step.end);
    }
  }

  #entry(commands: readonly ModelCommand[]): void {
    const expected: unknown[] = [];
    const encoded: Uint8Array[] = [];
    for (const command of commands) {
      const resolved = resolve(command, this.model);
      if (resolved.kind === 'delete' && resolved.rangeEnd === '') continue;
      encoded.push(encode(resolved));
      expected.push(this.model.apply(resolved));
    }
    const entry = buildBatch({ shardTimeMs: this.log.length * 10, wallClockMs: 5 }, encoded);
    this.log.push(entry);
    assert.deepEqual(applyAll(this.machine, entry, this.log.length), expected);
    assert.equal(this.machine.currentRevision, this.model.currentRevision);
    assert.equal(this.machine.keyCount, this.model.keys('', '\0').length);
  }

  #done(): void {
    if (this.cut === undefined) return;
    this.store.commit(this.cut);
    this.flushes.push(this.store.fork());
    this.machine.flushDone(this.cut);
    this.cut = undefined;
  }

  #crash(flushesBack: number): void {
    this.flushes = this.flushes.slice(0, Math.max(1, this.flushes.length - flushesBack));
    this.store = (this.flushes.at(-1) ?? new MemoryStore()).fork();
    this.cut = undefined;
    this.machine = this.store.open(RING);
    for (let index = this.machine.appliedIndex; index < this.log.length; index += 1) {
      applyAll(this.machine, this.log[index] ?? new Uint8Array(0), index + 1);
    }
  }

  #check(revision: number, start: string, end: string): void {
    const { machine, model } = this;
    const range = { start: bytes(start), end: end === '\0' ? undefined : bytes(end) };
    if (revision < model.compactRevision) {
      assert.throws(() => machine.get(bytes(start), revision), CompactedError);
      assert.throws(() => machine.range(range, { revision }), CompactedError);
      return;
    }
    for (const key of KEYS) assert.deepEqual(readVersion(machine, key, revision), model.get(key, revision));
    const expected = model.keys(start, end, revision);
    assert.deepEqual(collect(machine, range, revision, false), expected);
    assert.deepEqual(collect(machine, range, revision, true), expected);
    let count = 0;
    let from: Uint8Array | undefined = range.start;
    while (from !== undefined) {
      const slice = machine.count({ start: from, end: range.end }, revision, 3);
      count += slice.count;
      from = slice.nextKey;
    }
    assert.equal(count, expected.length);
  }
}

function applyAll(machine: StateMachine, entry: Uint8Array, index: number): readonly Outcome[] {
  let result = machine.apply(entry, index, 1);
  while (result.status === 'more') result = machine.applyMore();
  return result.outcomes;
}

function readVersion(machine: StateMachine, key: string, revision: number): unknown {
  const row = machine.get(bytes(key), revision);
  if (row === undefined) return undefined;
  assert.equal(Buffer.from(row.key).toString('latin1'), key);
  const { modRevision: main, createRevision, version, lease } = row;
  return { main, value: Buffer.from(row.value).toString('latin1'), createRevision, version, lease };
}

function collect(
  machine: StateMachine,
  range: { start: Uint8Array; end: Uint8Array | undefined },
  revision: number,
  keysOnly: boolean,
): string[] {
  const keys: string[] = [];
  let from: Uint8Array | undefined = range.start;
  while (from !== undefined) {
    const slice = machine.range({ start: from, end: range.end }, { revision, rowsMax: 2, keysOnly });
    for (const row of slice.rows) keys.push(Buffer.from(row.key).toString('latin1'));
    from = slice.nextKey;
  }
  return keys;
}

function finishCompaction(machine: StateMachine): void {
  while (machine.compactSlice(3));
  assert.equal(machine.isCompacting, false);
}

test('R9, R14: random histories equal the naive model; a rebuild from any flush plus replay gives equal hashes', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 150, size: 'max' }), (steps) => {
      const bench = new Bench();
      for (const step of steps) bench.run(step);
      const { machine, log } = bench;
      const replica = createStateMachine({ store: EMPTY_STORE }, { ringBytesMax: 512 << 20 });
      for (const [at, entry] of log.entries()) applyAll(replica, entry, at + 1);
      assert.deepEqual(machine.chainHash, replica.chainHash);
      finishCompaction(machine);
      finishCompaction(replica);
      assert.deepEqual(machine.contentHash, replica.contentHash);
      bench.run({ kind: 'done' });
      bench.run({ kind: 'cut' });
      bench.run({ kind: 'done' });
      assert.equal(bench.store.records.size, bench.model.recordCount());
      assert.deepEqual(bench.store.open(RING).meta, machine.meta);
    }),
    { numRuns: 150, ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) }) },
  );
});

test('a store of etcd shape: the first put gets revision 2, a delete of nothing none', () => {
  const machine = createStateMachine({ store: EMPTY_STORE });
  assert.equal(machine.currentRevision, 1);
  const run = (index: number, ...commands: Uint8Array[]): readonly Outcome[] =>
    applyAll(machine, buildBatch({ shardTimeMs: index, wallClockMs: 0 }, commands), index);
  assert.deepEqual(run(1, encodeDelete(bytes('a'))), [{ kind: 'delete', revision: 1, deleted: 0 }]);
  assert.deepEqual(run(2, encodePut(bytes('a'), bytes('1')), encodePut(bytes('a'), bytes('2'))), [
    { kind: 'put', revision: 2, createRevision: 2, version: 1 },
    { kind: 'put', revision: 3, createRevision: 2, version: 2 },
  ]);
  assert.deepEqual(run(3, encodeDelete(bytes('a')), encodePut(bytes('a'), bytes('3'))), [
    { kind: 'delete', revision: 4, deleted: 1 },
    { kind: 'put', revision: 5, createRevision: 5, version: 1 },
  ]);
  assert.deepEqual(machine.apply(new Uint8Array(0), 4, 2), { status: 'done', outcomes: [] });
  assert.deepEqual([machine.appliedIndex, machine.appliedTerm, machine.currentRevision], [4, 2, 5]);
  machine.applyConfChange(bytes('x'), 5, 2, bytes('conf'));
  assert.deepEqual(machine.meta.confState, new Uint8Array(bytes('conf')));
  assert.throws(() => machine.get(bytes('a'), 6), FutureRevisionError);
});

test('a range delete in slices stays invisible until it is done, at any revision', () => {
  const machine = createStateMachine({ store: EMPTY_STORE }, { sliceKeysMax: 2 });
  const puts = ['a', 'b', 'c', 'd', 'e'].map((key) => encodePut(bytes(key), bytes(`value ${key}`)));
  applyAll(machine, buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, puts), 1);
  const all = { start: bytes('a'), end: undefined };
  const entry = buildBatch({ shardTimeMs: 2, wallClockMs: 0 }, [encodeDelete(bytes('b'), { rangeEnd: bytes('z') })]);
  let result = machine.apply(entry, 2, 1);
  let slices = 0;
  while (result.status === 'more') {
    slices += 1;
    assert.equal(machine.currentRevision, 6);
    assert.equal(machine.appliedIndex, 1);
    assert.deepEqual(collect(machine, all, 6, false), ['a', 'b', 'c', 'd', 'e']);
    assert.equal(machine.count(all).count, 5);
    result = machine.applyMore();
  }
  assert.ok(slices > 0);
  assert.deepEqual(result.outcomes, [{ kind: 'delete', revision: 7, deleted: 4 }]);
  assert.deepEqual([collect(machine, all, 7, false), machine.count(all).count], [['a'], 1]);
});

test('a pin keeps its revision readable while the log compacts past it', () => {
  const machine = createStateMachine({ store: EMPTY_STORE });
  const puts = ['1', '2', '3'].map((value) => encodePut(bytes('a'), bytes(value)));
  applyAll(machine, buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, puts), 1);
  const pin = machine.pin(2);
  applyAll(machine, buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, [encodeCompact(4)]), 2);
  assert.equal(machine.compactSlice(), false);
  assert.equal(Buffer.from(machine.get(bytes('a'), 2)?.value ?? []).toString(), '1');
  assert.throws(() => machine.get(bytes('a'), 3), CompactedError);
  pin.release();
  pin.release();
  assert.throws(() => machine.get(bytes('a'), 2), CompactedError);
  finishCompaction(machine);
  assert.equal(machine.unflushedDeletes, 2);
});

test('R11: a revision of which the ring has lost a part is not told to be in memory', () => {
  const store = new MemoryStore();
  const machine = store.open({ ringBytesMax: 2 << 20 });
  const flush = (): void => {
    const cut = machine.cutFlush();
    store.commit(cut);
    machine.flushDone(cut);
  };
  // The tombstones of all keys together are larger than the ring.
  const name = (key: number): Uint8Array => bytes(`${'k'.repeat(200)}${key}`);
  for (let entry = 0; entry < 20; entry += 1) {
    const puts = Array.from({ length: 1000 }, (_, at) => encodePut(name(entry * 1000 + at), bytes('')));
    applyAll(machine, buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, puts), entry + 1);
    flush();
  }
  const remove = encodeDelete(bytes('k'), { rangeEnd: bytes('l') });
  applyAll(machine, buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, [remove]), 21);
  flush();
  assert.ok(machine.oldestRevisionInMemory > machine.currentRevision);
});
