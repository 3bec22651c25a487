import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAcknowledgedWrites, type FinalState } from './acknowledged-writes.js';
import { checkRevisionTimes } from './revision-times.js';
import { checkRevisionWitness } from './revision-witness.js';
import { reportsOf, rowOf, Script } from './testing/script.js';

function witnessOn(tell: (script: Script) => void): string[] {
  const script = new Script();
  tell(script);
  return reportsOf((report) => checkRevisionWitness(script.operations, report));
}

function timesOn(tell: (script: Script) => void): string[] {
  const script = new Script();
  tell(script);
  return reportsOf((report) => checkRevisionTimes(script.operations, report));
}

/** A final state in which each key was written once. */
function finalOf(
  revision: number,
  rows: Readonly<Record<string, readonly [value: string, modRevision: number]>>,
): FinalState {
  return {
    revision,
    compactRevision: 0,
    get: (key) => {
      const [value, modRevision] = rows[key] ?? [];
      return value === undefined || modRevision === undefined ? undefined : { value, modRevision };
    },
  };
}

test('R8 acknowledged writes: a lost put, a lost delete and a lost revision are found', () => {
  const script = new Script();
  script.put('a', '1', 2);
  script.delete('b', 3);
  const on = (final: FinalState) => reportsOf((report) => checkAcknowledgedWrites(script.operations, final, report));
  assert.deepEqual(on(finalOf(3, { a: ['1', 2] })), []);
  assert.deepEqual(on(finalOf(3, {})), ['operation 0 wrote a at revision 2; found is undefined']);
  assert.deepEqual(on(finalOf(3, { a: ['1', 2], b: ['2', 1] })), [
    'operation 1 deleted b at revision 3, but it is there',
  ]);
  assert.deepEqual(on(finalOf(2, { a: ['1', 2] })), ['operation 1 was acknowledged at revision 3, the newest is 2']);
});

test('R8 revision times: a read that is older than an answer before it is found', () => {
  const stale = timesOn((script) => {
    script.put('a', '1', 2);
    script.get('a', 1, undefined, 2);
  });
  assert.deepEqual(stale, ['operation 1 (get) stands at revision 1; revision 2 was told before it was asked']);
});

test('R8 revision times: a revision told twice, and one that nobody can have made, are found', () => {
  const twice = timesOn((script) => {
    script.put('a', '1', 2);
    script.put('b', '2', 2);
  });
  assert.deepEqual(twice, ['operation 1 (put) stands at revision 2; revision 3 was told before it was asked']);
  const invented = timesOn((script) => script.put('a', '1', 9));
  assert.deepEqual(invented, ['operation 0 stands at revision 9, though at most 1 writes were asked for']);
});

test('R8 monotone revision: a process that goes back is found, in reads without a quorum too', () => {
  const reports = timesOn((script) => {
    const read = { kind: 'get', key: 'a', isSerializable: true } as const;
    script.put('a', '1', 2);
    script.tell(read, { kind: 'seen', revision: 2, keys: [rowOf('a', '1', 2)] }, 2);
    script.tell(read, { kind: 'seen', revision: 1, keys: [] }, 2);
  });
  assert.deepEqual(reports, ['operation 2 went back on node 2 from revision 2 (operation 1) to 1']);
});

test('R8 revision witness: reads that show another state than that of their revision are found', () => {
  const stale = witnessOn((script) => {
    script.put('a', '1', 2);
    script.put('a', '2', 3);
    script.get('a', 3, ['1', 2]);
  });
  assert.match(stale[0] ?? '', /operation 2 read a at revision 3 and saw revision 2; it was written \(2\) at 3/);
  const lost = witnessOn((script) => {
    script.put('a', '1', 2);
    script.get('a', 2);
  });
  assert.match(lost[0] ?? '', /operation 1 read a at revision 2 as absent; it was written/);
  const phantom = witnessOn((script) => script.get('a', 2, ['1', 2]));
  assert.match(phantom[0] ?? '', /operation 0 saw a = 1 of revision 2, which nobody wrote/);
});

test('R8 revision witness: a read of many keys that saw them at two moments is found', () => {
  const reports = witnessOn((script) => {
    script.put('a', '1', 2);
    script.put('b', '2', 3);
    script.put('a', '3', 4);
    const keys = [rowOf('a', '3', 4)];
    script.tell({ kind: 'list', prefix: '', isSerializable: false }, { kind: 'seen', revision: 4, keys });
  });
  assert.match(reports[0] ?? '', /operation 3 read b at revision 4 as absent/);
});

test('R8 revision witness: a compare-and-set on an old state is found', () => {
  const reports = witnessOn((script) => {
    script.put('a', '1', 2);
    script.put('a', '2', 3);
    const cas = { kind: 'put', key: 'a', value: '3', ifModRevision: 2 } as const;
    script.tell(cas, { kind: 'written', revision: 4, createRevision: 2, version: 3 });
  });
  assert.match(reports[0] ?? '', /asked for a at modRevision 2 and was carried out at 4, though the key changed at 3/);
});
