/**
 * What a follower does with the leader's entries, heartbeats and snapshots. Answers leave after the sync of what they speak of.
 */
import { isMutated } from '../base/mutation.js';
import { describeId } from './format/ids.js';
import { describeConfState } from './format/membership.js';
import { type Message, newMessage } from './message.js';
import { restoreConfState } from './membership.js';
import type { RaftState } from './raft-state.js';
import { becomeFollower } from './roles.js';
import type { Snapshot } from './snapshot.js';
import { type LogIndex, type NodeId, NO_NODE } from './types.js';

/** MsgApp (paper 5.3). */
export function handleAppend(state: RaftState, message: Message): void {
  const { raftLog } = state;
  if (message.index < raftLog.committed) {
    // Old news: what is committed can't differ, so tell the leader to go on from there.
    acknowledge(state, message.from, raftLog.committed);
    return;
  }
  const last = raftLog.maybeAppend(message.index, message.logTerm, message.entries, message.commit);
  if (last !== undefined) {
    acknowledge(state, message.from, last);
    return;
  }
  state.log.debug?.(
    `${describeId(state.id)} [logterm: ${raftLog.termOrZero(message.index)}, index: ${message.index}] rejected MsgApp ` +
      `[logterm: ${message.logTerm}, index: ${message.index}] from ${describeId(message.from)}`,
  );
  // The leader's log has logTerm at index: entries here of a higher term up to there can't match, so a whole term is skipped.
  const hint = raftLog.findConflictByTerm(Math.min(message.index, raftLog.lastIndex), message.logTerm);
  const response = newMessage('MsgAppResp', message.from);
  response.index = message.index;
  response.reject = true;
  response.rejectHint = hint.index;
  response.logTerm = hint.term;
  state.send(response);
}

/** MsgHeartbeat: commits what it says and answers at once, with the read round it asks about and the promise not to vote. */
export function handleHeartbeat(state: RaftState, message: Message): void {
  const isBlind = isMutated('commitFromHeartbeatUnchecked');
  state.raftLog.commitTo(isBlind ? state.raftLog.lastIndex : message.commit);
  const response = newMessage('MsgHeartbeatResp', message.from);
  response.readToken = message.readToken;
  response.context = state.config.votePromiseMs;
  state.send(response);
}

/** MsgSnap. The answer leaves after the snapshot is installed. */
export function handleSnapshot(state: RaftState, message: Message): void {
  const { snapshot } = message;
  if (snapshot === null) return;
  const { raftLog } = state;
  const isRestored = restore(state, snapshot);
  state.log.info?.(
    `${describeId(state.id)} [commit: ${raftLog.committed}] ${isRestored ? 'restored' : 'ignored'} snapshot ` +
      `[index: ${snapshot.index}, term: ${snapshot.term}]`,
  );
  acknowledge(state, message.from, isRestored ? raftLog.lastIndex : raftLog.committed);
}

function acknowledge(state: RaftState, to: NodeId, index: LogIndex): void {
  const response = newMessage('MsgAppResp', to);
  response.index = index;
  state.send(response);
}

/** Starts over at `snapshot` unless that brings nothing new or isn't for this node. */
function restore(state: RaftState, snapshot: Snapshot): boolean {
  const { log, raftLog } = state;
  const { index, term, confState } = snapshot;
  const self = describeId(state.id);
  if (index <= raftLog.committed && !isMutated('snapshotMovesBack')) return false;
  if (state.role !== 'follower') {
    log.warn?.(`${self} attempted to restore snapshot as leader; should never happen`);
    becomeFollower(state, state.term + 1, NO_NODE);
    return false;
  }
  const members = [...confState.voters, ...confState.learners, ...confState.votersOutgoing];
  if (!members.includes(state.id)) {
    const text = describeConfState(confState);
    log.warn?.(`${self} attempted to restore snapshot but it is not in the ConfState ${text}; should never happen`);
    return false;
  }
  const describe = (): string =>
    `${self} [commit: ${raftLog.committed}, lastindex: ${raftLog.lastIndex}, lastterm: ${raftLog.lastTerm}]`;
  if (raftLog.matchTerm(index, term) && !isMutated('snapshotMovesBack')) {
    log.info?.(`${describe()} fast-forwarded commit to snapshot [index: ${index}, term: ${term}]`);
    raftLog.commitTo(index);
    return false;
  }
  raftLog.restore(snapshot);
  if (!isMutated('snapshotLosesConfState')) restoreConfState(state, confState);
  log.info?.(`${describe()} restored snapshot [index: ${index}, term: ${term}]`);
  return true;
}
