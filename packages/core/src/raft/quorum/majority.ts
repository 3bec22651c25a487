/**
 * Arithmetic of one majority: which index a quorum has, and how a vote stands.
 */
import { isMutated } from '../../base/mutation.js';
import type { LogIndex, NodeId } from '../types.js';

/** Voters in ascending order, without repetition. An empty one agrees to everything, which makes joint quorums simple. */
export type MajorityConfig = readonly NodeId[];

/** How far each voter's log is known to match. */
export interface AckedIndexer {
  /** undefined when nothing is known; counts as 0. */
  ackedIndex(id: NodeId): LogIndex | undefined;
}

/** Answers per voter: granted, refused, or absent while pending. */
export interface VoteSource {
  vote(id: NodeId): boolean | undefined;
}

/** How a vote stands: pending while the answers that are missing may still decide it. */
export type VoteResult = 'pending' | 'lost' | 'won';

/** Number of voters that decide. */
export function quorumOf(voters: number): number {
  return isMutated('quorumOfHalf') ? Math.ceil(voters / 2) : Math.floor(voters / 2) + 1;
}

/** The highest index that a quorum has acknowledged, Infinity for the empty configuration (paper 5.3, 5.4). */
export function committedIndex(config: MajorityConfig, acked: AckedIndexer): LogIndex {
  const voters = config.length;
  if (voters === 0) return Number.POSITIVE_INFINITY;
  // Insertion sort by hand: a handful of numbers per acknowledgement, without a comparator.
  const sorted: number[] = [];
  for (const id of config) {
    const index = acked.ackedIndex(id) ?? 0;
    let at = sorted.length;
    while (at > 0 && (sorted[at - 1] ?? 0) > index) {
      sorted[at] = sorted[at - 1] ?? 0;
      at -= 1;
    }
    sorted[at] = index;
  }
  return sorted[voters - quorumOf(voters)] ?? 0;
}

/** How the vote stands: won with a quorum of grants, lost when none is possible any more. */
export function voteResult(config: MajorityConfig, votes: VoteSource): VoteResult {
  const voters = config.length;
  if (voters === 0) return 'won';
  let granted = 0;
  let pending = 0;
  for (const id of config) {
    const vote = votes.vote(id);
    if (vote === undefined) pending += 1;
    else if (vote) granted += 1;
  }
  const quorum = quorumOf(voters);
  if (granted >= quorum) return 'won';
  return granted + pending >= quorum ? 'pending' : 'lost';
}
