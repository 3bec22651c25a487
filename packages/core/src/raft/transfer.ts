/**
 * Handing leadership over (thesis 3.10): the transferee is brought up to date and then told to hold an election at once.
 */
import { describeId } from './format/ids.js';
import { type Message, newMessage } from './message.js';
import type { RaftState } from './raft-state.js';
import { sendAppend } from './replication.js';
import { abortTransfer } from './roles.js';
import type { NodeId } from './types.js';
import { NO_NODE } from './types.js';

/** Asks the leader, this node or another, to hand over to `transferee`. */
export function requestTransfer(state: RaftState, transferee: NodeId): void {
  if (state.role === 'leader') {
    startTransfer(state, transferee);
    return;
  }
  if (state.role !== 'follower') return;
  if (state.leaderId === NO_NODE) {
    state.log.info?.(`${describeId(state.id)} no leader at term ${state.term}; dropping leader transfer msg`);
    return;
  }
  // The message's sender is whom leadership shall go to.
  state.send(newMessage('MsgTransferLeader', state.leaderId, transferee));
}

/** A transferee that has everything is told to go on. */
export function finishTransfer(state: RaftState, acknowledgement: Message): void {
  const { from } = acknowledgement;
  if (from !== state.leadTransferee || state.tracker.get(from)?.match !== state.raftLog.lastIndex) return;
  state.log.info?.(`${describeId(state.id)} sent MsgTimeoutNow to ${describeId(from)} after received MsgAppResp`);
  state.send(newMessage('MsgTimeoutNow', from));
}

function startTransfer(state: RaftState, transferee: NodeId): void {
  const { log } = state;
  const self = describeId(state.id);
  const target = describeId(transferee);
  const progress = state.tracker.get(transferee);
  if (progress === undefined) {
    log.debug?.(`${self} no progress available for ${target}`);
    return;
  }
  if (progress.isLearner) {
    log.debug?.(`${self} is learner. Ignored transferring leadership`);
    return;
  }
  const previous = state.leadTransferee;
  if (previous === transferee) {
    log.info?.(
      `${self} [term ${state.term}] transfer leadership to ${target} is in progress, ignores request to same node ${target}`,
    );
    return;
  }
  if (previous !== NO_NODE) {
    abortTransfer(state);
    log.info?.(`${self} [term ${state.term}] abort previous transferring leadership to ${describeId(previous)}`);
  }
  if (transferee === state.id) {
    log.debug?.(`${self} is already leader. Ignored transferring leadership to self`);
    return;
  }
  log.info?.(`${self} [term ${state.term}] starts to transfer leadership to ${target}`);
  // The transfer has one election timeout from now; then the leader takes proposals again.
  state.electionElapsed = 0;
  state.leadTransferee = transferee;
  if (progress.match !== state.raftLog.lastIndex) {
    sendAppend(state, transferee);
    return;
  }
  state.send(newMessage('MsgTimeoutNow', transferee));
  log.info?.(`${self} sends MsgTimeoutNow to ${target} immediately as ${target} already has up-to-date log`);
}
