/**
 * The second simulator: groups of raft cores alone, whose members come and go, learners included. A group takes a thirtieth of the
 * time of a cluster and its weather is worse: messages are repeated and overtake each other, which streams between nodes don't do, and options of the core that
 * the product leaves alone vary.
 */
import { AssertionError } from 'node:assert/strict';
import type { RaftConfig } from '@kvorum/core/raft/config.js';
import { Cluster } from '@kvorum/core/raft/testing/cluster.js';
import { USUAL_WEATHER, type Weather } from '@kvorum/core/raft/testing/weather.js';
import { chance, integerIn, pick, stream } from '../world/chance.js';
import type { Violation } from '../checkers/violation.js';
import type { Random } from '@kvorum/server/internal/env/env.js';
import { textOf } from '../words.js';

/** What one group showed. */
export interface GroupRun {
  /** The first invariant that a check found broken. */
  readonly violation: Violation | undefined;
  /** Times that the code under test ended by itself, by an assertion or another error. */
  readonly bugs: number;
  /** The error that ended the group and is no broken invariant. */
  readonly endedBy: string | undefined;
}

export interface GroupOptions {
  /** After an assertion of the core all replicas start again: to see what the checks say (R7). */
  readonly goesOnAfterBugs?: boolean;
}

const STEPS = 30_000;
const SETTLE_ROUNDS_MAX = 2000;
/** How the group says that it did not come to agree, in as many rounds. */
const NO_AGREEMENT = 'no agreement after the faults ended';

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
export function runGroup(seed: number, { goesOnAfterBugs = false }: GroupOptions = {}): GroupRun {
  const random = stream(seed, 'group');
  const nodes = integerIn(random, 3, 6);
  // Few voters are easily outvoted by those who missed something.
  const voters = Math.min(nodes, pick(random, [2, 3, 3, 3, 4, 5, 6]));
  const changesMembership = integerIn(random, 0, 4) > 0;
  const weather = drawWeather(random);
  const raft = drawOptions(random);
  const cluster = new Cluster({ seed, nodes, voters, changesMembership, weather, raft, goesOnAfterBugs });
  try {
    for (let step = 0; step < STEPS; step += 1) cluster.step();
    cluster.settle(SETTLE_ROUNDS_MAX);
    return { violation: undefined, bugs: cluster.bugs, endedBy: undefined };
  } catch (error) {
    const violation = violationOf(error);
    const isBug = violation === undefined && !textOf(error).includes(NO_AGREEMENT);
    return { violation, bugs: cluster.bugs + 1, endedBy: isBug ? textOf(error) : undefined };
  }
}

/** Each seed has another mix: calm and storm, slow disks, long delays, many or few changes; what breaks elections comes in half of all seeds or less. */
function drawWeather(random: Random): Partial<Weather> {
  const usual = USUAL_WEATHER;
  const sometimes = (...from: readonly number[]): number => (chance(random, 0.5) ? 0 : pick(random, from));
  return {
    tick: pick(random, [100, 150, 250]),
    deliver: pick(random, [600, 1200]),
    ready: 400,
    append: pick(random, [400, 200, 80]),
    apply: pick(random, [200, 60]),
    read: pick(random, [usual.read, 150]),
    compact: pick(random, [usual.compact, 30]),
    change: pick(random, [usual.change, 15, 40]),
    crash: pick(random, [1, usual.crash, 5]),
    cut: sometimes(1, usual.cut),
    heal: pick(random, [usual.heal, 80]),
    reorder: pick(random, [0, usual.reorder, 50]),
    lose: pick(random, [0, usual.lose]),
    repeat: pick(random, [0, usual.repeat, 10]),
    changesMax: pick(random, [1, usual.changesMax, 3]),
    stall: sometimes(1, 5),
    crashAfterSend: sometimes(3, 30),
    hurry: pick(random, [10, 50, 250]),
    hold: sometimes(10, 100),
    ambush: sometimes(30, 100),
  };
}

/** Where the product has one choice, groups have several: without pre-vote elections collide, and one entry per message leaves logs half copied. */
function drawOptions(random: Random): Partial<RaftConfig> {
  const electionTicks = pick(random, [3, 3, 10]);
  return {
    electionTicks,
    heartbeatTicks: pick(random, [1, 2]),
    preVote: chance(random, 0.5),
    checkQuorum: chance(random, 0.5),
    messageBytesMax: pick(random, [0, 120]),
    inflightMessagesMax: pick(random, [1, 4]),
  };
}

/** Undefined for anything but a broken invariant: an assertion of the core is no checker. */
function violationOf(error: unknown): Violation | undefined {
  const checked = error instanceof AssertionError ? error.message : '';
  const found = invariants.find(([text]) => checked.includes(text));
  if (found === undefined) return undefined;
  // The core's group calls its number a seed; here seeds are those of whole clusters.
  const message = (checked.split('\n', 1)[0] ?? '').replace(/^seed (?=\d)/, 'group ');
  return { checker: found[1], message };
}
