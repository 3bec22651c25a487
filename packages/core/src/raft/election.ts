/**
 * Elections: starting one, granting and counting votes.
 */
import { isMutated } from '../base/mutation.js';
import type { RaftState } from './raft-state.js';
import { describeId } from './format/ids.js';
import { type Message, newMessage } from './message.js';
import { broadcastAppend } from './replication.js';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.js';
import { NO_NODE } from './types.js';

/** Why an election is held: asking first, for real, or because the leader asked for it (which overrides its own lease). */
export type CampaignKind = 'preElection' | 'election' | 'transfer';

/** Most bytes of unapplied entries looked at in one step before an election. */
const SCAN_BYTES = 1024 * 1024;

/** Starts an election unless this node leads, can't lead, or has a configuration change yet to apply. */
export function startElection(state: RaftState, kind: CampaignKind): void {
  const id = describeId(state.id);
  if (state.role === 'leader') {
    state.log.debug?.(`${id} ignoring MsgHup because already leader`);
    return;
  }
  if (!state.isPromotable) {
    state.log.warn?.(`${id} is unpromotable and can not campaign`);
    return;
  }
  if (hasUnappliedConfChanges(state)) {
    state.log.warn?.(
      `${id} cannot campaign at term ${state.term} since there are still pending configuration changes to apply`,
    );
    return;
  }
  state.log.info?.(`${id} is starting a new election at term ${state.term}`);
  campaign(state, kind);
}

/** Answers MsgVote and MsgPreVote. A grant leaves after the vote is synced. */
export function answerVoteRequest(state: RaftState, request: Message): void {
  const isPreVote = request.type === 'MsgPreVote';
  const canVote =
    isMutated('voteForgottenInTerm') ||
    state.vote === request.from ||
    (state.vote === NO_NODE && state.leaderId === NO_NODE) ||
    (isPreVote && request.term > state.term);
  const isGranted = canVote && state.raftLog.isUpToDate(request.index, request.logTerm);
  state.log.info?.(`${describeVote(state, isGranted ? 'cast' : 'rejected', request)} at term ${state.term}`);
  const response = newMessage(isPreVote ? 'MsgPreVoteResp' : 'MsgVoteResp', request.from);
  // A granted pre-vote is for the term asked for, which this node doesn't enter; a refusal tells the term it is in.
  response.term = isGranted ? request.term : state.term;
  response.reject = !isGranted;
  if (!isGranted && state.config.commitByVote) {
    response.commit = state.raftLog.committed;
    response.logTerm = state.raftLog.termOrZero(response.commit);
  }
  state.send(response);
  if (!isGranted || isPreVote) return;
  state.electionElapsed = 0;
  state.vote = request.from;
}

/** Counts a vote and acts on the result. */
export function countVote(state: RaftState, response: Message): void {
  const id = describeId(state.id);
  if (response.reject && !learnCommit(state, response)) return;
  const verb = response.reject ? `${response.type} rejection` : response.type;
  state.log.info?.(`${id} received ${verb} from ${describeId(response.from)} at term ${state.term}`);
  state.tracker.recordVote(response.from, !response.reject);
  const { granted, rejected, result } = state.tracker.tally();
  state.log.info?.(`${id} has received ${granted} ${response.type} votes and ${rejected} vote rejections`);
  switch (result) {
    case 'pending':
      return;
    case 'lost':
      // The term stays: a lost pre-vote has seen no newer one.
      becomeFollower(state, state.term, NO_NODE);
      return;
    case 'won':
      if (state.role === 'preCandidate') {
        campaign(state, 'election');
        return;
      }
      // The others' votes may suffice, but a term is led only once it is known here for good: a node that led, crashed and forgot
      // the term could be elected in it once more and fill the same places of the log with other entries.
      if (isOwnVotePending(state)) return;
      becomeLeader(state);
      broadcastAppend(state);
  }
}

/** The common part of log lines about a vote request: who this is, what it did, and with which request. */
export function describeVote(state: RaftState, verb: string, request: Message): string {
  const { raftLog } = state;
  return (
    `${describeId(state.id)} [logterm: ${raftLog.lastTerm}, index: ${raftLog.lastIndex}, vote: ${describeId(state.vote)}] ` +
    `${verb} ${request.type} ${verb === 'cast' ? 'for' : 'from'} ${describeId(request.from)} ` +
    `[logterm: ${request.logTerm}, index: ${request.index}]`
  );
}

function campaign(state: RaftState, kind: CampaignKind): void {
  const isPreVote = kind === 'preElection';
  if (isPreVote) becomePreCandidate(state);
  else becomeCandidate(state);
  if (isMutated('ownVoteBeforeSync')) state.tracker.recordVote(state.id, true);
  const term = isPreVote ? state.term + 1 : state.term;
  const type = isPreVote ? 'MsgPreVote' : 'MsgVote';
  const { lastIndex, lastTerm } = state.raftLog;
  for (const id of state.tracker.voterIds) {
    if (id === state.id) {
      // The own vote comes back by way of the storage, like anybody's it counts once it is synced (R10).
      const ownVote = newMessage(isPreVote ? 'MsgPreVoteResp' : 'MsgVoteResp', id);
      ownVote.term = term;
      state.send(ownVote);
      continue;
    }
    state.log.info?.(
      `${describeId(state.id)} [logterm: ${lastTerm}, index: ${lastIndex}] sent ${type} request to ${describeId(id)} at term ${state.term}`,
    );
    const request = newMessage(type, id);
    request.term = term;
    request.index = lastIndex;
    request.logTerm = lastTerm;
    request.isTransfer = kind === 'transfer';
    state.send(request);
  }
}

/**
 * Takes over what a refusal says is committed, if this node has that very entry: then it has all before it too (log matching). False when a
 * configuration change is among it: this candidate counts in a configuration that is over, and has to apply the new one first.
 */
function learnCommit(state: RaftState, refusal: Message): boolean {
  const { raftLog } = state;
  const { commit, logTerm } = refusal;
  if (logTerm === 0 || commit <= raftLog.committed || !raftLog.matchTerm(commit, logTerm)) return true;
  raftLog.commitTo(commit);
  if (!hasUnappliedConfChanges(state)) return true;
  becomeFollower(state, state.term, NO_NODE);
  return false;
}

/** Whether this candidate's term and vote are still on their way to its storage. */
function isOwnVotePending(state: RaftState): boolean {
  return state.tracker.voterIds.includes(state.id) && state.tracker.vote(state.id) === undefined;
}

/**
 * Whether a committed entry that isn't applied changes the configuration, or can't be looked at now: such a node might count
 * votes in the wrong configuration.
 */
function hasUnappliedConfChanges(state: RaftState): boolean {
  const { raftLog } = state;
  let at = raftLog.applied + 1;
  // While a snapshot is being installed this node isn't promotable, so nothing here is compacted.
  while (at <= raftLog.committed) {
    const entries = raftLog.slice(at, raftLog.committed + 1, SCAN_BYTES);
    if (typeof entries === 'string') return true;
    if (entries.some((entry) => entry.type !== 'normal')) return true;
    at += entries.length;
  }
  return false;
}
