/**
 * The scalar vocabulary of the Raft core. Everything here is plain data.
 */

/** Id of a replica within its shard: a positive integer below 2^53. */
export type NodeId = number;

/** A Raft term, an integer in [0, 2^53). */
export type Term = number;

/** A position in a shard's log, an integer in [0, 2^53); the first entry is 1, 0 is "before the log". */
export type LogIndex = number;

/** No node: an unknown leader, a vote not cast. */
export const NO_NODE: NodeId = 0;

/** Target of MsgStorageAppend: the part of the host that writes entries, hard state and snapshots. Never a node's id. */
export const APPEND_THREAD: NodeId = -1;

/** Target of MsgStorageApply: the part of the host that applies committed entries. Never a node's id. */
export const APPLY_THREAD: NodeId = -2;

/** What a replica is in its term. */
export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** Term, vote and commit index: synced before the messages that depend on them leave. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId;
  readonly commit: LogIndex;
}

/** Who leads and what this replica is: never stored. */
export interface SoftState {
  readonly leaderId: NodeId;
  readonly role: Role;
}

/** A linearizable read that may be answered once the host has applied `index`. `context` is what `readIndex` was given. */
export interface ReadState {
  readonly index: LogIndex;
  readonly context: number;
  /**
   * On the leader that confirmed it: for so many milliseconds, from the moment the read was asked for and on the clocks of the voters, no
   * other leader is elected unless this one asks for it or membership changes. Absent without such a promise of a quorum.
   */
  readonly promiseMs?: number;
}

/** Whether `id` names one of the host's storage threads. */
export function isStorageThread(id: NodeId): boolean {
  return id < 0;
}

/** Whether `value` is an integer in [0, 2^53): what a term, an index or a count read from outside has to be. */
export function isCounter(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
