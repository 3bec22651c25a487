/**
 * The outputs of a core that its host has to process.
 */
import type { Entry } from './entry.js';
import type { Message } from './message.js';
import type { Snapshot } from './snapshot.js';
import type { HardState, ReadState, SoftState } from './types.js';

/**
 * One batch of outputs; the lists are the host's to keep.
 *
 * With asynchronous storage writes `hardState`, `entries`, `snapshot` and `committedEntries` are for looking at only: the
 * work is in the MsgStorageAppend and MsgStorageApply among `messages`. All other messages leave at once (P3).
 *
 * Without them the host, in this order: stores snapshot, entries and hard state (synced if `mustSync`), sends `messages`,
 * applies `committedEntries`, calls `advance()`.
 */
export interface Ready {
  /** Null when unchanged. */
  readonly softState: SoftState | null;
  /** Null when unchanged. */
  readonly hardState: HardState | null;
  /** Reads confirmed since the last Ready. */
  readonly readStates: readonly ReadState[];
  /** To be appended to stable storage, replacing what is at or after the first one's index. */
  readonly entries: readonly Entry[];
  /** To be installed before anything else, null for none. Then what was handed out for applying before is void. */
  readonly snapshot: Snapshot | null;
  /** To be applied in order. */
  readonly committedEntries: readonly Entry[];
  readonly messages: readonly Message[];
  /** Whether entries, term or vote changed, so that the write has to be synced. A changed commit index alone need not be. */
  readonly mustSync: boolean;
}
