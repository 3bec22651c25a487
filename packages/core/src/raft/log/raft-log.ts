/**
 * A replica's log: what stable storage has, the unstable tail behind it, and how far it is committed, being applied and applied.
 *
 * Invariant: applied ≤ applying ≤ committed ≤ lastIndex.
 */
import { isMutated } from '../../base/mutation.js';
import { AssertionError, assert } from '../../base/assert.js';
import { countWithin, type Entry, entriesBytes, NO_ENTRIES } from '../entry.js';
import type { LogSink } from '../log-sink.js';
import type { COMPACTED, LogStorage, NOT_YET } from '../log-storage.js';
import type { Snapshot } from '../snapshot.js';
import type { LogIndex, Term } from '../types.js';
import { Unstable } from './unstable.js';

/** See the head of the file. Positions are asserted: what breaks the invariant throws AssertionError. */
export class RaftLog {
  readonly unstable: Unstable;
  readonly #storage: LogStorage;
  readonly #log: LogSink;
  readonly #applyingBytesMax: number;
  #committed: LogIndex;
  #applying: LogIndex;
  #applied: LogIndex;
  /** Bytes handed out for applying and not yet applied. */
  #applyingBytes = 0;
  /** Set while the limit is reached, so that the next batch waits for the answer to an earlier one. */
  #isApplyPaused = false;
  /** Set when the storage answered "not yet" for committed entries. */
  #isApplyAwaitingStorage = false;

  constructor(storage: LogStorage, log: LogSink, applyingBytesMax: number) {
    this.#storage = storage;
    this.#log = log;
    this.#applyingBytesMax = applyingBytesMax;
    this.unstable = new Unstable(storage.lastIndex() + 1, log);
    const start = storage.firstIndex() - 1;
    this.#committed = start;
    this.#applying = start;
    this.#applied = start;
  }

  get committed(): LogIndex {
    return this.#committed;
  }

  get applying(): LogIndex {
    return this.#applying;
  }

  get applied(): LogIndex {
    return this.#applied;
  }

  get firstIndex(): LogIndex {
    const { snapshot } = this.unstable;
    return snapshot === null ? this.#storage.firstIndex() : snapshot.index + 1;
  }

  get lastIndex(): LogIndex {
    const { unstable } = this;
    if (unstable.length > 0 || unstable.snapshot !== null) return unstable.lastIndex;
    return this.#storage.lastIndex();
  }

  get lastTerm(): Term {
    const term = this.term(this.lastIndex);
    if (term === undefined) throw new AssertionError('the term of the last entry is unknown');
    return term;
  }

  /** Term at `index`, undefined where it is compacted or not there. */
  term(index: LogIndex): Term | undefined {
    const unstable = this.unstable.term(index);
    if (unstable !== undefined) return unstable;
    if (index + 1 < this.firstIndex || index > this.lastIndex) return undefined;
    const stored = this.#storage.term(index);
    return typeof stored === 'number' ? stored : undefined;
  }

  /** Term at `index`, 0 where it is unknown. */
  termOrZero(index: LogIndex): Term {
    return this.term(index) ?? 0;
  }

  matchTerm(index: LogIndex, term: Term): boolean {
    return this.term(index) === term;
  }

  /** Whether a log that ends with (index, term) is at least as complete as this one (paper 5.4.1). */
  isUpToDate(index: LogIndex, term: Term): boolean {
    const lastTerm = this.lastTerm;
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex);
  }

  /** Appends entries, replacing what conflicts. They must not touch what is committed. */
  append(entries: readonly Entry[]): LogIndex {
    const [first] = entries;
    if (first === undefined) return this.lastIndex;
    if (first.index <= this.#committed) {
      throw new AssertionError(`entry ${first.index} conflicts with a committed entry [committed(${this.#committed})]`);
    }
    this.unstable.truncateAndAppend(entries);
    return this.lastIndex;
  }

  /**
   * What a follower does with a MsgApp (paper figure 2): nothing unless the entry before matches, else append what is new and
   * commit. Answers the last index that now matches the leader's, undefined for a mismatch.
   */
  maybeAppend(prevIndex: LogIndex, prevTerm: Term, entries: readonly Entry[], commit: LogIndex): LogIndex | undefined {
    if (!this.matchTerm(prevIndex, prevTerm)) return undefined;
    const last = prevIndex + entries.length;
    const conflict = isMutated('staleAppendTruncates') ? (entries[0]?.index ?? 0) : this.#findConflict(entries);
    if (conflict !== 0) {
      const known = conflict - prevIndex - 1;
      this.append(known === 0 ? entries : entries.slice(known));
    }
    this.commitTo(Math.min(commit, last));
    return last;
  }

  /**
   * The highest index ≤ `index` whose term is ≤ `term`, and that term: what lies between can't match the other log, which has
   * `term` at `index`. The term is 0 where it is unknown.
   */
  findConflictByTerm(index: LogIndex, term: Term): { readonly index: LogIndex; readonly term: Term } {
    for (let at = index; at > 0; at -= 1) {
      const ours = this.term(at);
      if (ours === undefined) return { index: at, term: 0 };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: 0, term: 0 };
  }

  /** Commits up to `index`; never goes back. */
  commitTo(index: LogIndex): void {
    if (index <= this.#committed) return;
    if (index > this.lastIndex) {
      throw new AssertionError(`commit ${index} is out of range [lastIndex(${this.lastIndex})]: was the log lost?`);
    }
    this.#committed = index;
  }

  /** Commits up to `index` if the entry there is of `term`: a leader counts only entries of its own term (paper 5.4.2). */
  maybeCommit(index: LogIndex, term: Term): boolean {
    if (term === 0 || index <= this.#committed) return false;
    if (!this.matchTerm(index, term) && !isMutated('oldTermCommittedByCount')) return false;
    this.commitTo(index);
    return true;
  }

  /** Starts over at a snapshot: it is committed at once, applied when the host says so. */
  restore(snapshot: Snapshot): void {
    this.#log.info?.(
      `log [${this.describe()}] starts to restore snapshot [index: ${snapshot.index}, term: ${snapshot.term}]`,
    );
    this.#committed = snapshot.index;
    if (isMutated('snapshotMovesBack')) this.#applied = this.#applying = snapshot.index;
    this.unstable.restore(snapshot);
  }

  /** Entries of the storage and the unstable tail up to (index, term) are stable. */
  stableTo(index: LogIndex, term: Term): void {
    this.unstable.stableTo(index, term);
  }

  /** Whether committed entries can be handed out now. `allowUnstable`: also those that this node has not synced. */
  hasNextCommitted(allowUnstable: boolean): boolean {
    if (this.#isApplyPaused || this.#isApplyAwaitingStorage || this.unstable.snapshot !== null) return false;
    return this.#applying < this.#applicable(allowUnstable);
  }

  /** Committed entries not yet handed out, within the limit; empty when the storage has them not yet. */
  nextCommitted(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommitted(allowUnstable)) return NO_ENTRIES;
    const bytesMax = this.#applyingBytesMax - this.#applyingBytes;
    const entries = this.slice(this.#applying + 1, this.#applicable(allowUnstable) + 1, bytesMax);
    if (entries === 'compacted') throw new AssertionError('committed entries were compacted before they were applied');
    if (entries !== 'notYet') return entries;
    this.#isApplyAwaitingStorage = true;
    return NO_ENTRIES;
  }

  /** The storage has what it had not: committed entries may be asked for again. */
  storageReady(): void {
    this.#isApplyAwaitingStorage = false;
  }

  /** Entries up to `index`, `bytes` in all, were handed out for applying. */
  acceptApplying(index: LogIndex, bytes: number, allowUnstable: boolean): void {
    assert(index <= this.#committed, 'an entry is applied before it is committed');
    this.#applying = index;
    this.#applyingBytes += bytes;
    // A batch that stops short hit the limit: the next one waits until something was applied.
    this.#isApplyPaused = this.#applyingBytes >= this.#applyingBytesMax || index < this.#applicable(allowUnstable);
  }

  /** Entries up to `index`, `bytes` in all, were applied. */
  appliedTo(index: LogIndex, bytes: number): void {
    assert(index <= this.#committed && index >= this.#applied, 'the applied index is out of [applied, committed]');
    this.#applied = index;
    this.#applying = Math.max(this.#applying, index);
    this.#applyingBytes = Math.max(this.#applyingBytes - bytes, 0);
    this.#isApplyPaused = this.#applyingBytes >= this.#applyingBytesMax;
  }

  /** Entries from `lo` on, as many as fit in `bytesMax`, at least one if there is one. */
  entriesFrom(lo: LogIndex, bytesMax: number): readonly Entry[] | typeof COMPACTED | typeof NOT_YET {
    const last = this.lastIndex;
    return lo > last ? NO_ENTRIES : this.slice(lo, last + 1, bytesMax);
  }

  /** The snapshot on its way to storage, or else the newest the storage has. */
  snapshot(): Snapshot | typeof NOT_YET {
    return this.unstable.snapshot ?? this.#storage.snapshot();
  }

  /** Entries of [lo, hi), as many as fit in `bytesMax`, at least one. Both ends must be in the log or compacted. */
  slice(lo: LogIndex, hi: LogIndex, bytesMax: number): readonly Entry[] | typeof COMPACTED | typeof NOT_YET {
    if (lo > hi || hi > this.lastIndex + 1) {
      throw new AssertionError(`slice [${lo}, ${hi}) out of bound [${this.firstIndex}, ${this.lastIndex}]`);
    }
    if (lo < this.firstIndex) return 'compacted';
    if (lo === hi) return NO_ENTRIES;
    const { offset } = this.unstable;
    if (lo >= offset) return this.#unstableWithin(lo, hi, bytesMax);
    const cut = Math.min(hi, offset);
    const stored = this.#storage.entries(lo, cut, bytesMax);
    if (typeof stored === 'string' || hi <= offset || stored.length < cut - lo) return stored;
    const size = entriesBytes(stored);
    if (size >= bytesMax) return stored;
    const rest = this.#unstableWithin(offset, hi, bytesMax - size);
    // The first entry comes whatever its size; behind others it has to fit.
    if (rest.length === 1 && size + entriesBytes(rest) > bytesMax) return stored;
    return [...stored, ...rest];
  }

  /** State of the log, for log lines. */
  describe(): string {
    const { unstable } = this;
    return (
      `committed=${this.#committed}, applied=${this.#applied}, applying=${this.#applying}, ` +
      `unstable.offset=${unstable.offset}, unstable.offsetInProgress=${unstable.offsetInProgress}, ` +
      `len(unstable.Entries)=${unstable.length}`
    );
  }

  /** The last index that may be handed out for applying. */
  #applicable(allowUnstable: boolean): LogIndex {
    return allowUnstable ? this.#committed : Math.min(this.#committed, this.unstable.offset - 1);
  }

  /** Index of the first entry that isn't in the log with the same term, 0 when all are. */
  #findConflict(entries: readonly Entry[]): LogIndex {
    for (const entry of entries) {
      if (this.matchTerm(entry.index, entry.term)) continue;
      if (this.#log.info !== undefined && entry.index <= this.lastIndex) {
        const ours = this.termOrZero(entry.index);
        this.#log.info(
          `found conflict at index ${entry.index} [existing term: ${ours}, conflicting term: ${entry.term}]`,
        );
      }
      return entry.index;
    }
    return 0;
  }

  #unstableWithin(lo: LogIndex, hi: LogIndex, bytesMax: number): readonly Entry[] {
    const { offset, entries } = this.unstable;
    const count = countWithin(entries, lo - offset, hi - offset, bytesMax);
    return this.unstable.slice(lo, lo + count);
  }
}
