/**
 * Membership as this replica applies it, with the Progress of every member and the votes of an election.
 */
import { isMutated } from '../../base/mutation.js';
import type { JointConfig } from '../quorum/joint.js';
import { jointCommittedIndex, jointVoteResult, jointVoters } from '../quorum/joint.js';
import { type AckedIndexer, quorumOf, type VoteResult, type VoteSource } from '../quorum/majority.js';
import type { ConfState } from '../snapshot.js';
import type { LogIndex, NodeId } from '../types.js';
import { Inflights } from './inflights.js';
import { Progress } from './progress.js';

/** Who votes and who only learns. Lists ascending; a node is a voter of a half, a learner, or to become one. */
export interface TrackerConfig {
  readonly voters: JointConfig;
  readonly autoLeave: boolean;
  readonly learners: readonly NodeId[];
  readonly learnersNext: readonly NodeId[];
}

/** No members. */
export const EMPTY_TRACKER_CONFIG: TrackerConfig = {
  voters: { incoming: [], outgoing: [] },
  autoLeave: false,
  learners: [],
  learnersNext: [],
};

/** Progress by member. */
export type ProgressMap = ReadonlyMap<NodeId, Progress>;

/** One per replica. On a leader Progress is kept; on others it only says who is a member. */
export class Tracker implements AckedIndexer, VoteSource {
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  #config: TrackerConfig = EMPTY_TRACKER_CONFIG;
  #progress: ProgressMap = new Map();
  /** All members, ascending: the order in which everything is sent. */
  #ids: readonly NodeId[] = [];
  #voterIds: readonly NodeId[] = [];
  readonly #votes = new Map<NodeId, boolean>();
  /** Made once: idle leaders check their quorum all the time. */
  readonly #active: VoteSource = { vote: (id) => this.#progress.get(id)?.isRecentlyActive ?? false };

  constructor(inflightMessagesMax: number, inflightBytesMax: number) {
    this.inflightMessagesMax = inflightMessagesMax;
    this.inflightBytesMax = inflightBytesMax;
  }

  get config(): TrackerConfig {
    return this.#config;
  }

  get progress(): ProgressMap {
    return this.#progress;
  }

  get ids(): readonly NodeId[] {
    return this.#ids;
  }

  get voterIds(): readonly NodeId[] {
    return this.#voterIds;
  }

  /** Whether one node alone decides. */
  get isSingleton(): boolean {
    return this.#config.voters.incoming.length === 1 && this.#config.voters.outgoing.length === 0;
  }

  get(id: NodeId): Progress | undefined {
    return this.#progress.get(id);
  }

  /** Replaces membership. Votes stay: they are counted in whatever configuration is current. */
  replace(config: TrackerConfig, progress: ProgressMap): void {
    this.#config = config;
    this.#progress = progress;
    this.#ids = [...progress.keys()].sort((a, b) => a - b);
    this.#voterIds = jointVoters(config.voters);
  }

  /** A fresh Progress per member, as a new leader needs it. */
  resetProgress(selfId: NodeId, lastIndex: LogIndex): void {
    const fresh = new Map<NodeId, Progress>();
    for (const [id, old] of this.#progress) {
      fresh.set(id, this.newProgress(id === selfId ? lastIndex : 0, lastIndex + 1, old.isLearner));
    }
    this.#progress = fresh;
  }

  newProgress(match: LogIndex, next: LogIndex, isLearner: boolean): Progress {
    return new Progress(match, next, new Inflights(this.inflightMessagesMax, this.inflightBytesMax), isLearner);
  }

  /** {@link AckedIndexer}: an absent member has acknowledged nothing. */
  ackedIndex(id: NodeId): LogIndex | undefined {
    return this.#progress.get(id)?.match;
  }

  /** The highest index that a quorum has (both quorums when joint). */
  committed(): LogIndex {
    if (isMutated('learnerCountedInQuorum')) return this.#committedWithLearners();
    return jointCommittedIndex(this.#config.voters, this);
  }

  /** A historic bug: as many members as a quorum of voters have it, whoever they are. */
  #committedWithLearners(): LogIndex {
    const matches = [...this.#progress.values()].map(({ match }) => match).sort((a, b) => b - a);
    return matches[quorumOf(this.#voterIds.length) - 1] ?? 0;
  }

  /** Whether a quorum was heard of since the last check. */
  isQuorumActive(): boolean {
    return jointVoteResult(this.#config.voters, this.#active) === 'won';
  }

  resetVotes(): void {
    this.#votes.clear();
  }

  /** Records a vote; the first one of a node counts. */
  recordVote(id: NodeId, isGranted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, isGranted);
  }

  /** {@link VoteSource} of the running election. */
  vote(id: NodeId): boolean | undefined {
    return this.#votes.get(id);
  }

  /** Counts, which leave out nodes that don't vote (any more), and the result. */
  tally(): { readonly granted: number; readonly rejected: number; readonly result: VoteResult } {
    let granted = 0;
    let rejected = 0;
    for (const [id, isGranted] of this.#votes) {
      if (this.#progress.get(id)?.isLearner ?? true) continue;
      if (isGranted) granted += 1;
      else rejected += 1;
    }
    return { granted, rejected, result: jointVoteResult(this.#config.voters, this) };
  }

  confState(): ConfState {
    return confStateOfConfig(this.#config);
  }
}

/** A configuration as snapshots carry it. */
export function confStateOfConfig({ voters, learners, learnersNext, autoLeave }: TrackerConfig): ConfState {
  return { voters: voters.incoming, votersOutgoing: voters.outgoing, learners, learnersNext, autoLeave };
}
