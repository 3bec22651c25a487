/**
 * Historic bugs of systems like this one, each a switch at the place where it would be made again (R7). The simulator turns on one at a time and has to
 * notice; nothing else may. All are off unless {@link activateMutation} is called, which production code never does.
 *
 * The one piece of module state in core: a bug is a property of the program, not of one replica.
 */

export const mutations = [
  'ackBeforeSync',
  'voteNotSynced',
  'ownVoteBeforeSync',
  'readTokenReused',
  'readBeforeOwnTermCommit',
  'appliedIndexApartFromData',
  'oldTermCommittedByCount',
  'staleAppendTruncates',
  'rejectionCountsAsMatch',
  'snapshotMovesBack',
  'tornRecordAccepted',
  'damageInMiddleCut',
  'segmentFreedBeforeFlush',
  'hardStateLostAtSegmentCut',
  'copiedSuffixTruncates',
  'directoryNotSynced',
  'compactionDropsNewest',
  'quorumOfHalf',
  'voteForgottenInTerm',
  'commitFromHeartbeatUnchecked',
  'sideTablesNewerThanAppliedIndex',
  'staleResponseAdvancesMatch',
  'learnerCountedInQuorum',
  'halfOfJointQuorumCounted',
  'changeWithoutOwnTermCommit',
  'snapshotLosesConfState',
  'duplicateApplied',
  'dedupTableLost',
  'sessionTableMissingFromSnapshot',
  'watchGapAfterResume',
  'stalenessEchoUnchecked',
  'stalenessWithoutQuorum',
] as const;

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
