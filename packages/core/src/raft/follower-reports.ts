/**
 * What the leader learns of a follower: acknowledgements, signs of life, and the host's reports on sending.
 */
import { isMutated } from '../base/mutation.js';
import { describeId } from './format/ids.js';
import { describeProgress } from './format/membership.js';
import type { Message } from './message.js';
import type { RaftState } from './raft-state.js';
import { acknowledgeReads, advanceReads } from './read-index.js';
import { broadcastAppend, maybeCommit, maybeSendAppend, sendAppend } from './replication.js';
import type { Progress } from './tracker/progress.js';
import { finishTransfer } from './transfer.js';
import type { NodeId } from './types.js';

/** MsgAppResp: counts it, and sends what it makes room for. The leader's own comes by way of its storage. */
export function handleAppendResponse(state: RaftState, message: Message, progress: Progress): void {
  progress.isRecentlyActive = true;
  if (message.reject && !isMutated('rejectionCountsAsMatch')) {
    handleRejection(state, message, progress);
    return;
  }
  const { raftLog } = state;
  // A probing follower that matches already is news too: it can be replicated to.
  const isMatchingProbe = progress.state === 'probe' && progress.match === message.index;
  if (!progress.maybeUpdate(message.index) && !isMatchingProbe) return;
  if (progress.state === 'probe') {
    progress.becomeReplicate();
  } else if (progress.state === 'replicate') {
    progress.inflights.freeTo(message.index);
  } else if (progress.match + 1 >= raftLog.firstIndex) {
    // Whatever snapshot it installed, the log goes on from there.
    state.log.debug?.(
      `${describeId(state.id)} recovered from needing snapshot, resumed sending replication messages to ` +
        `${describeId(message.from)} [${describeProgress(progress)}]`,
    );
    progress.becomeProbe();
    progress.becomeReplicate();
  }
  if (maybeCommit(state)) {
    advanceReads(state);
    broadcastAppend(state);
  } else if (message.from !== state.id && progress.canBumpCommit(raftLog.committed)) {
    sendAppend(state, message.from);
  }
  if (message.from === state.id) return;
  while (maybeSendAppend(state, message.from, false)) {
    // As many as the window allows.
  }
  finishTransfer(state, message);
}

/** MsgHeartbeatResp: a sign of life, an answer to a read round, and a chance to try again what may have been lost. */
export function handleHeartbeatResponse(state: RaftState, message: Message, progress: Progress): void {
  progress.isRecentlyActive = true;
  progress.isFlowPaused = false;
  if (progress.match < state.raftLog.lastIndex || progress.state === 'probe') sendAppend(state, message.from);
  acknowledgeReads(state, message);
}

/** The host gave up sending to `id`: messages were lost. */
export function reportUnreachable(state: RaftState, id: NodeId): void {
  const progress = progressOf(state, id);
  if (progress === undefined) return;
  if (progress.state === 'replicate') progress.becomeProbe();
  state.log.debug?.(
    `${describeId(state.id)} failed to send message to ${describeId(id)} because it is unreachable [${describeProgress(progress)}]`,
  );
}

/** The host is done with sending a snapshot to `id`. */
export function reportSnapshot(state: RaftState, id: NodeId, isSuccess: boolean): void {
  const progress = progressOf(state, id);
  if (progress === undefined || progress.state !== 'snapshot') return;
  // A failed one moves nothing: probing starts again at what is known to match.
  if (!isSuccess) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  state.log.debug?.(
    `${describeId(state.id)} snapshot ${isSuccess ? 'succeeded' : 'failed'}, resumed sending replication messages to ` +
      `${describeId(id)} [${describeProgress(progress)}]`,
  );
  // Wait for the follower's acknowledgement, or after a failure for the next heartbeat's answer.
  progress.isFlowPaused = true;
}

function handleRejection(state: RaftState, message: Message, progress: Progress): void {
  const self = describeId(state.id);
  const from = describeId(message.from);
  state.log.debug?.(
    `${self} received MsgAppResp(rejected, hint: (index ${message.rejectHint}, term ${message.logTerm})) from ${from} for index ${message.index}`,
  );
  let next = message.rejectHint;
  if (message.logTerm > 0) next = state.raftLog.findConflictByTerm(next, message.logTerm).index;
  if (!progress.maybeDecreaseTo(message.index, next)) return;
  state.log.debug?.(`${self} decreased progress of ${from} to [${describeProgress(progress)}]`);
  if (progress.state === 'replicate') progress.becomeProbe();
  sendAppend(state, message.from);
}

/** Progress of a member, on a leader only. */
function progressOf(state: RaftState, id: NodeId): Progress | undefined {
  return state.role === 'leader' ? state.tracker.get(id) : undefined;
}
