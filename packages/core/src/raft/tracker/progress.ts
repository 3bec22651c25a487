/**
 * The leader's view of one replica's log: what is known to match, what to send next, and whether to send at all.
 */
import type { LogIndex } from '../types.js';
import type { Inflights } from './inflights.js';

/**
 * probe: at most one MsgApp per heartbeat, looking for the last common entry. replicate: sent optimistically, a window deep.
 * snapshot: nothing is sent until the follower has what it was missing.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** Invariant: match < next. */
export class Progress {
  match: LogIndex;
  next: LogIndex;
  state: ProgressState = 'probe';
  /** The highest commit index that was sent, as far as a lost message allows to say. */
  sentCommit: LogIndex = 0;
  /** Index of the snapshot that was sent, 0 for none. */
  pendingSnapshot: LogIndex = 0;
  /** Whether something came from the replica since the last quorum check. */
  isRecentlyActive = false;
  /** Set when the window is full or a probe is out; an acknowledgement or heartbeat response clears it. */
  isFlowPaused = false;
  /** Set when the storage answered "not yet"; `storageReady` clears it. */
  isAwaitingStorage = false;
  isLearner: boolean;
  readonly inflights: Inflights;

  constructor(match: LogIndex, next: LogIndex, inflights: Inflights, isLearner: boolean) {
    this.match = match;
    this.next = next;
    this.inflights = inflights;
    this.isLearner = isLearner;
  }

  /** A copy that shares the window. */
  clone(): Progress {
    const copy = new Progress(this.match, this.next, this.inflights, this.isLearner);
    copy.state = this.state;
    copy.sentCommit = this.sentCommit;
    copy.pendingSnapshot = this.pendingSnapshot;
    copy.isRecentlyActive = this.isRecentlyActive;
    copy.isFlowPaused = this.isFlowPaused;
    copy.isAwaitingStorage = this.isAwaitingStorage;
    return copy;
  }

  /** Whether no MsgApp may be sent now. */
  get isPaused(): boolean {
    return this.state === 'snapshot' || this.isFlowPaused || this.isAwaitingStorage;
  }

  /** Whether telling the replica `commit` is news it can use: it can commit what it has been sent at most. */
  canBumpCommit(commit: LogIndex): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  becomeProbe(): void {
    // After a snapshot the replica has at least that, even though its acknowledgement didn't come yet.
    const next = this.state === 'snapshot' ? Math.max(this.match, this.pendingSnapshot) + 1 : this.match + 1;
    this.#become('probe');
    this.next = next;
    this.sentCommit = Math.min(this.sentCommit, next - 1);
  }

  becomeReplicate(): void {
    this.#become('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: LogIndex): void {
    this.#become('snapshot');
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** Notes that a MsgApp with `count` entries and `bytes` of data was sent. */
  noteSent(count: number, bytes: number): void {
    if (this.state === 'probe') {
      if (count > 0) this.isFlowPaused = true;
      return;
    }
    if (count > 0) {
      this.next += count;
      this.inflights.add(this.next - 1, bytes);
    }
    // With a full window this message is a probe, so that a lost window is found out.
    this.isFlowPaused = this.inflights.isFull;
  }

  /** The replica has everything up to `index`. False when that is old news. */
  maybeUpdate(index: LogIndex): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.isFlowPaused = false;
    return true;
  }

  /** The replica rejected the MsgApp at `rejected` and may match up to `hint`. False for a stale rejection. */
  maybeDecreaseTo(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      this.sentCommit = Math.min(this.sentCommit, this.next - 1);
      return true;
    }
    // A probe is sent one at a time, so only the answer to the last one counts.
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    this.isFlowPaused = false;
    return true;
  }

  #become(state: ProgressState): void {
    this.isFlowPaused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }
}
