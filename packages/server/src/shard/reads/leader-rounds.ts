/**
 * The leader's half of knowing ages: which of its rounds a quorum has answered. A voter that answers a round of term T, begun at s, knew of no later term at
 * some time after s. Every later leader needs the vote of such a voter, so nobody else led at s: all that was acknowledged before s is in this leader's log,
 * and committed here once it has committed an entry of its own term (Raft paper 8; thesis 6.4).
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { jointCommittedIndex } from '@kvorum/core/raft/quorum/joint.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import type { FreshnessAnswer, FreshnessProof } from '../../transport/freshness-codec.js';

interface Heard {
  /** The newest round that the member has answered. */
  readonly roundMs: number;
  readonly run: number;
  /** By the member's clock. */
  readonly sentMs: number;
  /** By this leader's clock, not earlier than it came. */
  readonly heardMs: number;
}

/** Of one replica in one term. Times are positive whole milliseconds of its clock, rounded down. */
export class LeaderRounds {
  readonly term: number;
  private readonly heard = new Map<number, Heard>();
  private readonly ownId: number;

  constructor(ownId: number, term: number) {
    this.ownId = ownId;
    this.term = term;
  }

  /** A member answered. Answers to rounds that were not begun yet are none. */
  answered(from: number, { roundMs, run, sentMs }: FreshnessAnswer, nowMs: number): void {
    if (roundMs > nowMs) return;
    const before = this.heard.get(from);
    // What a member said last may come from another run of its process, but answers of one connection come in order.
    this.heard.set(from, { roundMs: Math.max(roundMs, before?.roundMs ?? 0), run, sentMs, heardMs: nowMs + 1 });
  }

  /** The begin of the newest round that a quorum has answered; 0 when there is none. This replica itself always answers. */
  confirmedMs({ voters, votersOutgoing }: ConfState, nowMs: number): number {
    if (isMutated('stalenessWithoutQuorum')) return nowMs;
    const roundOf = (id: number): number | undefined => (id === this.ownId ? nowMs : this.heard.get(id)?.roundMs);
    return jointCommittedIndex({ incoming: voters, outgoing: votersOutgoing }, { ackedIndex: roundOf });
  }

  /**
   * What the member may be told. The age is that of the confirmed round at the moment when its last message came, not at this one: the member counts
   * from the moment when it sent that, which was earlier. So a message that waits, here or on its way, makes nothing younger, and no wait counts twice.
   */
  proofFor(member: number, confirmedMs: number, commit: number): FreshnessProof | undefined {
    const heard = this.heard.get(member);
    if (heard === undefined || confirmedMs === 0) return undefined;
    const { run: echoRun, sentMs: echoMs, heardMs } = heard;
    return { echoRun, echoMs, ageMs: Math.max(0, heardMs - confirmedMs), commit };
  }
}
