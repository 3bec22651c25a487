/**
 * How old the state of one replica may be, for reads that set a bound for it (architecture 8). With each tick the leader begins a round; members answer at
 * once; the next round tells each member what the answers have proven, counted from the moment when the member itself sent its last answer.
 *
 * Times are measured by the monotonic clocks of the member and of its leader, and never compared between nodes. A clock that runs slow by a fraction d makes
 * the true age up to 1 / (1 - d) times the measured one; nothing else rests on clocks (R21). A loop that stands still (N10) and messages that come late only
 * make the state older: every time that is taken is the earlier one. What a former process said is told from what this one did by a number drawn at its start.
 *
 * It must never wait, and never decide anything but whether such a read is answered.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import type { Clock } from '../../env/env.js';
import type {
  FreshnessAnswer,
  FreshnessMessage,
  FreshnessProof,
  FreshnessRound,
} from '../../transport/freshness-codec.js';
import type { Outbox } from '../outbox.js';
import { FreshPoints } from './fresh-points.js';
import { LeaderRounds } from './leader-rounds.js';

/** What of the core ages depend on. */
export type FreshnessCore = Pick<
  RawNode,
  'id' | 'term' | 'isLeader' | 'leaderId' | 'unconfirmedReadIndex' | 'confState' | 'isMember'
>;

/** What ages are known by. */
export interface FreshnessDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly raw: FreshnessCore;
  readonly outbox: Pick<Outbox, 'tellFreshness'>;
  /** Entries up to here are in the state. */
  readonly appliedIndex: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

const RUN_NUMBERS = 2 ** 32;

/** One per replica and run of its process. */
export class Freshness {
  private readonly points = new FreshPoints();
  private readonly run: number;
  private readonly startMs: number;
  private rounds: LeaderRounds;
  private readonly deps: FreshnessDeps;

  constructor(deps: FreshnessDeps) {
    this.deps = deps;
    this.run = Math.floor(deps.random() * RUN_NUMBERS);
    this.startMs = deps.clock.nowMs();
    this.rounds = new LeaderRounds(deps.raw.id, 0);
  }

  /** Begins a round, on a leader. */
  tick(): void {
    const { raw, outbox } = this.deps;
    if (!raw.isLeader) return;
    const nowMs = this.nowMs();
    const confState = raw.confState();
    const commit = raw.unconfirmedReadIndex;
    const confirmedMs = this.roundsOfTerm().confirmedMs(confState, nowMs);
    for (const member of membersOf(confState)) {
      if (member === raw.id) continue;
      const proof = commit === undefined ? undefined : this.rounds.proofFor(member, confirmedMs, commit);
      outbox.tellFreshness(member, { kind: 'round', term: raw.term, roundMs: nowMs, proof });
    }
  }

  /** A message of another node. Only those of the term in force count. */
  received(from: number, message: FreshnessMessage): void {
    if (message.term !== this.deps.raw.term) return;
    if (message.kind === 'round') this.onRound(from, message);
    else this.onAnswer(from, message);
  }

  /** Every write acknowledged longer ago than this is in the state up to `appliedIndex`. Undefined while nothing is known. */
  stalenessMs(appliedIndex: number): number | undefined {
    this.noteConfirmed(this.nowMs());
    return this.points.stalenessMs(appliedIndex, 1 + this.deps.clock.nowMs() - this.startMs);
  }

  private onRound(from: number, { term, roundMs, proof }: FreshnessRound): void {
    const { raw, outbox } = this.deps;
    if (raw.leaderId !== from) return;
    const nowMs = this.nowMs();
    if (proof !== undefined) this.learn(proof, nowMs);
    outbox.tellFreshness(from, { kind: 'answer', term, roundMs, run: this.run, sentMs: nowMs });
  }

  private learn({ echoRun, echoMs, ageMs, commit }: FreshnessProof, nowMs: number): void {
    if (isMutated('stalenessEchoUnchecked')) {
      this.points.add(nowMs - ageMs, commit, this.deps.appliedIndex());
      return;
    }
    // Said by a former process, by another clock.
    if (echoRun !== this.run || echoMs > nowMs) return;
    this.points.add(echoMs - ageMs, commit, this.deps.appliedIndex());
  }

  private onAnswer(from: number, answer: FreshnessAnswer): void {
    const { raw } = this.deps;
    if (!raw.isLeader || !raw.isMember(from)) return;
    const nowMs = this.nowMs();
    this.roundsOfTerm().answered(from, answer, nowMs);
    this.noteConfirmed(nowMs);
  }

  /** A leader knows by its own rounds. */
  private noteConfirmed(nowMs: number): void {
    const { raw } = this.deps;
    const commit = raw.isLeader ? raw.unconfirmedReadIndex : undefined;
    if (commit === undefined) return;
    const confirmedMs = this.roundsOfTerm().confirmedMs(raw.confState(), nowMs);
    if (confirmedMs > 0) this.points.add(confirmedMs, commit, this.deps.appliedIndex());
  }

  private roundsOfTerm(): LeaderRounds {
    const { id, term } = this.deps.raw;
    if (this.rounds.term !== term) this.rounds = new LeaderRounds(id, term);
    return this.rounds;
  }

  /** Whole milliseconds since this run began, rounded down, from 1 on: 0 stands for never. */
  private nowMs(): number {
    return 1 + Math.floor(this.deps.clock.nowMs() - this.startMs);
  }
}

function membersOf({ voters, votersOutgoing, learners }: ConfState): Iterable<number> {
  return new Set([...voters, ...votersOutgoing, ...learners]);
}
