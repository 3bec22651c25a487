/**
 * The one way in for messages: term rules first (paper 5.1), then what the role makes of them.
 */
import { isMutated } from '../base/mutation.js';
import { appliedEntries, appliedSnapshot } from './applied.js';
import { answerVoteRequest, countVote, describeVote, startElection } from './election.js';
import { handleAppend, handleHeartbeat, handleSnapshot } from './follower-log.js';
import { handleAppendResponse, handleHeartbeatResponse } from './follower-reports.js';
import { describeId, describeRole } from './format/ids.js';
import { type Message, newMessage } from './message.js';
import { proposeAnywhere } from './proposal.js';
import type { RaftState } from './raft-state.js';
import { handleReadRequest, handleReadResponse } from './read-index.js';
import { becomeFollower } from './roles.js';
import { requestTransfer } from './transfer.js';
import { NO_NODE } from './types.js';

/** Processes one message. False only for a proposal that was dropped. */
export function stepMessage(state: RaftState, message: Message): boolean {
  if (breaksPromise(state, message)) return true;
  if (message.term !== 0) {
    if (message.term > state.term && !enterTerm(state, message)) return true;
    if (message.term < state.term) {
      handleStale(state, message);
      return true;
    }
  }
  switch (message.type) {
    case 'MsgStorageAppendResp':
      if (message.index !== 0) state.raftLog.stableTo(message.index, message.logTerm);
      if (message.snapshot !== null) appliedSnapshot(state, message.snapshot);
      return true;
    case 'MsgStorageApplyResp':
      appliedEntries(state, message.entries);
      return true;
    case 'MsgVote':
    case 'MsgPreVote':
      answerVoteRequest(state, message);
      return true;
    case 'MsgProp':
      return proposeAnywhere(state, message.entries);
    default:
      stepByRole(state, message);
      return true;
  }
}

/**
 * Whether this asks for a vote that was promised not to be given (thesis 6.4.1). The lease of `enterTerm` is no such promise: it ends
 * with the term, when the leader is forgotten and with a restart, while the leader that was promised knows of none of these.
 */
function breaksPromise(state: RaftState, message: Message): boolean {
  if (message.type !== 'MsgVote' && message.type !== 'MsgPreVote') return false;
  if (!state.hasPromisedVote || message.isTransfer || message.term < state.term) return false;
  const left = state.config.electionTicks - state.ticksSinceLeader;
  state.log.info?.(`${describeVote(state, 'ignored', message)} at term ${state.term}: promised for ${left} more ticks`);
  return true;
}

/** A message of a newer term. False when it must not move this node there and is done with. */
function enterTerm(state: RaftState, message: Message): boolean {
  const { type } = message;
  if (type === 'MsgVote' || type === 'MsgPreVote') {
    const { checkQuorum, electionTicks } = state.config;
    const hasLease = checkQuorum && state.leaderId !== NO_NODE && state.electionElapsed < electionTicks;
    if (hasLease && !message.isTransfer) {
      // A leader was heard of within the shortest election timeout: no reason to disturb it (paper 6).
      state.log.info?.(
        `${describeVote(state, 'ignored', message)} at term ${state.term}: lease is not expired ` +
          `(remaining ticks: ${electionTicks - state.electionElapsed})`,
      );
      return false;
    }
  }
  // A pre-vote changes nobody's term, and a granted one is for a term that may never come.
  if (type === 'MsgPreVote' || (type === 'MsgPreVoteResp' && !message.reject)) return true;
  state.log.info?.(
    `${describeId(state.id)} [term: ${state.term}] received a ${type} message with higher term from ` +
      `${describeId(message.from)} [term: ${message.term}]`,
  );
  const isFromLeader = type === 'MsgApp' || type === 'MsgHeartbeat' || type === 'MsgSnap';
  becomeFollower(state, message.term, isFromLeader ? message.from : NO_NODE);
  return true;
}

/** A message of an older term: ignored, with a word to those who need one to move on. */
function handleStale(state: RaftState, message: Message): void {
  const { type, from } = message;
  const { checkQuorum, preVote } = state.config;
  if ((checkQuorum || preVote) && (type === 'MsgHeartbeat' || type === 'MsgApp')) {
    // This node moved on while cut off, and with pre-vote or leases its own elections don't reach that leader: an answer with
    // the newer term does.
    state.send(newMessage('MsgAppResp', from));
    return;
  }
  if (type === 'MsgPreVote') {
    // Without an answer a candidate of an older term with a better log would never learn the term.
    state.log.info?.(`${describeVote(state, 'rejected', message)} at term ${state.term}`);
    const response = newMessage('MsgPreVoteResp', from);
    response.term = state.term;
    response.reject = true;
    state.send(response);
    return;
  }
  if (type === 'MsgAppResp' && state.role === 'leader' && isMutated('staleResponseAdvancesMatch')) {
    stepLeader(state, message);
    return;
  }
  if (type === 'MsgStorageAppendResp') {
    // The entries may have been replaced by others of the same index since: a later response speaks of those. A snapshot is
    // committed state, valid in any term.
    if (message.index !== 0) {
      state.log.info?.(
        `${describeId(state.id)} [term: ${state.term}] ignored entry appends from a MsgStorageAppendResp message with lower term [term: ${message.term}]`,
      );
    }
    if (message.snapshot !== null) appliedSnapshot(state, message.snapshot);
    return;
  }
  state.log.info?.(
    `${describeId(state.id)} [term: ${state.term}] ignored a ${type} message with lower term from ${describeId(from)} [term: ${message.term}]`,
  );
}

function stepByRole(state: RaftState, message: Message): void {
  switch (state.role) {
    case 'leader':
      stepLeader(state, message);
      return;
    case 'follower':
      stepFollower(state, message);
      return;
    case 'candidate':
    case 'preCandidate':
      stepCandidate(state, message);
  }
}

function stepLeader(state: RaftState, message: Message): void {
  const { type, from } = message;
  if (type === 'MsgReadIndex') {
    handleReadRequest(state, message);
    return;
  }
  if (type === 'MsgTransferLeader') {
    requestTransfer(state, from);
    return;
  }
  if (type !== 'MsgAppResp' && type !== 'MsgHeartbeatResp') return;
  const progress = state.tracker.get(from);
  if (progress === undefined) {
    state.log.debug?.(`${describeId(state.id)} no progress available for ${describeId(from)}`);
    return;
  }
  if (type === 'MsgAppResp') handleAppendResponse(state, message, progress);
  else handleHeartbeatResponse(state, message, progress);
}

function stepFollower(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'MsgApp':
    case 'MsgHeartbeat':
    case 'MsgSnap':
      state.electionElapsed = 0;
      state.leaderId = message.from;
      handleFromLeader(state, message);
      return;
    case 'MsgTransferLeader':
      requestTransfer(state, message.from);
      return;
    case 'MsgTimeoutNow':
      state.log.info?.(
        `${describeId(state.id)} [term ${state.term}] received MsgTimeoutNow from ${describeId(message.from)} and starts an election to get leadership.`,
      );
      // The leader gives way by itself, so there is nobody to protect by asking first.
      startElection(state, 'transfer');
      return;
    case 'MsgReadIndexResp':
      handleReadResponse(state, message);
      return;
    default:
  }
}

function stepCandidate(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'MsgApp':
    case 'MsgHeartbeat':
    case 'MsgSnap':
      // Somebody else won this term.
      becomeFollower(state, message.term, message.from);
      handleFromLeader(state, message);
      return;
    case 'MsgPreVoteResp':
      if (state.role === 'preCandidate') countVote(state, message);
      return;
    case 'MsgVoteResp':
      if (state.role === 'candidate') countVote(state, message);
      return;
    case 'MsgTimeoutNow':
      state.log.debug?.(
        `${describeId(state.id)} [term ${state.term} state ${describeRole(state.role)}] ignored MsgTimeoutNow from ${describeId(message.from)}`,
      );
      return;
    default:
  }
}

function handleFromLeader(state: RaftState, message: Message): void {
  state.ticksSinceLeader = 0;
  if (message.type === 'MsgApp') handleAppend(state, message);
  else if (message.type === 'MsgHeartbeat') handleHeartbeat(state, message);
  else handleSnapshot(state, message);
}
