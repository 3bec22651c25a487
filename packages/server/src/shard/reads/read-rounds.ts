/**
 * Begins the reads of one replica that wait, under its leader lease where it has one, else by a round of heartbeats (ReadIndex); and answers other
 * members under the lease. Without options for a lease there is none.
 */
import { type Message, newMessage } from '@kvorum/core/raft/message.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { Clock } from '../../env/env.js';
import type { ShardMetrics } from '../../env/node-metrics.js';
import type { Outbox } from '../outbox.js';
import { LeaderLease, type LeaderLeaseOptions } from './leader-lease.js';
import type { ReadQueue } from './read-queue.js';

/** Whose reads are begun, and what counts them. */
export interface ReadRoundsDeps {
  readonly clock: Clock;
  readonly raw: RawNode;
  readonly reads: ReadQueue;
  readonly outbox: Pick<Outbox, 'send'>;
  readonly metrics: Pick<ShardMetrics, 'readIndexRounds' | 'leaseReads'>;
}

/** One per replica. */
export class ReadRounds {
  readonly lease: LeaderLease | undefined;
  private readonly deps: ReadRoundsDeps;

  constructor(deps: ReadRoundsDeps, options: LeaderLeaseOptions | undefined) {
    this.deps = deps;
    if (options !== undefined) this.lease = new LeaderLease(deps.clock, deps.raw, options);
  }

  /** Begins what can begin now; a leader must be known. */
  begin(): void {
    const { reads, raw, metrics } = this.deps;
    const context = this.nextContext();
    if (context === undefined) return;
    metrics.readIndexRounds += 1;
    if (raw.readIndex(context) !== 'accepted') reads.giveUp();
  }

  /** ReadIndex answered an attempt, perhaps with a quorum's promise. */
  confirm(context: number, index: number, promiseMs = 0): void {
    const begunMs = this.deps.reads.confirm(context, index);
    if (begunMs !== undefined) this.lease?.grant(begunMs, promiseMs);
  }

  /** If another member asks for a read index a lease answers at once, if it is held after the index was read. False for all that is left to the core. */
  answers({ type, from, context, readToken }: Message): boolean {
    if (type !== 'MsgReadIndex' || this.lease === undefined) return false;
    const { raw, outbox, metrics } = this.deps;
    const index = raw.unconfirmedReadIndex;
    if (this.lease.hold() === undefined || index === undefined || !raw.isMember(from)) return false;
    const answer = newMessage('MsgReadIndexResp', from, raw.id);
    answer.term = raw.term;
    answer.index = index;
    answer.context = context;
    answer.readToken = readToken;
    if (!outbox.send(from, answer)) return false;
    metrics.leaseReads += 1;
    return true;
  }

  /** Starts what a lease allows of the waiting reads, then an attempt for the others or for the lease itself: its context, if there is one. */
  private nextContext(): number | undefined {
    const { clock, reads } = this.deps;
    if (this.lease === undefined) return reads.begin();
    this.beginUnderLease(this.lease);
    return reads.begin(clock.nowMs(), this.lease.isRenewalDue);
  }

  private beginUnderLease(lease: LeaderLease): void {
    const { raw, reads, metrics } = this.deps;
    if (!reads.hasWaitingForLease) return;
    const index = raw.unconfirmedReadIndex;
    const hold = index === undefined ? undefined : lease.hold();
    if (index !== undefined && hold !== undefined) metrics.leaseReads += reads.takeUnderLease(index, hold);
  }
}
