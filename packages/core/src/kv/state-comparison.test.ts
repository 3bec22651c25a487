import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { encodeCompact, encodeCompare, encodeDelete, encodePut } from './command.js';
import { buildBatch } from './entry-codec.js';
import type { StateMachine } from './state-machine.js';
import { MemoryStore } from './testing/memory-store.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const options = { ringBytesMax: 2 << 20, sliceKeysMax: 2 };

function applyAll(machine: StateMachine, commands: readonly Uint8Array[]): void {
  const entry = buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, commands);
  let result = machine.apply(entry, machine.appliedIndex + 1, 1);
  while (result.status === 'more') result = machine.applyMore();
}

test('R14: a comparison changes nothing but the chain', () => {
  const machine = new MemoryStore().open(options);
  applyAll(machine, [encodePut(bytes('a'), bytes('1'))]);
  const before = machine.stateHashes;
  const result = machine.apply(buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, [encodeCompare()]), 2, 3);
  assert.deepEqual(result, { status: 'done', outcomes: [{ kind: 'compare', revision: 2 }] });
  const { chainHash, ...after } = machine.stateHashes;
  assert.deepEqual({ ...after, chainHash: before.chainHash }, { ...before, appliedIndex: 2, appliedTerm: 3 });
  assert.notDeepEqual(chainHash, before.chainHash);
});

/** What a replica does on its own between two entries. */
type Pace = { readonly slices: number; readonly isFlushed: boolean; readonly isRestarted: boolean };

/** One replica: its store outlives restarts. */
class TestReplica {
  readonly store = new MemoryStore();
  machine = this.store.open(options);

  go({ slices, isFlushed, isRestarted }: Pace, records: number): void {
    for (let slice = 0; slice < slices; slice += 1) this.machine.compactSlice(records);
    if (isFlushed || isRestarted) {
      const cut = this.machine.cutFlush();
      this.store.commit(cut);
      this.machine.flushDone(cut);
    }
    if (isRestarted) this.machine = this.store.open(options);
  }

  finishCompaction(): void {
    while (this.machine.compactSlice(3));
  }
}

test('R14: once compaction is finished the content hash does not tell when, how or in which slices it ran', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const command = fc.oneof(
    { weight: 4, arbitrary: key.map((name) => ({ kind: 'put' as const, name })) },
    { weight: 2, arbitrary: key.map((name) => ({ kind: 'delete' as const, name })) },
    { weight: 1, arbitrary: key.map((name) => ({ kind: 'deleteFrom' as const, name })) },
    { weight: 2, arbitrary: fc.nat(6).map((behind) => ({ kind: 'compact' as const, behind })) },
  );
  const pace = fc.record({ slices: fc.nat(3), isFlushed: fc.boolean(), isRestarted: fc.boolean() });
  const step = fc.record({ command, one: pace, other: pace });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const one = new TestReplica();
      const other = new TestReplica();
      for (const [number, { command: next, one: paceOfOne, other: paceOfOther }] of steps.entries()) {
        const encoded =
          next.kind === 'compact'
            ? encodeCompact(Math.max(1, one.machine.currentRevision - next.behind))
            : next.kind === 'put'
              ? encodePut(bytes(next.name), bytes(`${number}`))
              : encodeDelete(bytes(next.name), next.kind === 'delete' ? {} : { rangeEnd: Uint8Array.of(0) });
        for (const replica of [one, other]) applyAll(replica.machine, [encoded]);
        one.go(paceOfOne, 1);
        other.go(paceOfOther, 4);
      }
      one.finishCompaction();
      other.finishCompaction();
      assert.deepEqual(one.machine.stateHashes, other.machine.stateHashes);
    }),
    { numRuns: 400 },
  );
});

test('R14: what a replica carries out wrongly shows in its content hash, not in its chain', () => {
  const [right, wrong] = [undefined, (): Uint8Array => entryOf('2')].map((misread) =>
    new MemoryStore().open({ ...options, misread }),
  );
  function entryOf(value: string): Uint8Array {
    return buildBatch({ shardTimeMs: 1, wallClockMs: 0 }, [encodePut(bytes('a'), bytes(value))]);
  }
  for (const machine of [right, wrong]) machine?.apply(entryOf('1'), 1, 1);
  assert.deepEqual(wrong?.chainHash, right?.chainHash);
  assert.notDeepEqual(wrong?.contentHash, right?.contentHash);
});
