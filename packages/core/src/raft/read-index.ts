/**
 * Linearizable reads without log entries (thesis 6.4): the leader notes its commit index, makes sure that it still leads, and
 * answers with that index. Only from the commit of an entry of its own term on does it know what is committed.
 */
import { isMutated } from '../base/mutation.js';
import { describeId } from './format/ids.js';
import { type Message, newMessage } from './message.js';
import { jointVoteResult } from './quorum/joint.js';
import type { RaftState } from './raft-state.js';
import type { ReadRequest } from './read-queue.js';
import { broadcastHeartbeat } from './replication.js';
import { type LogIndex, NO_NODE } from './types.js';

/** accepted: a ReadState follows unless the leadership changes. The refusals are definite. */
export type ReadIndexResult = 'accepted' | 'noLeader' | 'tooManyReads';

/** Asks for a read of this node's own host. */
export function requestOwnRead(state: RaftState, context: number): ReadIndexResult {
  if (state.role === 'leader') return enqueue(state, { from: state.id, context, readToken: state.readNonce });
  if (state.leaderId === NO_NODE) {
    state.log.info?.(`${describeId(state.id)} no leader at term ${state.term}; dropping index reading msg`);
    return 'noLeader';
  }
  const message = newMessage('MsgReadIndex', state.leaderId);
  message.context = context;
  message.readToken = state.readNonce;
  state.send(message);
  return 'accepted';
}

/** A member asks this node, which leads. */
export function handleReadRequest(state: RaftState, message: Message): void {
  if (state.tracker.get(message.from) === undefined) return;
  enqueue(state, { from: message.from, context: message.context, readToken: message.readToken });
}

/** The leader's answer to this node's request. One that answers a core before a restart is ignored (R13). */
export function handleReadResponse(state: RaftState, message: Message): void {
  if (message.readToken !== state.readNonce) return;
  state.readStates.push({ index: message.index, context: message.context });
}

/** A member took this node for the leader in round `message.readToken`; 0 and older rounds mean nothing (R13). */
export function acknowledgeReads(state: RaftState, message: Message): void {
  if (!state.readQueue.acknowledge(message.from, message.readToken, message.context)) return;
  confirmReads(state);
}

/** Goes on with reads after a commit or a change of membership: confirms the round in flight if it can be, and starts the next. */
export function advanceReads(state: RaftState): void {
  if (state.readQueue.length === 0 || (!state.hasCommittedInTerm && !isMutated('readBeforeOwnTermCommit'))) return;
  confirmReads(state);
  const { readQueue } = state;
  if (!readQueue.hasWaiting) return;
  if (needsNoRound(state)) {
    answer(state, readQueue.takeWaiting(), state.raftLog.committed, 0);
    return;
  }
  if (readQueue.token !== 0) return;
  readQueue.startRound(state.raftLog.committed, state.id);
  broadcastHeartbeat(state);
}

function enqueue(state: RaftState, request: ReadRequest): ReadIndexResult {
  if (state.readQueue.length >= state.config.pendingReadsMax) return 'tooManyReads';
  state.readQueue.push(request);
  advanceReads(state);
  return 'accepted';
}

/** Whether nobody has to be asked: this node alone is the quorum, or its lease stands for one. */
function needsNoRound(state: RaftState): boolean {
  if (state.config.readOnly === 'leaseBased') return true;
  return state.tracker.isSingleton && state.tracker.voterIds[0] === state.id;
}

function confirmReads(state: RaftState): void {
  const { readQueue } = state;
  if (readQueue.token === 0) return;
  if (!needsNoRound(state) && jointVoteResult(state.tracker.config.voters, readQueue) !== 'won') return;
  const { index, requests, promiseMs } = readQueue.confirm();
  answer(state, requests, index, promiseMs);
  // What came in meanwhile may not profit from this round: it gets its own.
  advanceReads(state);
}

function answer(state: RaftState, requests: readonly ReadRequest[], index: LogIndex, promiseMs: number): void {
  for (const { from, context, readToken } of requests) {
    if (from === state.id) {
      state.readStates.push(
        Number.isFinite(promiseMs) && promiseMs > 0 ? { index, context, promiseMs } : { index, context },
      );
      continue;
    }
    const response = newMessage('MsgReadIndexResp', from);
    response.index = index;
    response.context = context;
    response.readToken = readToken;
    state.send(response);
  }
}
