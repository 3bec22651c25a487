/** Reads of one replica that rest on its leader lease: its own and those that other members ask it for. Without options there is no lease, and nothing here does anything. */
import { type Message, newMessage } from '@kvorum/core/raft/message.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { Clock } from '../../env/env.js';
import { LeaderLease, type LeaderLeaseOptions } from './leader-lease.js';
import type { ReadQueue } from './read-queue.js';

export interface LeaseReadsDeps {
  readonly clock: Clock;
  readonly raw: RawNode;
  readonly reads: ReadQueue;
  readonly host: {
    /** A message for another node. False when it could not be queued. */
    send(to: number, message: Message): boolean;
    /** So many read attempts were started, and so many reads begun under the leader's lease. */
    countReads(rounds: number, underLease: number): void;
  };
}

export class LeaseReads {
  readonly lease: LeaderLease | undefined;
  private readonly deps: LeaseReadsDeps;

  constructor(deps: LeaseReadsDeps, options: LeaderLeaseOptions | undefined) {
    this.deps = deps;
    if (options !== undefined) this.lease = new LeaderLease(deps.clock, deps.raw, options);
  }

  /** Starts what a lease allows of the waiting reads, then an attempt for the others or for the lease itself: its context, if there is one. */
  begin(): number | undefined {
    const { clock, reads } = this.deps;
    if (this.lease === undefined) return reads.begin();
    this.beginUnderLease(this.lease);
    return reads.begin(clock.nowMs(), this.lease.isRenewalDue);
  }

  /** ReadIndex answered an attempt, perhaps with a quorum's promise. */
  confirm(context: number, index: number, promiseMs = 0): void {
    const begunMs = this.deps.reads.confirm(context, index);
    if (begunMs !== undefined) this.lease?.grant(begunMs, promiseMs);
  }

  /** If another member asks for a read index a lease answers at once, if it is held after the index was read. False for all that is left to the core. */
  answers({ type, from, context, readToken }: Message): boolean {
    if (type !== 'MsgReadIndex' || this.lease === undefined) return false;
    const { raw, host } = this.deps;
    const index = raw.unconfirmedReadIndex;
    if (this.lease.hold() === undefined || index === undefined || !raw.isMember(from)) return false;
    const answer = newMessage('MsgReadIndexResp', from, raw.id);
    answer.term = raw.term;
    answer.index = index;
    answer.context = context;
    answer.readToken = readToken;
    if (!host.send(from, answer)) return false;
    host.countReads(0, 1);
    return true;
  }

  private beginUnderLease(lease: LeaderLease): void {
    const { raw, reads, host } = this.deps;
    if (!reads.hasWaitingForLease) return;
    const index = raw.unconfirmedReadIndex;
    const hold = index === undefined ? undefined : lease.hold();
    if (index !== undefined && hold !== undefined) host.countReads(0, reads.takeUnderLease(index, hold));
  }
}
