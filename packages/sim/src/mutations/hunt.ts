/**
 * The hunt for one bug (R7): seed after seed until a checker names an invariant that it broke. A node that merely ends by itself, an exception
 * or a run that stands still proves nothing about checkers: such a node is started again and the run goes on.
 */
import { activateMutation, type Mutation } from './all-mutations.js';
import type { Violation } from '../checkers/violation.js';
import { runSeed } from '../simulation.js';
import type { HuntedRun } from './hunted-run.js';
import { runGroup } from '../groups/random-group.js';
import { groupsOf } from '../groups/seed-groups.js';

/** Whole clusters of nodes, or groups of raft cores. Each seed runs in both; neither knows of the bug. */
export type Simulator = 'cluster' | 'group';

export interface Found extends Violation {
  readonly simulator: Simulator;
  /** Of the group, or the seed of the cluster. */
  readonly number: number;
}

/** What a child process is told to hunt. */
export interface HuntOrder {
  readonly mutation: Mutation;
  readonly baseSeed: number;
  readonly seedsMax: number;
}

export interface HuntResult {
  readonly mutation: Mutation;
  /** Seeds run, the one that showed it included. */
  readonly seeds: number;
  readonly found: Found | undefined;
  /** Seeds in which the code under test only ended by itself. */
  readonly merelyEnded: number;
  readonly cpuSeconds: number;
}

/** Nothing of these is an invariant of the cluster: an assertion or exception in the code under test came first. */
const mereEnds: ReadonlySet<string> = new Set([
  'nodes run',
  'no uncaught exception',
  'no unhandled rejection',
  'typed errors',
  'enough happens',
]);

/** A run that only stands still: a bug may be the reason, but so may be what happened to the nodes. */
const standstills: ReadonlySet<string> = new Set(['liveness', 'convergence']);

/** Hunts in this process, which has the bug meanwhile. */
export async function hunt({ mutation, baseSeed, seedsMax }: HuntOrder): Promise<HuntResult> {
  const cpuAtStart = process.cpuUsage();
  let merelyEnded = 0;
  let found: Found | undefined;
  let seeds = 0;
  activateMutation(mutation);
  try {
    while (found === undefined && seeds < seedsMax) {
      const run = await runBoth(baseSeed + seeds);
      seeds += 1;
      found = run.found;
      if (found === undefined && run.bugs > 0) merelyEnded += 1;
    }
  } finally {
    activateMutation(undefined);
  }
  const { user, system } = process.cpuUsage(cpuAtStart);
  return { mutation, seeds, found, merelyEnded, cpuSeconds: (user + system) / 1e6 };
}

async function runBoth(seed: number): Promise<{ readonly found: Found | undefined; readonly bugs: number }> {
  let bugs = 0;
  for (const group of groupsOf(seed)) {
    const run = runGroup(group, { goesOnAfterBugs: true });
    bugs += run.bugs;
    if (run.violation !== undefined) return { found: { simulator: 'group', number: group, ...run.violation }, bugs };
  }
  const run = await runCluster(seed);
  bugs += run.bugs;
  return { found: run.violation && { simulator: 'cluster', number: seed, ...run.violation }, bugs };
}

async function runCluster(seed: number): Promise<HuntedRun> {
  const { violations, endedByBug } = await runSeed(seed, { goesOnAfterBugs: true });
  const bugs = endedByBug + violations.filter(({ checker }) => mereEnds.has(checker)).length;
  const violation = violations.find(({ checker }) => !mereEnds.has(checker) && !standstills.has(checker));
  return { violation, bugs };
}
