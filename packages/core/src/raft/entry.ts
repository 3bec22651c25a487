/**
 * One record of a replica's log.
 */
import type { LogIndex, Term } from './types.js';

/** What an entry's data holds: a command of the state machine, or an encoded configuration change (one step or joint). */
export type EntryType = 'normal' | 'confChange' | 'confChangeV2';

/** One log record. Immutable once it is in a log: entries are shared between messages, log and host. */
export interface Entry {
  readonly term: Term;
  readonly index: LogIndex;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** A list without entries, shared. */
export const NO_ENTRIES: readonly Entry[] = [];

/** What an entry counts for beside its data when a size is limited: about its header on the wire and in the log. */
const ENTRY_OVERHEAD_BYTES = 24;

/** Size of one entry as size limits count it. Never 0. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

/** Size of `entries` as size limits count it. */
export function entriesBytes(entries: readonly Entry[]): number {
  let total = 0;
  for (const entry of entries) total += entryBytes(entry);
  return total;
}

/** Bytes of data in `entries`: what the uncommitted and in-flight limits count. An empty entry costs nothing there. */
export function payloadBytes(entries: readonly Entry[]): number {
  let total = 0;
  for (const entry of entries) total += entry.data.length;
  return total;
}

/** How many entries of `entries[from, to)` fit in `bytesMax`; at least one when there is one. */
export function countWithin(entries: readonly Entry[], from: number, to: number, bytesMax: number): number {
  let total = 0;
  for (let at = from; at < to; at += 1) {
    const entry = entries[at];
    if (entry === undefined) return at - from;
    total += entryBytes(entry);
    if (total > bytesMax) return Math.max(at - from, 1);
  }
  return to - from;
}
