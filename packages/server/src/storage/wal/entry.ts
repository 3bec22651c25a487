/** The Raft values that the log stores. Structurally those of the Raft core. */

/** A kind of entry. */
export type EntryType = 'normal' | 'confChange' | 'confChangeV2';

/** One record of a shard's log. */
export interface Entry {
  readonly term: number;
  readonly index: number;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** Term, vote (0: none) and commit index. */
export interface HardState {
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
}
