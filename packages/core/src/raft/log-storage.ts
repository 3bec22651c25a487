/**
 * What the core needs to know of the log that its host has stored. Synchronous; the core never writes through it: writes
 * are outputs of Ready.
 */
import type { Entry } from './entry.js';
import type { ConfState, Snapshot } from './snapshot.js';
import type { HardState, LogIndex, Term } from './types.js';

/** The index is before what the storage still has. */
export const COMPACTED = 'compacted';
/** The index is after what the storage has. */
export const UNAVAILABLE = 'unavailable';
/**
 * What was asked for exists, but not in memory. Answering so is a promise: the host fetches it and then calls
 * `RawNode.storageReady()`. Until then the core doesn't ask again for whom it asked.
 */
export const NOT_YET = 'notYet';

/** One replica's log as stored: what was given for writing and is durable, nothing else. */
export interface LogStorage {
  /**
   * Hard state as stored, and the membership as of the applied index. Read once, when the core is made. With nothing applied it is the
   * membership that the shard began with, on every replica that may get the log from its first entry on, later members included.
   */
  initialState(): { readonly hardState: HardState; readonly confState: ConfState };

  /** The first index that `entries` may answer; 1 for a log never compacted. Its predecessor's term is known. */
  firstIndex(): LogIndex;

  /** The last stored index; `firstIndex() - 1` when there is no entry. */
  lastIndex(): LogIndex;

  /** Term at `index`, known for all of [firstIndex - 1, lastIndex] without I/O; the term at 0 is 0. */
  term(index: LogIndex): Term | typeof COMPACTED | typeof UNAVAILABLE;

  /**
   * Entries of [lo, hi), lo < hi ≤ lastIndex + 1, as many as fit in `bytesMax` (see `entryBytes`) but at least one. Only a
   * prefix of them may be in memory: then that prefix is the answer, and `notYet` when it is empty. The array is the
   * caller's; the entries are shared and immutable.
   */
  entries(lo: LogIndex, hi: LogIndex, bytesMax: number): readonly Entry[] | typeof COMPACTED | typeof NOT_YET;

  /**
   * A snapshot with index ≥ `firstIndex() - 1`, asked for when a follower needs what was compacted. It must be recent enough to have
   * every current member in its `confState`, the newest member included: who isn't in it refuses it, and is sent it again.
   */
  snapshot(): Snapshot | typeof NOT_YET;
}
