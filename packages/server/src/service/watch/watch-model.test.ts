import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeCompact, encodeDelete, encodePut, RANGE_END_OPEN } from '@kvorum/core/kv/command.js';
import type { WatchEvent, WatchOptions } from '../kv-service.js';
import { bytes, type TestReader, WatchRig } from './testing/watch-rig.js';

/** What happened to one key at one revision. */
interface ModelEvent {
  readonly revision: number;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
  readonly before: { readonly value: string; readonly revision: number } | undefined;
}

/** A shard's history as a list. */
class Model {
  revision = 1;
  compactRevision = 0;
  readonly events: ModelEvent[] = [];
  private readonly live = new Map<string, { readonly value: string; readonly revision: number }>();

  put(key: string, value: string): Uint8Array {
    this.revision += 1;
    this.events.push({ revision: this.revision, key, value, before: this.live.get(key) });
    this.live.set(key, { value, revision: this.revision });
    return encodePut(bytes(key), bytes(value));
  }

  deleteFrom(key: string): Uint8Array {
    const gone = [...this.live.keys()].filter((each) => each >= key).sort();
    if (gone.length > 0) this.revision += 1;
    for (const each of gone) {
      this.events.push({ revision: this.revision, key: each, value: undefined, before: this.live.get(each) });
      this.live.delete(each);
    }
    return encodeDelete(bytes(key), { rangeEnd: RANGE_END_OPEN });
  }

  compact(revision: number): Uint8Array {
    if (revision > this.compactRevision && revision <= this.revision) this.compactRevision = revision;
    return encodeCompact(revision);
  }
}

const keyArbitrary = fc.constantFrom('a', 'ab', 'abc', 'b', 'ba', 'c');

const optionsArbitrary: fc.Arbitrary<WatchOptions> = fc
  .record({
    keys: fc.oneof(
      fc.constant({}),
      keyArbitrary.map((key) => ({ key: bytes(key) })),
      fc.constantFrom('', 'a', 'ab', 'b').map((prefix) => ({ prefix: bytes(prefix) })),
      fc.tuple(keyArbitrary, keyArbitrary).map(([start, end]) => ({ range: { start: bytes(start), end: bytes(end) } })),
      keyArbitrary.map((start) => ({ range: { start: bytes(start) } })),
    ),
    only: fc.constantFrom(undefined, undefined, 'put' as const, 'delete' as const),
    prevKv: fc.boolean(),
    fragment: fc.boolean(),
  })
  .map(({ keys, ...rest }) => ({ ...keys, ...rest }));

const stepArbitrary = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('puts' as const),
      keys: fc.array(keyArbitrary, { minLength: 1, maxLength: 4 }),
      size: fc.constantFrom(1, 1, 1, 20_000, 200_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keyArbitrary }) },
  /** Many at once: more than a slow reader may keep, and than a slice takes. */
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('many' as const), count: fc.constantFrom(300, 700) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('open' as const),
      back: fc.integer({ min: -3, max: 30 }),
      options: optionsArbitrary,
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('read' as const), reader: fc.nat(9) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), reader: fc.nat(9) }) },
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer S> ? S : never;

/** The hub over a real state machine, beside the model. */
class Bench {
  readonly rig = new WatchRig();
  readonly model = new Model();
  readonly readers: TestReader[] = [];

  async run(step: Step): Promise<void> {
    const { rig, model } = this;
    switch (step.kind) {
      case 'puts':
        rig.apply(...step.keys.map((key, at) => model.put(key, `${at}`.repeat(step.size))));
        return;
      case 'many': {
        const all = Array.from({ length: step.count }, (_, at) => model.put(`c${at}`, '1'));
        rig.apply(...all);
        return;
      }
      case 'delete':
        rig.apply(model.deleteFrom(step.key));
        return;
      case 'compact':
        rig.apply(model.compact(Math.max(1, model.revision - step.back)));
        while (rig.machine.compactSlice(3));
        return;
      case 'flush':
        rig.flush();
        return;
      case 'replace':
        rig.replaceMachine();
        return;
      case 'open':
        this.open(step.options, step.back);
        return;
      case 'read':
        this.readers[step.reader]?.read();
        return;
      case 'turn':
        for (let turn = 0; turn < step.turns; turn += 1) await rig.turn();
        return;
      case 'close':
        this.readers[step.reader]?.watch.close();
        this.readers.splice(step.reader, 1);
    }
  }

  /** Everybody reads until nothing more comes. */
  async drain(): Promise<void> {
    const { rig } = this;
    for (let round = 0; round < 400; round += 1) {
      for (const reader of this.readers) {
        if (!reader.isWaiting) reader.read();
        reader.watch.requestProgress();
      }
      await rig.turn();
      if (this.readers.every(({ hasEnded, revision }) => hasEnded || revision >= this.model.revision)) return;
    }
    assert.fail('a reader never comes to the end');
  }

  check(): void {
    for (const reader of this.readers) this.checkReader(reader);
  }

  private open(options: WatchOptions, back: number): void {
    if (this.readers.length >= 10) return;
    const { rig, model } = this;
    const fromRevision = back === 0 ? 0 : Math.max(1, model.revision + 1 - back);
    if (fromRevision > 0 && fromRevision < model.compactRevision) {
      const details = { field: 'fromRevision', compactRevision: model.compactRevision };
      assert.throws(() => rig.open({ ...options, fromRevision }), { code: 'COMPACTED', details });
      return;
    }
    const reader = rig.open({ ...options, fromRevision });
    assert.equal(reader.watch.fromRevision, fromRevision === 0 ? model.revision + 1 : fromRevision);
    this.readers.push(reader);
  }

  private checkReader(reader: TestReader): void {
    const { model } = this;
    const { watch, batches, failure } = reader;
    let last = watch.fromRevision - 1;
    for (const { revision, events, isFragment } of batches) {
      const newest = events.at(-1)?.kv.modRevision ?? 0;
      assert.ok(isFragment ? reader.options.fragment === true && newest > revision : newest <= revision);
      assert.ok(isFragment || revision >= Math.min(last, this.model.revision));
      last = Math.max(last, revision);
    }
    const isCut = batches.at(-1)?.isFragment === true;
    const expected = model.events.filter(
      (event) => event.revision >= watch.fromRevision && isWanted(reader.options, event),
    );
    const delivered = expected.filter(({ revision }) => revision <= last);
    const got = reader.events.map(line);
    const wanted = (isCut ? expected.slice(0, got.length) : delivered).map(modelLine);
    assert.deepEqual(got, wanted);
    reader.events.forEach((event, at) => this.checkBefore(reader, event, expected[at]));
    if (failure === undefined) return;
    assert.equal(failure.code, 'COMPACTED');
    assert.ok((failure.details.compactRevision ?? 0) > watch.fromRevision);
    // Only what was not delivered can be missed.
    assert.ok((failure.details.compactRevision ?? 0) > last);
  }

  private checkBefore({ options }: TestReader, { prevKv }: WatchEvent, expected: ModelEvent | undefined): void {
    const before = options.prevKv === true ? expected?.before : undefined;
    if (prevKv === undefined) {
      // What a compaction took away can't be told any more.
      const isCompacted = (expected?.revision ?? 0) <= this.model.compactRevision;
      assert.ok(before === undefined || isCompacted);
      return;
    }
    assert.deepEqual(
      { value: shorten(textOf(prevKv.value)), revision: prevKv.modRevision },
      before && { ...before, value: shorten(before.value) },
    );
  }
}

function isWanted({ key, prefix, range, only }: WatchOptions, event: ModelEvent): boolean {
  if (only !== undefined && (only === 'delete') !== (event.value === undefined)) return false;
  if (key !== undefined) return event.key === textOf(key);
  if (prefix !== undefined) return event.key.startsWith(textOf(prefix));
  if (range === undefined) return true;
  return event.key >= textOf(range.start) && (range.end === undefined || event.key < textOf(range.end));
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value).toString('latin1');
}

function shorten(value: string): string {
  return `${value.slice(0, 3)}#${value.length}`;
}

function line({ type, kv }: WatchEvent): string {
  return `${kv.modRevision} ${textOf(kv.key)} ${type === 'put' ? shorten(textOf(kv.value)) : '-'}`;
}

function modelLine({ revision, key, value }: ModelEvent): string {
  return `${revision} ${key} ${value === undefined ? '-' : shorten(value)}`;
}

test('R11: watches that start anywhere, with slow readers, compactions and replaced states, deliver what a plain model has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 100, size: 'max' }), async (steps) => {
      const bench = new Bench();
      for (const step of steps) {
        await bench.run(step);
        bench.check();
      }
      await bench.drain();
      bench.check();
    }),
    { numRuns: 60, ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) }) },
  );
});
