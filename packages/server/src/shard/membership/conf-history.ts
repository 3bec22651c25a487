/**
 * Which ConfState was in effect at which index of one shard's log, as far back as its log begins: a log start must be marked with the one of
 * its own place, not with a later one (architecture 4). Pure.
 */
import type { Entry } from '@kvorum/core/raft/entry.js';

/** A ConfState and the index from which on it was in effect. */
export interface ConfStateSince {
  readonly index: number;
  /** Encoded. */
  readonly confState: Uint8Array;
}

/** One per replica; grows by one item per configuration entry that the log still holds. */
export class ConfHistory {
  /** In order of index. */
  private known: ConfStateSince[];

  /**
   * @param start where the log begins, and its entries
   * @param applied the ConfState in effect at the applied index
   */
  constructor(
    start: { readonly logStartIndex: number; readonly entries: readonly Entry[] },
    applied: { readonly index: number; readonly confState: Uint8Array },
  ) {
    const last = start.entries.findLast((entry) => entry.type !== 'normal' && entry.index <= applied.index);
    const index = Math.min(last?.index ?? start.logStartIndex, applied.index);
    this.known = [{ index, confState: applied.confState }];
  }

  /** A configuration entry was applied. */
  note(index: number, confState: Uint8Array): void {
    this.known.push({ index, confState });
  }

  /** The index of the last change; everything after it has one ConfState. */
  get lastIndex(): number {
    return this.known.at(-1)?.index ?? 0;
  }

  /** What is known, ascending by the index of the entry that made it so; the first may have been so before. */
  get changes(): readonly ConfStateSince[] {
    return this.known;
  }

  /** The ConfState in effect at `index`; undefined where it isn't known. */
  at(index: number): Uint8Array | undefined {
    return this.known.findLast((since) => since.index <= index)?.confState;
  }

  /** The log begins at `index` now. */
  forgetBefore(index: number): void {
    const first = this.known.findLastIndex((since) => since.index <= index);
    if (first > 0) this.known = this.known.slice(first);
  }

  /** A snapshot at `index` was installed. */
  restart(index: number, confState: Uint8Array): void {
    this.known = [{ index, confState }];
  }
}
