import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FreshPoints, freshPointsMax } from './fresh-points.js';

test('the age is known by the newest point whose index is applied', () => {
  // Points as [asOfMs, index], then what is known at 1000 ms with so much applied.
  const cases: readonly (readonly [string, (readonly [number, number])[], applied: number, number | undefined])[] = [
    ['nothing is known', [], 100, undefined],
    ['not applied', [[900, 5]], 4, undefined],
    ['applied', [[900, 5]], 5, 100],
    [
      'the first of two',
      [
        [800, 5],
        [900, 7],
      ],
      6,
      200,
    ],
    [
      'both',
      [
        [800, 5],
        [900, 7],
      ],
      7,
      100,
    ],
    [
      'a later one that asks for less',
      [
        [800, 9],
        [900, 7],
      ],
      7,
      100,
    ],
    [
      'a late message tells nothing new',
      [
        [900, 7],
        [800, 5],
      ],
      9,
      100,
    ],
    ['of this very moment', [[1000, 1]], 1, 0],
  ];
  for (const [what, added, applied, expected] of cases) {
    const points = new FreshPoints();
    for (const [asOfMs, index] of added) points.add(asOfMs, index, 0);
    assert.equal(points.stalenessMs(applied, 1000), expected, what);
  }
});

test('what was known grows old with the clock, and a point that was reached stays so', () => {
  const points = new FreshPoints();
  points.add(10, 3, 0);
  assert.equal(points.stalenessMs(3, 15), 5);
  assert.equal(points.stalenessMs(3, 500), 490);
  points.add(400, 9, 8);
  assert.equal(points.stalenessMs(8, 500), 490, 'index 9 is not applied');
  assert.equal(points.stalenessMs(9, 501), 101);
});

test('a replica that always lags gets to the points it is given: later ones are left out, not earlier ones', () => {
  const points = new FreshPoints();
  for (let n = 1; n <= 10 * freshPointsMax; n += 1) points.add(n, n, 0);
  assert.equal(points.stalenessMs(1, 1000), 999);
  assert.equal(points.stalenessMs(10 * freshPointsMax, 1000), 1000 - freshPointsMax);
  points.add(500, 1, 0);
  assert.equal(points.stalenessMs(10 * freshPointsMax, 1000), 500);
});

test('points that were reached make room, though nobody has asked for the age meanwhile', () => {
  const points = new FreshPoints();
  for (let n = 1; n <= 10 * freshPointsMax; n += 1) points.add(n, n, n - 1);
  assert.equal(points.stalenessMs(10 * freshPointsMax, 10 * freshPointsMax), 0);
});
