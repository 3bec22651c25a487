/**
 * The second simulator: groups of raft cores alone, whose members come and go, learners included. The product has no membership API yet, so
 * whole clusters can't show bugs of membership; and here messages are repeated and overtake each other, which streams between nodes don't do.
 */
import { AssertionError } from 'node:assert/strict';
import { Cluster } from '@kvorum/core/raft/testing/cluster.js';
import { USUAL_WEATHER, type Weather } from '@kvorum/core/raft/testing/weather.js';
import { integerIn, pick, stream } from '../world/chance.js';
import type { Violation } from '../checkers/violation.js';
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { HuntedRun } from './hunted-run.js';

const STEPS = 30_000;
const SETTLE_ROUNDS_MAX = 2000;

/**
 * What the group's own checks say, and which invariant that is. That a group comes to agree once faults end is none of them: a leader that was voted out
 * and dies before anybody knows that may leave a group without one that can be elected.
 */
const invariants: readonly (readonly [text: string, checker: string])[] = [
  ['two leaders in term', 'election safety'],
  ['applies another', 'state machine safety'],
  ['a snapshot holds another state', 'state machine safety'],
  ['applies out of order', 'apply order'],
  ['misses what was applied', 'read freshness'],
  ['a vote was changed', 'one vote per term'],
  ['logs differ', 'log matching'],
];

/** Runs one group to its end or to the first thing that is wrong. */
export function runGroup(seed: number): HuntedRun {
  const random = stream(seed, 'group');
  const nodes = integerIn(random, 3, 6);
  const voters = integerIn(random, 2, nodes);
  const changesMembership = integerIn(random, 0, 4) > 0;
  const weather = drawWeather(random);
  const cluster = new Cluster({ seed, nodes, voters, changesMembership, weather, goesOnAfterBugs: true });
  try {
    for (let step = 0; step < STEPS; step += 1) cluster.step();
    cluster.settle(SETTLE_ROUNDS_MAX);
    return { violation: undefined, bugs: cluster.bugs };
  } catch (error) {
    return { violation: violationOf(error), bugs: cluster.bugs + 1 };
  }
}

/** Each seed has another mix: calm and storm, slow disks, long delays, many or few changes. */
function drawWeather(random: Random): Partial<Weather> {
  const usual = USUAL_WEATHER;
  return {
    tick: pick(random, [100, 160, 240]),
    deliver: 1200,
    ready: 400,
    append: pick(random, [400, 200, 80]),
    apply: pick(random, [200, 60]),
    compact: pick(random, [usual.compact, 30]),
    change: pick(random, [usual.change, 15, 40]),
    crash: pick(random, [1, usual.crash, 5]),
    cut: pick(random, [1, usual.cut, 6]),
    heal: pick(random, [usual.heal, 20]),
    reorder: pick(random, [0, usual.reorder, 50]),
    lose: pick(random, [0, usual.lose]),
    repeat: pick(random, [0, usual.repeat, 10]),
    changesMax: pick(random, [1, usual.changesMax, 3]),
  };
}

/** Undefined for anything but a broken invariant: an assertion of the core is no checker. */
function violationOf(error: unknown): Violation | undefined {
  const checked = error instanceof AssertionError ? error.message : '';
  const found = invariants.find(([text]) => checked.includes(text));
  return found === undefined ? undefined : { checker: found[1], message: checked.split('\n', 1)[0] ?? '' };
}
