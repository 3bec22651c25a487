/**
 * The leader lease of one replica (thesis 6.4.1): while it is held nobody else leads, so reads need no round of heartbeats. Off unless the node's options ask for
 * it, for it is the one thing that trusts clocks: not what they show, but that they run about equally fast.
 *
 * A quorum that answered heartbeats sent at or after time s has promised not to vote for another until p ms after they came
 * (`votePromiseMs`). Its clocks run at most 1 + bound times as fast as true time and this one's at least 1 - bound times, so no other leader is elected before
 * this clock shows s + p × (1 - bound) / (1 + bound). Whatever could break the promise ends the lease first: a transfer, which votes override for as long as its
 * message may be under way; a change of membership, after which other quorums elect; and a stall of the loop (N10), after which nothing is taken for granted.
 *
 * The clock is looked at after the value was read: a process may stand still between any two steps.
 */
import type { Clock } from '../../env/env.js';

/** How long a lease lasts. Times in milliseconds. */
export interface LeaderLeaseOptions {
  /** What this replica promises its leader. */
  readonly promiseMs: number;
  /** Clocks run at most this fraction faster or slower than true time. In [0, 1). */
  readonly clockDriftBound: number;
  /** A loop that did not tick for longer has stood still. */
  readonly stallMs: number;
}

/** What of the core a lease depends on. */
export interface LeadingReplica {
  readonly isLeader: boolean;
  readonly term: number;
}

/** Under which a read was begun. */
export interface LeaseHold {
  /** Ask after the value was read: true when it was current at some time since the read began. */
  isHeld(): boolean;
}

/** One per replica. Held or not, it decides nothing but how reads are confirmed. */
export class LeaderLease {
  private heldTerm = 0;
  private untilMs = Number.NEGATIVE_INFINITY;
  private renewFromMs = Number.NEGATIVE_INFINITY;
  /** Rounds that were begun at or before prove nothing. */
  private voidUntilMs = Number.NEGATIVE_INFINITY;
  /** In this term leadership was offered to another, who may take it at any time. */
  private offeredTerm = 0;
  private lastTickMs: number;
  private isWanted = false;
  private readonly clock: Clock;
  private readonly replica: LeadingReplica;
  private readonly options: LeaderLeaseOptions;

  constructor(clock: Clock, replica: LeadingReplica, options: LeaderLeaseOptions) {
    this.clock = clock;
    this.replica = replica;
    this.options = options;
    this.lastTickMs = clock.nowMs();
  }

  /** A hold on the lease of this term; undefined when it is not held. */
  hold(): LeaseHold | undefined {
    this.isWanted = true;
    if (!this.isHeld()) return undefined;
    const term = this.heldTerm;
    // A lease of a later term says nothing of the time before it.
    return { isHeld: () => this.heldTerm === term && this.isHeld() };
  }

  isHeld(): boolean {
    const { isLeader, term } = this.replica;
    if (!isLeader || term !== this.heldTerm) return false;
    const nowMs = this.clock.nowMs();
    return nowMs < this.untilMs && nowMs - this.lastTickMs <= this.options.stallMs;
  }

  /** True when somebody asked for the lease since the last round, and a round should begin it or carry it on. */
  get isRenewalDue(): boolean {
    return this.isWanted && this.mayBeGranted && this.clock.nowMs() >= this.renewFromMs;
  }

  /** A quorum confirmed a round of heartbeats that was begun at `begunMs`, and promised. */
  grant(begunMs: number, promiseMs: number): void {
    // At the very same reading nobody can tell which came first.
    if (!this.mayBeGranted || begunMs <= this.voidUntilMs) return;
    const { clockDriftBound: bound } = this.options;
    const lengthMs = (promiseMs * (1 - bound)) / (1 + bound);
    this.heldTerm = this.replica.term;
    this.untilMs = begunMs + lengthMs;
    this.renewFromMs = begunMs + lengthMs / 2;
    this.isWanted = false;
  }

  /** The lease ends, and rounds under way don't bring it back. */
  drop(): void {
    this.untilMs = Number.NEGATIVE_INFINITY;
    this.renewFromMs = Number.NEGATIVE_INFINITY;
    this.voidUntilMs = this.clock.nowMs();
  }

  /** Leadership is offered to another. Its election overrides promises, and may begin as late as messages are: no lease in this term any more. */
  offered(): void {
    this.offeredTerm = this.replica.term;
    this.drop();
  }

  /** To be called with every tick, before anything else in it. */
  tick(nowMs: number): void {
    if (nowMs - this.lastTickMs > this.options.stallMs) this.drop();
    this.lastTickMs = nowMs;
  }

  private get mayBeGranted(): boolean {
    return this.replica.isLeader && this.replica.term !== this.offeredTerm;
  }
}
