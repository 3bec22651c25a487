import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBehind, missedFloors } from './floors.js';

const enough = { simulatedMs: 60_000, acknowledged: 1000, faults: 20, lines: 20_000 };

test('the floors of a run: 500 acknowledgements, 10 faults, 10,000 lines in each half minute', () => {
  assert.deepEqual(missedFloors(enough), []);
  assert.deepEqual(missedFloors({ ...enough, acknowledged: 999 }), [
    '999 acknowledged in 60.0 s, at least 500 are asked for in 30 s',
  ]);
  assert.deepEqual(missedFloors({ ...enough, faults: 19, lines: 19_999 }), [
    '19 faults in 60.0 s, at least 10 are asked for in 30 s',
    '19999 lines in 60.0 s, at least 10000 are asked for in 30 s',
  ]);
  assert.equal(missedFloors({ ...enough, simulatedMs: 60_001 }).length, 3);
});

test('a margin asks for more', () => {
  assert.equal(isBehind(enough, 'faults'), false);
  assert.equal(isBehind(enough, 'faults', 1.1), true);
});
