/**
 * The core's face: a replica as a step function. Inputs are method calls, outputs are taken with `ready()`. It does no I/O, knows
 * no time but ticks, and must be used from one loop: nothing here may be called while another call runs.
 */
import { AssertionError, assert } from '../base/assert.js';
import { type ConfChangePreview, previewConfChange } from './conf-change-check.js';
import { encodeConfChange, entryTypeOf } from './confchange/codec.js';
import type { ConfChange } from './confchange/conf-change.js';
import { asV2 } from './confchange/conf-change.js';
import { completeConfig, type RaftConfig } from './config.js';
import { startElection } from './election.js';
import { type Entry, entriesBytes } from './entry.js';
import { reportSnapshot, reportUnreachable } from './follower-reports.js';
import { describeId } from './format/ids.js';
import { applyConfChange, restoreConfState } from './membership.js';
import type { Message } from './message.js';
import { isResponse, isStorageMessage } from './message.js';
import { type ProposalResult, proposeHere } from './proposal.js';
import { RaftState } from './raft-state.js';
import { type ReadIndexResult, requestOwnRead } from './read-index.js';
import type { Ready } from './ready.js';
import { resumeAwaiting } from './replication.js';
import { becomeFollower } from './roles.js';
import type { ConfState, Snapshot } from './snapshot.js';
import { type BasicStatus, basicStatusOf, type Status, statusOf } from './status.js';
import { stepMessage } from './step.js';
import { storageAppend, storageAppendResponse, storageApply, storageApplyResponse } from './storage-work.js';
import { tickOnce } from './tick.js';
import { requestTransfer } from './transfer.js';
import type { HardState, LogIndex, NodeId, Role, Term } from './types.js';
import { isStorageThread, NO_NODE } from './types.js';

/**
 * What became of a stepped message. proposalDropped: a forwarded MsgProp was not appended. storageMessage: it is the host's own
 * type and came from a node. unknownPeer: it answers something, and its sender is no member. noTerm: its type needs a term.
 */
export type StepResult = 'ok' | 'proposalDropped' | 'storageMessage' | 'unknownPeer' | 'noTerm';

/**
 * One replica of one shard.
 *
 * @example
 * const node = new RawNode({ id: 1, electionTicks: 10, heartbeatTicks: 1, storage, random, asyncStorageWrites: true });
 * node.tick();
 * if (node.hasReady) for (const message of node.ready().messages) route(message);
 */
export class RawNode {
  readonly #state: RaftState;
  readonly #isAsync: boolean;
  /** What the host was last told, so that Ready carries changes only. */
  #lastLeaderId: NodeId;
  #lastRole: Role;
  #lastTerm: Term;
  #lastVote: NodeId;
  #lastCommit: LogIndex;
  /** Answers of the storage, to be stepped by `advance()`; only without asynchronous storage writes. */
  #stepsOnAdvance: Message[] = [];

  /** Starts a replica from its storage. Throws `RaftConfigError` for an option out of range. */
  constructor(config: RaftConfig) {
    const complete = completeConfig(config);
    const state = new RaftState(complete);
    const { raftLog } = state;
    const { hardState, confState } = complete.storage.initialState();
    restoreConfState(state, confState);
    if (hardState.term !== 0 || hardState.vote !== NO_NODE || hardState.commit !== 0) state.loadHardState(hardState);
    if (complete.applied !== undefined && complete.applied > raftLog.applied) {
      // What was applied was committed, even when the commit index on disk is older: it isn't synced by itself.
      raftLog.commitTo(complete.applied);
      raftLog.appliedTo(complete.applied, 0);
    }
    becomeFollower(state, state.term, NO_NODE);
    state.log.info?.(
      `newRaft ${describeId(state.id)} [peers: [${state.tracker.voterIds.map(describeId).join(',')}], term: ${state.term}, ` +
        `commit: ${raftLog.committed}, applied: ${raftLog.applied}, lastindex: ${raftLog.lastIndex}, lastterm: ${raftLog.lastTerm}]`,
    );
    this.#state = state;
    this.#isAsync = complete.asyncStorageWrites;
    this.#lastLeaderId = state.leaderId;
    this.#lastRole = state.role;
    this.#lastTerm = state.term;
    this.#lastVote = state.vote;
    this.#lastCommit = raftLog.committed;
  }

  get id(): NodeId {
    return this.#state.id;
  }

  get term(): Term {
    return this.#state.term;
  }

  get role(): Role {
    return this.#state.role;
  }

  /** 0 when nobody is known to lead. */
  get leaderId(): NodeId {
    return this.#state.leaderId;
  }

  get isLeader(): boolean {
    return this.#state.role === 'leader';
  }

  /** Committed entries that are not applied yet. */
  get unappliedEntries(): number {
    const { raftLog } = this.#state;
    return raftLog.committed - raftLog.applied;
  }

  /** Bytes of data that proposals may have before they are refused; Infinity when none is under way, for then one goes whatever its size. */
  get proposalBytesLeft(): number {
    const { uncommittedBytes, config } = this.#state;
    return uncommittedBytes === 0 ? Number.POSITIVE_INFINITY : config.uncommittedBytesMax - uncommittedBytes;
  }

  /** Time passes by one tick. */
  tick(): void {
    tickOnce(this.#state);
  }

  /** Starts an election now, after asking first if pre-vote is on; not while another's leadership is promised (`votePromiseMs`). */
  campaign(): void {
    // The only voter has nobody whom it could have promised anything.
    if (this.#state.hasPromisedVote && !this.#state.tracker.isSingleton) return;
    startElection(this.#state, this.#state.config.preVote ? 'preElection' : 'election');
  }

  /**
   * Proposes commands, one entry each, in order; not empty. Never forwarded. The data belongs to the core from here on.
   * Accepted means appended to this leader's log, not committed.
   */
  propose(datas: readonly Uint8Array[]): ProposalResult {
    assert(datas.length > 0, 'a proposal without entries');
    return proposeHere(
      this.#state,
      datas.map((data) => ({ type: 'normal', data })),
    );
  }

  /**
   * Proposes a configuration change. Accepted, it may still turn into an empty entry: only one change may be under way. Once the
   * entry comes up as committed the host calls {@link applyConfChange}.
   */
  proposeConfChange(change: ConfChange): ProposalResult {
    return proposeHere(this.#state, [{ type: entryTypeOf(change), data: encodeConfChange(change) }]);
  }

  /** What a configuration change would lead to if it were proposed on this leader now, or why it would come to nothing. */
  previewConfChange(change: ConfChange): ConfChangePreview {
    return previewConfChange(this.#state, change);
  }

  /** Makes a committed change take effect on this replica. Answers the membership to be stored with the applied index. */
  applyConfChange(change: ConfChange): ConfState {
    return applyConfChange(this.#state, asV2(change));
  }

  /**
   * On a leader that has committed in its term, the index of a read for which somebody else knows that nobody else leads: a host with
   * a leader lease (thesis 6.4.1). Undefined elsewhere.
   */
  get unconfirmedReadIndex(): LogIndex | undefined {
    return this.#state.hasCommittedInTerm ? this.#state.raftLog.committed : undefined;
  }

  /**
   * Asks for a linearizable read. `context` comes back in a ReadState. It is the host's, an integer in [0, 2^53), and should not be
   * used again. After a change of leader or term in between no answer may ever come: then ask again with a new one.
   */
  readIndex(context: number): ReadIndexResult {
    return requestOwnRead(this.#state, context);
  }

  /** Asks the leader to hand over to `transferee`. */
  transferLeader(transferee: NodeId): void {
    requestTransfer(this.#state, transferee);
  }

  /** A follower forgets its leader without a new term, so that it votes for others at once. Not with lease-based reads, nor after a promise to it. */
  forgetLeader(): void {
    const state = this.#state;
    if (state.role !== 'follower' || state.hasPromisedVote) return;
    if (state.config.readOnly === 'leaseBased') {
      state.log.error?.('ignoring MsgForgetLeader due to ReadOnlyLeaseBased');
      return;
    }
    if (state.leaderId === NO_NODE) return;
    state.log.info?.(`${describeId(state.id)} forgetting leader ${describeId(state.leaderId)} at term ${state.term}`);
    state.leaderId = NO_NODE;
  }

  /** Messages to `id` were lost: back to probing. */
  reportUnreachable(id: NodeId): void {
    reportUnreachable(this.#state, id);
  }

  /**
   * Sending a snapshot to `id` came to an end, as far as the host knows. Must be called once for each MsgSnap: without it, and
   * without the follower's acknowledgement, which a crash may swallow, nothing is ever sent to it again.
   */
  reportSnapshot(id: NodeId, isSuccess: boolean): void {
    reportSnapshot(this.#state, id, isSuccess);
  }

  /** The storage has what it answered `notYet` for. Everybody who waited is served, or waits again. */
  storageReady(): void {
    this.#state.raftLog.storageReady();
    if (this.#state.role === 'leader') resumeAwaiting(this.#state);
  }

  /**
   * The election timer starts over, without firing: for a host whose loop stalled (N10). A leader's quorum check starts over too,
   * so call it after the sockets were drained.
   */
  restartElectionTimer(): void {
    this.#state.electionElapsed = 0;
    this.#state.drawElectionTimeout();
  }

  /** Fixes the election timeout until the next change of role: for tests. */
  setRandomizedElectionTicks(ticks: number): void {
    this.#state.randomizedElectionTicks = ticks;
  }

  /**
   * Processes a message from a peer or from a storage thread. Messages of a peer must come from who they say they do. A MsgSnap
   * may bring a newer membership: all apply work handed out before has to be done (or given up for good) before it is stepped.
   */
  step(message: Message): StepResult {
    const { type, from } = message;
    if (!isStorageThread(from)) {
      if (isStorageMessage(type)) return 'storageMessage';
      if (isResponse(type) && this.#state.tracker.get(from) === undefined) return 'unknownPeer';
      if (message.term === 0 && type !== 'MsgProp' && type !== 'MsgReadIndex') return 'noTerm';
    }
    return stepMessage(this.#state, message) ? 'ok' : 'proposalDropped';
  }

  /** Whether `ready()` has something to say. */
  get hasReady(): boolean {
    const state = this.#state;
    const { raftLog } = state;
    return (
      state.messages.length > 0 ||
      state.messagesAfterAppend.length > 0 ||
      state.readStates.length > 0 ||
      this.#hasNewSoftState() ||
      this.#hasNewHardState() ||
      raftLog.unstable.hasNextEntries ||
      raftLog.unstable.nextSnapshot() !== null ||
      raftLog.hasNextCommitted(!this.#isAsync)
    );
  }

  /**
   * Takes the outputs. They are the host's now and won't be told again. Without asynchronous storage writes `advance()` has to be
   * called before the next one. May turn out empty.
   */
  ready(): Ready {
    const state = this.#state;
    const { unstable } = state.raftLog;
    const entries = unstable.nextEntries();
    const snapshot = unstable.nextSnapshot();
    const committedEntries = state.raftLog.nextCommitted(!this.#isAsync);
    const softState = this.#hasNewSoftState() ? { leaderId: state.leaderId, role: state.role } : null;
    const hardState = this.#hasNewHardState() ? state.hardState : null;
    const mustSync = entries.length > 0 || state.term !== this.#lastTerm || state.vote !== this.#lastVote;
    // Lists that are handed out are the host's: the core goes on with new ones.
    const { messages, readStates } = state;
    state.messages = [];
    state.readStates = [];
    if (this.#isAsync) {
      const append = storageAppend(state, { hardState, entries, snapshot });
      if (append !== null) messages.push(append);
      if (committedEntries.length > 0) messages.push(storageApply(state, committedEntries));
    } else {
      this.#keepForAdvance(messages, snapshot, committedEntries);
    }
    this.#accept(committedEntries);
    return { softState, hardState, readStates, entries, snapshot, committedEntries, messages, mustSync };
  }

  /** All of the last Ready was stored, sent and applied. Only without asynchronous storage writes. */
  advance(): void {
    assert(!this.#isAsync, 'advance() with asynchronous storage writes');
    const steps = this.#stepsOnAdvance;
    this.#stepsOnAdvance = [];
    for (const message of steps) stepMessage(this.#state, message);
  }

  basicStatus(): BasicStatus {
    return basicStatusOf(this.#state);
  }

  status(): Status {
    return statusOf(this.#state);
  }

  /** Whether `id` is a voter of this replica's current configuration. */
  isVoter(id: NodeId): boolean {
    return this.#state.tracker.voterIds.includes(id);
  }

  /** Whether `id` is a voter or learner of this replica's current configuration. */
  isMember(id: NodeId): boolean {
    return this.#state.tracker.get(id) !== undefined;
  }

  /** The membership as this replica applies it now. */
  confState(): ConfState {
    return this.#state.tracker.confState();
  }

  #hasNewSoftState(): boolean {
    return this.#state.leaderId !== this.#lastLeaderId || this.#state.role !== this.#lastRole;
  }

  #hasNewHardState(): boolean {
    const { term, vote, raftLog } = this.#state;
    return term !== this.#lastTerm || vote !== this.#lastVote || raftLog.committed !== this.#lastCommit;
  }

  /** Without storage threads: answers to others go out with the Ready, which is sent after the write; own ones wait for advance(). */
  #keepForAdvance(messages: Message[], snapshot: Snapshot | null, committedEntries: readonly Entry[]): void {
    if (this.#stepsOnAdvance.length > 0) throw new AssertionError('ready() twice without advance()');
    const state = this.#state;
    for (const message of state.messagesAfterAppend) {
      if (message.to === state.id) this.#stepsOnAdvance.push(message);
      else messages.push(message);
    }
    const appended = storageAppendResponse(state, snapshot);
    if (appended !== null) this.#stepsOnAdvance.push(appended);
    if (committedEntries.length > 0) this.#stepsOnAdvance.push(storageApplyResponse(state, committedEntries));
  }

  #accept(committedEntries: readonly Entry[]): void {
    const state = this.#state;
    this.#lastLeaderId = state.leaderId;
    this.#lastRole = state.role;
    this.#lastTerm = state.term;
    this.#lastVote = state.vote;
    this.#lastCommit = state.raftLog.committed;
    state.messagesAfterAppend = [];
    state.raftLog.unstable.acceptInProgress();
    const last = committedEntries.at(-1);
    if (last === undefined) return;
    state.raftLog.acceptApplying(last.index, entriesBytes(committedEntries), !this.#isAsync);
  }
}

/** The hard state that a MsgStorageAppend carries, null when it is unchanged. */
export function hardStateOf(message: Message): HardState | null {
  if (message.term === 0 && message.vote === NO_NODE && message.commit === 0) return null;
  return { term: message.term, vote: message.vote, commit: message.commit };
}
