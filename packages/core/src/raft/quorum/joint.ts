/**
 * Arithmetic of a joint configuration: both halves have to agree (thesis 4.3). Outside of a change the outgoing half is empty.
 */
import { isMutated } from '../../base/mutation.js';
import type { LogIndex, NodeId } from '../types.js';
import type { AckedIndexer, MajorityConfig, VoteResult, VoteSource } from './majority.js';
import { committedIndex, voteResult } from './majority.js';

/** The voters of a shard: one majority decides, or while joint one in each half. */
export interface JointConfig {
  readonly incoming: MajorityConfig;
  /** Empty when not joint. */
  readonly outgoing: MajorityConfig;
}

/** The highest index that quorums of both halves have acknowledged. */
export function jointCommittedIndex(config: JointConfig, acked: AckedIndexer): LogIndex {
  const incoming = committedIndex(config.incoming, acked);
  if (config.outgoing.length === 0 || isMutated('halfOfJointQuorumCounted')) return incoming;
  return Math.min(incoming, committedIndex(config.outgoing, acked));
}

/** Won when both halves are won, lost when either is. */
export function jointVoteResult(config: JointConfig, votes: VoteSource): VoteResult {
  const incoming = voteResult(config.incoming, votes);
  if (isMutated('halfOfJointQuorumCounted')) return incoming;
  const outgoing = voteResult(config.outgoing, votes);
  if (incoming === outgoing) return incoming;
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return 'pending';
}

/** Voters of either half in ascending order. */
export function jointVoters(config: JointConfig): readonly NodeId[] {
  if (config.outgoing.length === 0) return config.incoming;
  return [...new Set([...config.incoming, ...config.outgoing])].sort((a, b) => a - b);
}
