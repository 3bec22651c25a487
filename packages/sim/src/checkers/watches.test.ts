import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchRecord, WatchStep } from '../workload/watch-client.js';
import { reportsOf, Script } from './testing/script.js';
import { checkWatches } from './watches.js';

const batch = (revision: number, ...revisions: readonly number[]): WatchStep => ({
  kind: 'batch',
  revision,
  events: revisions.map((at) => ({ revision: at, key: 'a', value: `v${at}` })),
});

/** What is reported of a watch from revision 2 on, when 2 to 6 were written. */
function reports(...steps: readonly WatchStep[]): number {
  const script = new Script();
  for (let revision = 2; revision <= 6; revision += 1) script.put('a', `v${revision}`, revision);
  const watch: WatchRecord = { prefix: '', fromRevision: 2, steps };
  return reportsOf((report) => checkWatches(new Map([['w', watch]]), script.operations, report)).length;
}

test('R8, R11: gaps, repetitions, wrong orders and wrong events of watches are noticed, what is told to be missed is not', () => {
  assert.equal(reports(batch(4, 2, 3, 4), batch(5, 5), batch(6, 6)), 0);
  assert.equal(reports(batch(4, 2, 3, 4)), 0);
  assert.equal(reports(batch(3, 2, 3), { kind: 'missed', compactRevision: 5 }, batch(6, 5, 6)), 0);
  assert.ok(reports(batch(4, 2, 4)) > 0);
  assert.ok(reports(batch(4, 2, 3, 4), batch(5, 4, 5)) > 0);
  assert.ok(reports(batch(4, 3, 2, 4)) > 0);
  assert.ok(reports(batch(3, 2, 3, 4)) > 0);
  assert.ok(reports(batch(3, 2, 3), { kind: 'missed', compactRevision: 3 }, batch(6, 4, 5, 6)) > 0);
  const other: WatchStep = { kind: 'batch', revision: 2, events: [{ revision: 2, key: 'a', value: 'other' }] };
  assert.ok(reports(other) > 0);
});
