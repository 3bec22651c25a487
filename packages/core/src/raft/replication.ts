/**
 * The leader's sending: entries, commit indexes, snapshots and heartbeats, each follower as fast as its Progress allows.
 */
import { AssertionError } from '../base/assert.js';
import { payloadBytes, NO_ENTRIES } from './entry.js';
import { describeId } from './format/ids.js';
import { describeProgress } from './format/membership.js';
import { newMessage } from './message.js';
import type { RaftState } from './raft-state.js';
import type { Progress } from './tracker/progress.js';
import type { NodeId } from './types.js';

/** Advances the commit index to what a quorum has, if that is of this term. */
export function maybeCommit(state: RaftState): boolean {
  return state.raftLog.maybeCommit(state.tracker.committed(), state.term);
}

/** Sends what every other member is missing, or else at least the commit index. */
export function broadcastAppend(state: RaftState): void {
  for (const id of state.tracker.ids) {
    if (id !== state.id) sendAppend(state, id);
  }
}

/** Sends what other members are missing, without messages that only carry a commit index. */
export function broadcastMissing(state: RaftState): void {
  for (const id of state.tracker.ids) {
    if (id !== state.id) maybeSendAppend(state, id, false);
  }
}

/** Sends one MsgApp, even an empty one, unless the member's Progress is paused. */
export function sendAppend(state: RaftState, to: NodeId): void {
  maybeSendAppend(state, to, true);
}

/** Sends one MsgApp or MsgSnap if the member's Progress allows it and, unless `evenIfEmpty`, there is an entry to send. */
export function maybeSendAppend(state: RaftState, to: NodeId, evenIfEmpty: boolean): boolean {
  const progress = state.tracker.get(to);
  if (progress === undefined || progress.isPaused) return false;
  const { raftLog } = state;
  const prevIndex = progress.next - 1;
  const prevTerm = raftLog.term(prevIndex);
  if (prevTerm === undefined) return maybeSendSnapshot(state, to, progress);

  // With a full window only an empty MsgApp goes, so that a window lost as a whole is found out by the answer to it.
  const isWindowFull = progress.state === 'replicate' && progress.inflights.isFull;
  const entries = isWindowFull ? NO_ENTRIES : raftLog.entriesFrom(progress.next, state.config.messageBytesMax);
  if (entries === 'notYet') {
    progress.isAwaitingStorage = true;
    return false;
  }
  if (entries === 'compacted') return maybeSendSnapshot(state, to, progress);
  if (entries.length === 0 && !evenIfEmpty) return false;

  const message = newMessage('MsgApp', to);
  message.index = prevIndex;
  message.logTerm = prevTerm;
  message.entries = entries;
  message.commit = raftLog.committed;
  state.send(message);
  progress.noteSent(entries.length, payloadBytes(entries));
  progress.sentCommit = raftLog.committed;
  return true;
}

/** Tells every other member who leads, with the read round in flight if there is one. */
export function broadcastHeartbeat(state: RaftState): void {
  for (const id of state.tracker.ids) {
    if (id !== state.id) sendHeartbeat(state, id);
  }
}

/** The storage has what it had not: sends to those that waited for it. */
export function resumeAwaiting(state: RaftState): void {
  for (const id of state.tracker.ids) {
    const progress = state.tracker.get(id);
    if (progress === undefined || !progress.isAwaitingStorage) continue;
    progress.isAwaitingStorage = false;
    while (maybeSendAppend(state, id, false)) {
      // As many as the window allows.
    }
  }
}

function sendHeartbeat(state: RaftState, to: NodeId): void {
  const progress = state.tracker.get(to);
  if (progress === undefined) return;
  const message = newMessage('MsgHeartbeat', to);
  // Never beyond what the follower is known to have: it may hold other entries there.
  message.commit = Math.min(progress.match, state.raftLog.committed);
  message.readToken = state.readQueue.token;
  state.send(message);
  progress.sentCommit = message.commit;
}

function maybeSendSnapshot(state: RaftState, to: NodeId, progress: Progress): boolean {
  const { log, raftLog } = state;
  if (!progress.isRecentlyActive) {
    log.debug?.(`ignore sending snapshot to ${describeId(to)} since it is not recently active`);
    return false;
  }
  const snapshot = raftLog.snapshot();
  if (snapshot === 'notYet') {
    progress.isAwaitingStorage = true;
    log.debug?.(
      `${describeId(state.id)} failed to send snapshot to ${describeId(to)} because snapshot is temporarily unavailable`,
    );
    return false;
  }
  if (snapshot.index === 0) throw new AssertionError('the storage compacted its log and has no snapshot');
  const header = `${describeId(state.id)} [firstindex: ${raftLog.firstIndex}, commit: ${raftLog.committed}]`;
  log.debug?.(
    `${header} sent snapshot[index: ${snapshot.index}, term: ${snapshot.term}] to ${describeId(to)} [${describeProgress(progress)}]`,
  );
  progress.becomeSnapshot(snapshot.index);
  log.debug?.(
    `${describeId(state.id)} paused sending replication messages to ${describeId(to)} [${describeProgress(progress)}]`,
  );
  const message = newMessage('MsgSnap', to);
  message.snapshot = snapshot;
  state.send(message);
  return true;
}
