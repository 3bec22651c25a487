/** The groups that belong to a seed: bugs of the core alone show in some of them sooner than in whole clusters. */
import type { Violation } from '../checkers/violation.js';
import { runGroup } from './random-group.js';

/** Ten groups take a third of the time of the seed's cluster. */
export const GROUPS_PER_SEED = 10;

/** A group that broke something. */
export interface GroupFailure extends Violation {
  readonly group: number;
}

/** The numbers of a seed's groups; no two seeds share one. */
export function groupsOf(seed: number): readonly number[] {
  return Array.from({ length: GROUPS_PER_SEED }, (_, i) => seed * GROUPS_PER_SEED + i);
}

/** Runs groups without any bug of ours; an assertion of the core is as bad as a broken invariant. */
export function runGroups(groups: readonly number[], run = runGroup): GroupFailure[] {
  return groups.flatMap((group): GroupFailure[] => {
    const { violation, endedBy } = run(group);
    if (violation !== undefined) return [{ group, ...violation }];
    return endedBy === undefined ? [] : [{ group, checker: 'no uncaught exception', message: endedBy }];
  });
}
