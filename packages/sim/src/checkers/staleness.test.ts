import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../workload/history.js';
import { checkStaleness } from './staleness.js';
import { reportsOf, Script } from './testing/script.js';

const seen = (revision: number): Answer => ({ kind: 'seen', revision, keys: [] });

/** Revision 2 is told at 1 ms, revision 3 at 3 ms, then a read is asked for at 10 ms. */
function readAt10(maxStalenessMs: number, answer: Answer, rateMin = 1): readonly string[] {
  const script = new Script();
  script.put('a', '1', 2);
  script.put('a', '2', 3);
  for (let n = 0; n < 3; n += 1)
    script.tell({ kind: 'get', key: 'b', isSerializable: false }, { kind: 'refused', code: '' });
  script.tell({ kind: 'get', key: 'a', isSerializable: true, maxStalenessMs }, answer);
  return reportsOf((report) => checkStaleness(script.operations, rateMin, report));
}

test('a read may lack what was told within its bound, and nothing older', () => {
  const cases: readonly (readonly [bound: number, revision: number, rateMin: number, reports: number])[] = [
    [6, 3, 1, 0],
    [6, 2, 1, 1],
    [7, 2, 1, 0],
    [8, 2, 1, 0],
    [8, 1, 1, 1],
    [10, 1, 1, 0],
    // A clock at half speed: a bound of 4 ms is 8 ms of the world.
    [4, 2, 0.5, 0],
    [3, 2, 0.5, 1],
  ];
  for (const [bound, revision, rateMin, reports] of cases) {
    assert.equal(readAt10(bound, seen(revision), rateMin).length, reports, `${bound} ${revision} ${rateMin}`);
  }
});

test('a read that was refused, and one without a bound, have no age', () => {
  assert.deepEqual(readAt10(1, { kind: 'refused', code: 'UNAVAILABLE' }), []);
  const script = new Script();
  script.put('a', '1', 2);
  script.tell({ kind: 'get', key: 'a', isSerializable: true }, seen(1));
  assert.deepEqual(
    reportsOf((report) => checkStaleness(script.operations, 1, report)),
    [],
  );
});
