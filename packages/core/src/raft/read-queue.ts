/**
 * Linearizable reads that wait for the leader's confirmation (thesis 6.4), in rounds: one heartbeat round confirms every read
 * that was queued before it started (P7). Rounds are numbered; only answers to the current one count (R13).
 */
import { isMutated } from '../base/mutation.js';
import type { VoteSource } from './quorum/majority.js';
import type { LogIndex, NodeId } from './types.js';

/** One read: who asked, with which context and nonce. */
export interface ReadRequest {
  readonly from: NodeId;
  readonly context: number;
  readonly readToken: number;
}

/** The reads of a confirmed round, valid at `index`. */
export interface ConfirmedReads {
  readonly index: LogIndex;
  readonly requests: readonly ReadRequest[];
  /** The shortest promise of those that confirmed it, 0 when one promised nothing. */
  readonly promiseMs: number;
}

const NO_REQUESTS: readonly ReadRequest[] = [];

/** State of one leadership. Nothing of it outlives the term, so (term, round number) is never used twice. */
export class ReadQueue implements VoteSource {
  /** Number of the round in flight or of the last one. */
  #round = 0;
  #inRound: readonly ReadRequest[] = NO_REQUESTS;
  #roundIndex: LogIndex = 0;
  #waiting: ReadRequest[] = [];
  /** Who took this node for the leader in the round, with what they promised. */
  readonly #acknowledged = new Map<NodeId, number>();

  /** Reads not yet confirmed. */
  get length(): number {
    return this.#inRound.length + this.#waiting.length;
  }

  /** Number of the round in flight, 0 for none: what heartbeats carry. */
  get token(): number {
    return this.#inRound.length === 0 ? 0 : this.#round;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  push(request: ReadRequest): void {
    this.#waiting.push(request);
  }

  /** Starts a round with all that waits, at the leader's commit index `index`. Only when none is in flight. */
  startRound(index: LogIndex, leaderId: NodeId): void {
    this.#round += 1;
    this.#inRound = this.#waiting;
    this.#roundIndex = index;
    this.#waiting = [];
    this.#acknowledged.clear();
    this.#acknowledged.set(leaderId, Number.POSITIVE_INFINITY);
  }

  /** Notes that `from` took this node for the leader in round `token`, and its promise. False for a round that isn't in flight. */
  acknowledge(from: NodeId, token: number, promiseMs: number): boolean {
    if (token === 0 || this.token === 0) return false;
    if (token !== this.token && !isMutated('readTokenReused')) return false;
    this.#acknowledged.set(from, promiseMs);
    return true;
  }

  /** {@link VoteSource} of the round in flight. */
  vote(id: NodeId): boolean | undefined {
    return this.#acknowledged.has(id) ? true : undefined;
  }

  /** Ends the round in flight as confirmed. */
  confirm(): ConfirmedReads {
    const promiseMs = Math.min(...this.#acknowledged.values());
    const confirmed: ConfirmedReads = { index: this.#roundIndex, requests: this.#inRound, promiseMs };
    this.#inRound = NO_REQUESTS;
    return confirmed;
  }

  /** Takes everything that waits without a round: for leaders that need no confirmation. */
  takeWaiting(): readonly ReadRequest[] {
    const requests = this.#waiting;
    this.#waiting = [];
    return requests;
  }
}
