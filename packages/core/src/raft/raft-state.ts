/**
 * Everything a replica knows: the fields that the protocol's functions, one file per concern, read and change. No decisions here.
 */
import { AssertionError, assert } from '../base/assert.js';
import { isMutated } from '../base/mutation.js';
import type { CompleteRaftConfig } from './config.js';
import { RaftLog } from './log/raft-log.js';
import type { LogSink } from './log-sink.js';
import type { Message } from './message.js';
import { ReadQueue } from './read-queue.js';
import { Tracker } from './tracker/tracker.js';
import type { HardState, LogIndex, NodeId, ReadState, Role, Term } from './types.js';
import { NO_NODE } from './types.js';

const NONCE_BOUND = 2 ** 52;

/** One replica. Changed only by the functions of this folder, within one call of its RawNode. */
export class RaftState {
  readonly id: NodeId;
  readonly config: CompleteRaftConfig;
  readonly log: LogSink;
  readonly raftLog: RaftLog;
  readonly tracker: Tracker;

  term: Term = 0;
  vote: NodeId = NO_NODE;
  role: Role = 'follower';
  leaderId: NodeId = NO_NODE;
  /** Whether the current configuration has this node as a learner. */
  isLearner = false;

  /** Ticks since the leader was heard of, or, on a leader, since the last quorum check. */
  electionElapsed = 0;
  heartbeatElapsed = 0;
  /** Ticks since a leader was heard of, in whatever term. A start counts as hearing of one: a restarted replica has forgotten when it did. */
  ticksSinceLeader = 0;
  /** In [electionTicks, 2 × electionTicks - 1], drawn anew with each change of role. */
  randomizedElectionTicks = 0;

  /** Whom leadership is being handed to. Proposals are refused meanwhile (thesis 3.10). */
  leadTransferee: NodeId = NO_NODE;
  /** No configuration change is proposed before this index is applied: one at a time (thesis 4.1). */
  pendingConfIndex: LogIndex = 0;
  /** Where this leadership's entries begin: from its commit on the leader knows what is committed (paper 8). */
  leaderStartIndex: LogIndex = 0;
  /** Bytes of data proposed in this term and not yet applied: an estimate, which a leader starts at 0. */
  uncommittedBytes = 0;

  /** Reads under confirmation while leader. */
  readQueue = new ReadQueue();
  /** Distinguishes this core's reads from those of its predecessors before a restart (R13). */
  readonly readNonce: number;
  readStates: ReadState[] = [];

  /** To be sent at once. */
  messages: Message[] = [];
  /** To be sent after what is unstable now has been synced: they speak of it. Some are to this very node (R10). */
  messagesAfterAppend: Message[] = [];

  constructor(config: CompleteRaftConfig) {
    this.id = config.id;
    this.config = config;
    this.log = config.log;
    this.raftLog = new RaftLog(config.storage, config.log, config.applyingBytesMax);
    this.tracker = new Tracker(config.inflightMessagesMax, config.inflightBytesMax);
    this.readNonce = 1 + Math.floor(config.random() * NONCE_BOUND);
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.raftLog.committed };
  }

  /**
   * Takes over term, vote and commit of the last run. The commit index may be behind the start of the log, which was compacted
   * without waiting for it, but never beyond its end.
   */
  loadHardState(state: HardState): void {
    const { lastIndex } = this.raftLog;
    if (state.commit > lastIndex) {
      throw new AssertionError(`stored commit ${state.commit} is beyond the end of the log, ${lastIndex}`);
    }
    this.raftLog.commitTo(state.commit);
    this.term = state.term;
    this.vote = state.vote;
  }

  /** Whether this node may become leader: a voter that isn't installing a snapshot. */
  get isPromotable(): boolean {
    const progress = this.tracker.get(this.id);
    return progress !== undefined && !progress.isLearner && this.raftLog.unstable.snapshot === null;
  }

  /** Whether this node leads and has committed an entry of its own term. */
  get hasCommittedInTerm(): boolean {
    return this.role === 'leader' && this.raftLog.committed >= this.leaderStartIndex;
  }

  /** Whether this replica's promise to a leader holds (`votePromiseMs`): it helps nobody else to lead, itself included. */
  get hasPromisedVote(): boolean {
    return this.config.votePromiseMs > 0 && this.ticksSinceLeader < this.config.electionTicks;
  }

  drawElectionTimeout(): void {
    const ticks = this.config.electionTicks;
    this.randomizedElectionTicks = ticks + Math.floor(this.config.random() * ticks);
  }

  /**
   * Queues a message from this node in its current term. Answers that promise something about this node's log or vote wait for
   * the sync (R10); everything else leaves at once (P3).
   */
  send(message: Message): void {
    if (message.from === NO_NODE) message.from = this.id;
    switch (message.type) {
      case 'MsgVote':
      case 'MsgPreVote':
        // Campaign messages carry the term asked for, which isn't the sender's for a pre-vote.
        assert(message.term !== 0, 'a vote request without a term');
        break;
      case 'MsgVoteResp':
      case 'MsgPreVoteResp':
        assert(message.term !== 0, 'a vote response without a term');
        if (isMutated('voteNotSynced') && message.to !== this.id) break;
        this.messagesAfterAppend.push(message);
        return;
      case 'MsgAppResp':
        message.term = this.term;
        this.messagesAfterAppend.push(message);
        return;
      case 'MsgProp':
      case 'MsgReadIndex':
        break;
      default:
        message.term = this.term;
    }
    assert(message.to !== this.id, 'a message to oneself does not depend on the log');
    this.messages.push(message);
  }
}
