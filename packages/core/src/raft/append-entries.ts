/**
 * The leader's appending to its own log.
 */
import { type Entry, payloadBytes } from './entry.js';
import { describeId } from './format/ids.js';
import { newMessage } from './message.js';
import type { RaftState } from './raft-state.js';

/** What a proposer supplies of an entry; place and term are the leader's. */
export type EntryBody = Pick<Entry, 'type' | 'data'>;

/** Appends entries of this term; false when too much is uncommitted. The leader counts them only once they are synced (R10). */
export function appendEntries(state: RaftState, bodies: readonly EntryBody[]): boolean {
  const { raftLog } = state;
  let index = raftLog.lastIndex;
  const entries: Entry[] = [];
  for (const { type, data } of bodies) {
    index += 1;
    entries.push({ term: state.term, index, type, data });
  }
  if (!reserveUncommitted(state, payloadBytes(entries))) {
    state.log.warn?.(
      `${describeId(state.id)} appending new entries to log would exceed uncommitted entry size limit; dropping proposal`,
    );
    return false;
  }
  raftLog.append(entries);
  const acknowledgement = newMessage('MsgAppResp', state.id);
  acknowledgement.index = index;
  state.send(acknowledgement);
  return true;
}

/** Entries with `bytes` of data were applied, so they no longer count as uncommitted. */
export function releaseUncommitted(state: RaftState, bytes: number): void {
  // Entries of earlier terms were never counted.
  state.uncommittedBytes = Math.max(state.uncommittedBytes - bytes, 0);
}

/**
 * Counts `bytes` against the limit. The first proposal goes whatever its size, and entries without data always do: a new
 * leader's first entry and leaving a joint configuration must not be refused.
 */
function reserveUncommitted(state: RaftState, bytes: number): boolean {
  const total = state.uncommittedBytes + bytes;
  if (state.uncommittedBytes > 0 && bytes > 0 && total > state.config.uncommittedBytesMax) return false;
  state.uncommittedBytes = total;
  return true;
}
