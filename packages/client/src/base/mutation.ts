/**
 * Bugs that a client of this kind may have, each a switch at the place where it would be made (R7, R20). The simulator turns on one at a time and has to notice;
 * nothing else may. All are off unless {@link activateMutation} is called, which production code never does.
 *
 * Module state, as a bug is a property of the program, not of one client.
 */

export const mutations = ['retryWithNewSequence', 'unknownToldAsDefinite', 'watchResumedLate'] as const;

export type Mutation = (typeof mutations)[number];

let active: Mutation | undefined;

/** Whether the bug is in this program. */
export function isMutated(mutation: Mutation): boolean {
  return active === mutation;
}

/** Puts one bug into the whole program, or takes it out. For the simulator only. */
export function activateMutation(mutation: Mutation | undefined): void {
  active = mutation;
}
