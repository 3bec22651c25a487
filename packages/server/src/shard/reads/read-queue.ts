/**
 * Linearizable reads of one replica, batched: one ReadIndex attempt is under way at a time and confirms every read queued before it (P7).
 * Each attempt has a context of its own (R13); the Raft core sees to it that an answer to an earlier run of this node is ignored.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import type { LeaseHold } from './leader-lease.js';
import { definite, type Failure } from '../outcome.js';

/** Reads that only look whether the node is ready, and may wait when the limit of reads is reached. */
export const checksMax = 16;

/** A read may begin: without a hold it is good as it is, with one only if that is still held after the value was read (R28). */
export type OnReadReady = (failure: Failure | undefined, hold?: LeaseHold) => void;

/** A read that waits until this replica may answer it. */
export class PendingRead {
  readonly deadlineMs: number;
  /** False: only a round of heartbeats will do. */
  readonly mayUseLease: boolean;
  /** Tells whether the node is ready: taken also when no other read is (S12). */
  readonly isCheck: boolean;
  private onReady: OnReadReady | undefined;

  /** @param onReady called once: with nothing or a hold when the replica's state may be read now, else with the failure */
  constructor(deadlineMs: number, onReady: OnReadReady, mayUseLease = false, isCheck = false) {
    this.deadlineMs = deadlineMs;
    this.onReady = onReady;
    this.mayUseLease = mayUseLease;
    this.isCheck = isCheck;
  }

  get isDone(): boolean {
    return this.onReady === undefined;
  }

  settle(failure: Failure | undefined, hold?: LeaseHold): void {
    const onReady = this.onReady;
    this.onReady = undefined;
    onReady?.(failure, hold);
  }

  /** Settles it when its time has run out. */
  expire(nowMs: number): void {
    if (!this.isDone && nowMs >= this.deadlineMs) this.settle(definite('timeout'));
  }
}

interface Attempt {
  readonly context: number;
  readonly reads: PendingRead[];
  readonly begunMs: number;
  ageTicks: number;
}

interface Confirmed {
  readonly index: number;
  readonly reads: readonly PendingRead[];
  readonly hold?: LeaseHold;
}

/** One per replica. Every read added is settled exactly once. */
export class ReadQueue {
  private waiting: PendingRead[] = [];
  private attempt: Attempt | undefined;
  /** In order of index, nearly: attempts are confirmed in order and their indexes never go back; one that a lease overtook waits a little longer than it must. */
  private readonly confirmed: Confirmed[] = [];
  private lastContext = 0;
  private ended: Failure | undefined;
  private confirmedCount = 0;
  private readonly retryTicks: number;
  private readonly readsMax: number;

  /**
   * @param retryTicks an attempt without answer is replaced by a new one after so many ticks
   * @param readsMax reads that may wait; more are refused at once
   */
  constructor(retryTicks: number, readsMax: number) {
    this.retryTicks = retryTicks;
    this.readsMax = readsMax;
  }

  add(read: PendingRead): void {
    if (this.ended !== undefined) {
      read.settle(this.ended);
      return;
    }
    const readsMax = read.isCheck ? this.readsMax + checksMax : this.readsMax;
    if (this.waiting.length + (this.attempt?.reads.length ?? 0) + this.confirmedCount >= readsMax) {
      read.settle(definite('overloaded'));
      return;
    }
    this.waiting.push(read);
  }

  get hasWork(): boolean {
    return this.waiting.length > 0 && this.attempt === undefined;
  }

  /**
   * Starts an attempt for all waiting reads: its context for ReadIndex, or undefined when there is nothing to ask or one is under way.
   *
   * @param evenIfNone an attempt is wanted for itself, for a lease
   */
  begin(nowMs = 0, evenIfNone = false): number | undefined {
    if (this.attempt !== undefined || (!this.hasWork && !evenIfNone)) return undefined;
    const reads = this.waiting.filter((read) => !read.isDone);
    this.waiting = [];
    if (reads.length === 0 && !evenIfNone) return undefined;
    if (!isMutated('readTokenReused')) this.lastContext += 1;
    this.attempt = { context: this.lastContext, reads, begunMs: nowMs, ageTicks: 0 };
    return this.lastContext;
  }

  get hasWaitingForLease(): boolean {
    return this.waiting.some(({ mayUseLease }) => mayUseLease);
  }

  /** The waiting reads that may use a lease need no attempt: it is held, with `index` as the read index. How many. */
  takeUnderLease(index: number, hold: LeaseHold): number {
    const reads = this.waiting.filter((read) => read.mayUseLease && !read.isDone);
    this.waiting = this.waiting.filter((read) => !read.mayUseLease);
    if (reads.length === 0) return 0;
    this.confirmed.push({ index, reads, hold });
    this.confirmedCount += reads.length;
    return reads.length;
  }

  /**
   * ReadIndex answered: reads of that attempt may be answered once `index` is applied. Answers to other attempts are ignored.
   * Returns when the attempt was begun.
   */
  confirm(context: number, index: number): number | undefined {
    const attempt = this.attempt;
    if (attempt === undefined || attempt.context !== context) return undefined;
    this.attempt = undefined;
    this.confirmed.push({ index, reads: attempt.reads });
    this.confirmedCount += attempt.reads.length;
    return attempt.begunMs;
  }

  /** Settles the confirmed reads that `appliedIndex` allows. */
  settleUpTo(appliedIndex: number): void {
    while (this.confirmed.length > 0) {
      const first = this.confirmed[0];
      if (first === undefined || first.index > appliedIndex) return;
      this.confirmed.shift();
      this.confirmedCount -= first.reads.length;
      for (const read of first.reads) read.settle(undefined, first.hold);
    }
  }

  /** A tick passed: reads whose time ran out end; an attempt that is too old is given up and its reads wait for the next one. */
  tick(nowMs: number): void {
    this.expire(nowMs);
    const attempt = this.attempt;
    if (attempt === undefined) return;
    attempt.ageTicks += 1;
    if (attempt.ageTicks >= this.retryTicks) this.giveUp();
  }

  /** The attempt can't be answered any more (refused, leader changed): its reads wait for the next one. */
  giveUp(): void {
    const attempt = this.attempt;
    if (attempt === undefined) return;
    this.attempt = undefined;
    this.waiting = attempt.reads.concat(this.waiting);
  }

  private expire(nowMs: number): void {
    for (const read of this.waiting) read.expire(nowMs);
    this.waiting = this.waiting.filter((read) => !read.isDone);
    for (const read of this.attempt?.reads ?? []) read.expire(nowMs);
    for (const { reads } of this.confirmed) for (const read of reads) read.expire(nowMs);
  }

  /** The node ends. Later reads fail at once. */
  abandon(failure: Failure): void {
    this.ended = failure;
    this.giveUp();
    const reads = this.waiting;
    this.waiting = [];
    for (const read of reads) read.settle(failure);
    for (const { reads: confirmed } of this.confirmed.splice(0)) {
      for (const read of confirmed) read.settle(failure);
    }
  }
}
