/**
 * Messages to and from the host's storage threads: what is to be written or applied, and the answers that come back after it.
 */
import type { Entry } from './entry.js';
import type { Message } from './message.js';
import { newMessage } from './message.js';
import type { RaftState } from './raft-state.js';
import type { Snapshot } from './snapshot.js';
import { APPEND_THREAD, APPLY_THREAD, type HardState } from './types.js';

/** What one Ready wants stored. */
export interface AppendWork {
  readonly hardState: HardState | null;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | null;
}

/** Work for the append thread, null when there is nothing to store and nothing that waits for storage. */
export function storageAppend(state: RaftState, work: AppendWork): Message | null {
  const { hardState, entries, snapshot } = work;
  const waiting = state.messagesAfterAppend;
  if (hardState === null && entries.length === 0 && snapshot === null && waiting.length === 0) return null;
  const message = newMessage('MsgStorageAppend', APPEND_THREAD, state.id);
  message.entries = entries;
  message.snapshot = snapshot;
  if (hardState !== null) {
    message.term = hardState.term;
    message.vote = hardState.vote;
    message.commit = hardState.commit;
  }
  // The own acknowledgements come before the one that empties the unstable log: terms are still found in memory then.
  const response = storageAppendResponse(state, snapshot);
  message.responses = response === null ? waiting : [...waiting, response];
  return message;
}

/**
 * The append thread's answer, null when nothing would be learned from it.
 *
 * It names the end of the log as it is now, in this term, and covers all writes in progress, since writes are done in order. It
 * is void in a later term: then the entry at that index may be another one that isn't stored yet, even if index and term look
 * right again after the log was cut and grew back. Any write of the later term comes with an answer of its own.
 */
export function storageAppendResponse(state: RaftState, snapshot: Snapshot | null): Message | null {
  const { raftLog } = state;
  if (raftLog.unstable.length === 0 && raftLog.unstable.snapshot === null) return null;
  const message = newMessage('MsgStorageAppendResp', state.id, APPEND_THREAD);
  message.term = state.term;
  if (raftLog.unstable.length > 0) {
    message.index = raftLog.lastIndex;
    message.logTerm = raftLog.lastTerm;
  }
  message.snapshot = snapshot;
  return message;
}

/** Work for the apply thread. Not empty. */
export function storageApply(state: RaftState, entries: readonly Entry[]): Message {
  const message = newMessage('MsgStorageApply', APPLY_THREAD, state.id);
  message.entries = entries;
  message.responses = [storageApplyResponse(state, entries)];
  return message;
}

/** The apply thread's answer; valid in any term, since what is applied is committed. */
export function storageApplyResponse(state: RaftState, entries: readonly Entry[]): Message {
  const message = newMessage('MsgStorageApplyResp', state.id, APPLY_THREAD);
  message.entries = entries;
  return message;
}
