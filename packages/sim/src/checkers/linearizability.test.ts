import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLinearizability } from './linearizability.js';
import { reportsOf, rowOf, Script } from './testing/script.js';

function reportsOn(tell: (script: Script) => void): string[] {
  const script = new Script();
  tell(script);
  return reportsOf((report) => checkLinearizability(script.operations, report));
}

const unknown = { kind: 'unknown', code: 'TIMEOUT' } as const;
const refused = { kind: 'refused', code: 'NO_LEADER' } as const;

test('R8 linearizability: what one copy of the data would have told passes', () => {
  const script = new Script();
  const open = script.ask({ kind: 'put', key: 'a', value: '3' });
  script.put('a', '1', 2);
  script.get('a', 2, ['1', 2]);
  script.tell({ kind: 'put', key: 'a', value: '2', ifModRevision: 9 }, { kind: 'conditionFailed', modRevision: 2 });
  script.tell({ kind: 'put', key: 'a', value: '2', ifAbsent: true }, { kind: 'conditionFailed', modRevision: 2 });
  script.delete('a', 3);
  script.tell({ kind: 'delete', key: 'a' }, { kind: 'deleted', revision: 3, deleted: 0 });
  script.get('a', 3);
  script.get('a', 4, ['3', 4]);
  script.answer(open, unknown);
  script.tell({ kind: 'put', key: 'b', value: '4' }, refused);
  const { keys, undecided } = checkLinearizability(script.operations, assert.fail);
  assert.deepEqual({ keys, undecided }, { keys: 2, undecided: 0 });
});

test('R8 linearizability: a stale read is found', () => {
  const reports = reportsOn((script) => {
    script.put('a', '1', 2);
    script.put('a', '2', 3);
    script.get('a', 2, ['1', 2], 2);
  });
  assert.deepEqual(reports, [
    'no order explains what was told of a: operation 2 (get) does not fit behind operation 1 (put)',
  ]);
});

test('R8 linearizability: a lost write, of which revisions tell nothing, is found', () => {
  const reports = reportsOn((script) => {
    script.put('a', '1', 2);
    script.get('a', 2);
  });
  assert.equal(reports.length, 1);
});

test('R8 linearizability: two winners of one compare-and-set are found', () => {
  const reports = reportsOn((script) => {
    script.put('a', '1', 2);
    const first = script.ask({ kind: 'put', key: 'a', value: '2', ifModRevision: 2 });
    const second = script.ask({ kind: 'put', key: 'a', value: '3', ifModRevision: 2 }, 2);
    script.answer(first, { kind: 'written', revision: 3, createRevision: 2, version: 2 });
    script.answer(second, { kind: 'written', revision: 4, createRevision: 2, version: 2 });
  });
  assert.equal(reports.length, 1);
});

test('R8 linearizability: a write that was refused and shows up is found', () => {
  const reports = reportsOn((script) => {
    script.tell({ kind: 'put', key: 'a', value: '1' }, refused);
    script.get('a', 2, ['1', 2]);
  });
  assert.equal(reports.length, 1);
});

test('R8 linearizability: a write of unknown outcome takes effect once', () => {
  const reports = reportsOn((script) => {
    script.tell({ kind: 'put', key: 'a', value: '1' }, unknown);
    script.get('a', 2, ['1', 2]);
    script.put('a', '2', 3);
    script.get('a', 4, ['1', 4]);
  });
  assert.equal(reports.length, 1);
});

test('R8 linearizability: reads of many keys count for each of them', () => {
  const list = { kind: 'list', prefix: 'a', isSerializable: false } as const;
  const tell = (script: Script): void => {
    script.put('a1', '1', 2);
    script.put('a2', '2', 3);
    script.tell(list, { kind: 'seen', revision: 3, keys: [rowOf('a1', '1', 2)] });
  };
  assert.deepEqual(
    reportsOn(tell).map((report) => report.slice(0, 42)),
    ['no order explains what was told of a2: ope'],
  );
});

test('R8 linearizability: reads that promise less are left out', () => {
  const reports = reportsOn((script) => {
    script.put('a', '1', 2);
    script.put('a', '2', 3);
    const keys = [rowOf('a', '1', 2)];
    script.tell({ kind: 'get', key: 'a', isSerializable: true }, { kind: 'seen', revision: 2, keys });
    script.tell({ kind: 'get', key: 'a', isSerializable: false, revision: 2 }, { kind: 'seen', revision: 2, keys });
  });
  assert.deepEqual(reports, []);
});

test('a search that takes too much is undecided', () => {
  const script = new Script();
  script.put('a', '1', 2);
  script.put('a', '2', 3);
  const bounds = { configurationsMax: 1, memoBytesMax: 2 ** 24, isOverdue: () => false };
  assert.deepEqual(checkLinearizability(script.operations, assert.fail, bounds), { keys: 1, undecided: 1 });
});
