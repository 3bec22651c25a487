/**
 * Where one replica stands: who leads and which role it has, as its core told last; whether it serves; and whether it asks for an election before
 * its timer does. Says so to the core; decides nothing else.
 */
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import { NO_NODE, type Role } from '@kvorum/core/raft/types.js';

/** What a replica's standing rests on, and who is told. */
export interface StandingDeps {
  readonly raw: RawNode;
  readonly random: () => number;
  /** Leader or role changed. */
  readonly onRoleChange: (leader: number | undefined, role: Role, term: number) => void;
}

/** Followers that lost their leader campaign within so many ticks, at random, so that seldom two do at once. */
const campaignStaggerTicks = 3;

/** One per replica. */
export class Standing {
  private roleNow: Role = 'follower';
  private leaderId = NO_NODE;
  /** A corrupt replica first leaves its leadership to another, then is silent for good (R14). */
  private service: 'serving' | 'leaving' | 'silent' = 'serving';
  private leavingTicks = 0;
  /** Ticks until a campaign that was decided; 0 for none. */
  private campaignInTicks = 0;
  private readonly deps: StandingDeps;

  constructor(deps: StandingDeps) {
    this.deps = deps;
  }

  /** False once the replica was found corrupt. */
  get isServing(): boolean {
    return this.service === 'serving';
  }

  /** True when it takes no part in anything any more. */
  get isSilent(): boolean {
    return this.service === 'silent';
  }

  get isLeader(): boolean {
    return this.roleNow === 'leader';
  }

  get role(): Role {
    return this.roleNow;
  }

  get leader(): number | undefined {
    return this.leaderId === NO_NODE ? undefined : this.leaderId;
  }

  /** The core told of a change. */
  change(leaderId: number, role: Role): void {
    this.roleNow = role;
    this.leaderId = leaderId;
  }

  tick(): void {
    this.tickCampaign();
    if (this.service !== 'leaving') return;
    this.leavingTicks -= 1;
    if (this.leavingTicks <= 0) this.fallSilent();
  }

  /** The leader's process is gone for sure: forget it and, after a random stagger, ask for an election (architecture 13). */
  leaderIsGone(peer: number): void {
    if (this.leaderId !== peer || this.isLeader || !this.isServing) return;
    this.deps.raw.forgetLeader();
    this.campaignInTicks = 1 + Math.floor(this.deps.random() * campaignStaggerTicks);
  }

  /** The only voter leads at once: a leader whose silence it would wait for can't be. */
  campaignIfAlone({ voters, votersOutgoing }: ConfState): void {
    const { raw } = this.deps;
    if (!this.isServing) return;
    if (voters.length === 1 && votersOutgoing.length === 0 && voters[0] === raw.id) raw.campaign();
  }

  /** Serves no more; takes part for `ticks` at most, or until it does not lead, to hand over its leadership. */
  leave(ticks: number): void {
    this.service = 'leaving';
    this.leavingTicks = ticks;
  }

  /** A replica that was leaving has nothing left to hand over. */
  get hasLeft(): boolean {
    return this.service === 'leaving' && !this.isLeader;
  }

  /** Takes no part in anything any more, as a damaged replica. */
  fallSilent(): void {
    this.service = 'silent';
    this.campaignInTicks = 0;
    const hadPart = this.leaderId !== NO_NODE || this.roleNow !== 'follower';
    this.change(NO_NODE, 'follower');
    if (hadPart) this.deps.onRoleChange(undefined, 'follower', this.deps.raw.term);
  }

  private tickCampaign(): void {
    if (this.campaignInTicks === 0) return;
    this.campaignInTicks -= 1;
    if (this.campaignInTicks > 0) return;
    if (this.leaderId === NO_NODE && this.roleNow === 'follower') this.deps.raw.campaign();
  }
}
