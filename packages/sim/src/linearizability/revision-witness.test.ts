import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  checkRevisions,
  type WitnessedOperation,
  type WitnessedRead,
  type WitnessedWrite,
} from './revision-witness.js';

const put = (
  key: string,
  value: string,
  revision: number | undefined,
  call: number,
  returned = call + 1,
): WitnessedWrite => {
  return { kind: 'write', process: 'w', key, value, revision, call, return: returned };
};
const del = (key: string, revision: number | undefined, call: number, returned = call + 1): WitnessedWrite => {
  return { kind: 'write', process: 'w', key, value: undefined, revision, call, return: returned };
};
const get = (key: string, row: [string, number] | undefined, revision: number, call: number): WitnessedRead => {
  const rows = row === undefined ? [] : [{ key, value: row[0], modRevision: row[1] }];
  return {
    kind: 'read',
    process: 'r',
    asked: { keys: [key] },
    rows,
    revision,
    isLinearizable: true,
    call,
    return: call + 1,
  };
};
const old = (read: WitnessedRead): WitnessedRead => ({ ...read, isLinearizable: false });

const TABLE: readonly [string, string | undefined, readonly WitnessedOperation[]][] = [
  ['writes and reads in order', undefined, [put('a', '1', 2, 0), get('a', ['1', 2], 2, 2), put('a', '2', 3, 4)]],
  ['a stale read', 'real time', [put('a', '1', 2, 0), put('a', '2', 3, 2), get('a', ['1', 2], 2, 4)]],
  [
    'the same by a read of an old revision',
    undefined,
    [put('a', '1', 2, 0), put('a', '2', 3, 2), old(get('a', ['1', 2], 2, 4))],
  ],
  [
    'a wrong value at an old revision',
    'state',
    [put('a', '1', 2, 0), put('a', '2', 3, 2), old(get('a', ['2', 3], 2, 4))],
  ],
  ['revisions against real time', 'real time', [put('a', '1', 3, 0), put('a', '2', 2, 2)]],
  ['a read of the future', 'real time', [get('a', ['1', 2], 2, 0), put('a', '1', 2, 5)]],
  ['a revision given twice', 'unique revision', [put('a', '1', 2, 0, 9), put('b', '2', 2, 0, 9)]],
  ['a lost write', 'state', [put('a', '1', 2, 0), get('a', undefined, 2, 4)]],
  ['a value of nobody', 'unknown value', [put('a', '1', 2, 0), get('a', ['x', 3], 3, 4)]],
  ['an unknown write that is seen', undefined, [put('a', '1', undefined, 0, Infinity), get('a', ['1', 7], 8, 4)]],
  ['and undone', 'state', [put('a', '1', undefined, 0, Infinity), get('a', ['1', 7], 8, 4), get('a', undefined, 8, 6)]],
  [
    'and seen twice',
    'unknown value',
    [put('a', '1', undefined, 0, Infinity), get('a', ['1', 7], 7, 4), get('a', ['1', 8], 8, 6)],
  ],
  [
    'an unknown write seen before its call',
    'unknown value',
    [get('a', ['1', 7], 8, 0), put('a', '1', undefined, 4, Infinity)],
  ],
  [
    'an unknown write before what was known',
    'unknown value',
    [put('b', '1', 9, 0), put('a', '1', undefined, 4, Infinity), get('a', ['1', 7], 9, 6)],
  ],
  ['an unknown delete', undefined, [put('a', '1', 2, 0), del('a', undefined, 2, Infinity), get('a', undefined, 3, 4)]],
  [
    'and the key is back',
    'state',
    [put('a', '1', 2, 0), del('a', undefined, 2, Infinity), get('a', undefined, 3, 4), get('a', ['1', 2], 3, 6)],
  ],
  ['a delete', undefined, [put('a', '1', 2, 0), del('a', 3, 2), get('a', undefined, 3, 4)]],
  ['a condition that held', undefined, [put('a', '1', 2, 0), { ...put('a', '2', 3, 2), ifRevision: 2 }]],
  [
    'a condition that did not',
    'condition',
    [put('a', '1', 2, 0), put('a', '2', 3, 0, 9), { ...put('a', '3', 4, 0, 9), ifRevision: 2 }],
  ],
  [
    'two creations of a key',
    'condition',
    [
      { ...put('a', '1', 2, 0, 9), ifRevision: 0 },
      { ...put('a', '2', 3, 0, 9), ifRevision: 0 },
    ],
  ],
  [
    'a list with all its rows',
    undefined,
    [put('a/1', 'x', 2, 0), put('b', 'y', 3, 2), { ...get('a/1', ['x', 2], 3, 4), asked: { prefix: 'a/' } }],
  ],
  [
    'a list without one',
    'state',
    [put('a/1', 'x', 2, 0), put('a/2', 'y', 3, 2), { ...get('a/1', ['x', 2], 3, 4), asked: { prefix: 'a/' } }],
  ],
];

test('R8: the revision as witness', () => {
  for (const [name, rule, operations] of TABLE) assert.equal(checkRevisions(operations)?.rule, rule, name);
});

/** A history executed one operation after the other at moments inside their spans; one answer in ten gets lost. */
function executed(steps: readonly [number, number, number, number][]): WitnessedOperation[] {
  let revision = 1;
  const state = new Map<string, { value: string; modRevision: number }>();
  return steps.flatMap(([kind, key, before, after], moment): WitnessedOperation[] => {
    const k = `k${key}`;
    const span = { process: 'p', call: moment - before, return: after === 9 ? Infinity : moment + after };
    const known = state.get(k);
    if (kind >= 5) {
      if (span.return === Infinity) return [];
      const rows = known === undefined ? [] : [{ key: k, ...known }];
      return [{ ...span, kind: 'read', asked: { keys: [k] }, rows, revision, isLinearizable: true }];
    }
    if (kind === 0 && known === undefined) return [];
    revision += 1;
    const value = kind === 0 ? undefined : `v${moment}`;
    if (value === undefined) state.delete(k);
    else state.set(k, { value, modRevision: revision });
    return [{ ...span, kind: 'write', key: k, value, revision: span.return === Infinity ? undefined : revision }];
  });
}

const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(3), fc.nat(9), fc.nat(9)), { maxLength: 120 });

test('R8: executed histories pass, and a read that is moved behind a later write of its key does not', () => {
  let moved = 0;
  fc.assert(
    fc.property(steps, fc.nat(), (list, pick) => {
      const operations = executed(list);
      assert.equal(checkRevisions(operations), undefined);
      const reads = operations.filter((operation) => operation.kind === 'read');
      const read = reads[pick % Math.max(1, reads.length)];
      const later = operations.find((operation) => {
        return operation.kind === 'write' && read !== undefined && (operation.revision ?? 0) > read.revision;
      });
      if (read === undefined || later === undefined) return;
      moved += 1;
      const stale = { ...read, call: later.return + 1, return: later.return + 2 };
      assert.equal(checkRevisions([...operations, stale])?.rule, 'real time');
    }),
    { numRuns: 300 },
  );
  assert.ok(moved > 100);
});

test('R8: 50,000 operations are checked within 5 s', () => {
  const list = Array.from({ length: 50_000 }, (_, index): [number, number, number, number] => {
    return [index % 10, (index * 7) % 1000, index % 9, (index * 3) % 9];
  });
  const started = performance.now();
  assert.equal(checkRevisions(executed(list)), undefined);
  assert.ok(performance.now() - started < 5000);
});
