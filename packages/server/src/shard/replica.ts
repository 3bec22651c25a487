/**
 * One shard's replica on this node: drives one RawNode, moved on once a turn by the shard host. Everything that waits goes into the core; what comes out
 * goes to those who work for it: the appender, the applier, other nodes. Nothing here waits: outputs are given to the host, results come back as calls.
 */
import type { Outcome } from '@kvorum/core/kv/outcome.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { Message } from '@kvorum/core/raft/message.js';
import { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { Ready } from '@kvorum/core/raft/ready.js';
import type { ConfState, Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { HardState, Role } from '@kvorum/core/raft/types.js';
import type { Clock } from '../env/env.js';
import type { FreshnessMessage } from '../transport/freshness-codec.js';
import type { Failpoints } from '../env/failpoints.js';
import type { ShardMetrics } from '../env/node-metrics.js';
import { Appender, type AppendUpdate } from './log/appender.js';
import type { LogWindow } from './log/log-window.js';
import { AppliedMembership } from './membership/applied-membership.js';
import { ConfHistory } from './membership/conf-history.js';
import { MembershipChanges } from './membership/membership-changes.js';
import type { MembershipStatus } from './membership/membership.js';
import { MessageRouter } from './message-router.js';
import { definite, type EndReason } from './outcome.js';
import type { Outbox } from './outbox.js';
import type { PendingCommand } from './proposals/pending-command.js';
import { ProposalRoute } from './proposals/proposal-route.js';
import { Proposer } from './proposals/proposer.js';
import { Freshness } from './reads/freshness.js';
import type { LeaderLeaseOptions } from './reads/leader-lease.js';
import { SessionExpiry } from './proposals/session-expiry.js';
import { type PendingRead, ReadQueue } from './reads/read-queue.js';
import { ReadRounds } from './reads/read-rounds.js';
import type { ReplicaHost } from './replica-host.js';
import { Standing } from './standing.js';
import { Applier, type ApplyProgress } from './state/applier.js';
import type { ComparisonCadence } from './state-comparison/comparison-schedule.js';
import { StateComparison } from './state-comparison/state-comparison.js';

/** Limits of one replica; sizes in bytes. */
export interface ReplicaOptions {
  readonly shard: number;
  readonly nodeId: number;
  readonly electionTicks: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly queueBytesMax: number;
  readonly queueCommandsMax: number;
  /** All nodes of the cluster, members of this shard or not. */
  readonly configuredNodes: readonly number[];
  readonly comparison: ComparisonCadence;
  /** Undefined: no leases, neither as leader nor, by promises, for another (R28). */
  readonly leaderLease?: LeaderLeaseOptions | undefined;
}

/** What a replica works with. */
export interface ReplicaDeps {
  readonly log: LogWindow;
  readonly host: ReplicaHost;
  readonly outbox: Outbox;
  readonly metrics: ShardMetrics;
  readonly isOutOfSpace: () => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hardState: HardState;
  readonly failpoints?: Failpoints | undefined;
}

/** Used by the shard host only, in its turns. Throws what is a bug or damage: the node has to end then. */
export class Replica {
  readonly shard: number;
  readonly log: LogWindow;
  readonly raw: RawNode;
  readonly proposer: Proposer;
  readonly reads: ReadQueue;
  readonly appender: Appender;
  readonly applier: Applier;
  readonly membership: MembershipChanges;
  readonly confHistory: ConfHistory;
  readonly comparison: StateComparison;
  readonly standing: Standing;
  private machineNow: StateMachine | undefined;
  private readonly applied: AppliedMembership;
  private readonly proposals: ProposalRoute;
  private readonly sessionExpiry: SessionExpiry;
  private readonly router: MessageRouter;
  private readonly rounds: ReadRounds;
  private readonly freshness: Freshness;
  private readonly deps: ReplicaDeps;
  private readonly options: ReplicaOptions;

  constructor(deps: ReplicaDeps, options: ReplicaOptions, machine: StateMachine) {
    this.deps = deps;
    this.options = options;
    this.shard = options.shard;
    this.log = deps.log;
    this.machineNow = machine;
    const { log, host, clock, random, outbox, metrics, isOutOfSpace, failpoints } = deps;
    const { appliedIndex, meta } = machine;
    const machineOf = (): StateMachine | undefined => this.machineNow;
    const raw = newRawNode(deps, options, appliedIndex);
    this.raw = raw;
    const standing = new Standing({ raw, random, onRoleChange: (...change) => host.onRoleChange(...change) });
    this.standing = standing;
    this.membership = new MembershipChanges(raw, options);
    this.confHistory = new ConfHistory(log.held(), { index: appliedIndex, confState: meta.confState });
    const onEffect = (confState: ConfState): void => this.membership.inEffect(confState);
    this.applied = new AppliedMembership({ raw, history: this.confHistory, onEffect }, meta.confState);
    // Longer than any round of a live leader: a new leader starts the attempt anew, and a late answer is good only for its own reads.
    this.reads = new ReadQueue(options.electionTicks, options.queueCommandsMax);
    this.rounds = new ReadRounds({ clock, raw, reads: this.reads, outbox, metrics }, options.leaderLease);
    const applied = (): number => this.machineNow?.appliedIndex ?? 0;
    this.freshness = new Freshness({ clock, raw, outbox, appliedIndex: applied, random });
    this.proposals = new ProposalRoute({ clock, raw, standing, outbox, machine: machineOf, isOutOfSpace });
    this.proposer = new Proposer(this.proposals, options);
    this.sessionExpiry = new SessionExpiry({ machine: machineOf, route: this.proposals });
    this.router = new MessageRouter({
      raw,
      standing,
      outbox,
      append: (message) => this.appender.add(message),
      apply: (message) => this.applier.add(message),
      sendSnapshot: (message) => host.sendSnapshot(message),
      onOffered: () => this.rounds.lease?.offered(),
    });
    const deliver = (message: Message): void => this.router.deliver(message);
    this.appender = new Appender(
      {
        log,
        deliver,
        accept: (snapshot) => this.accept(snapshot),
        install: (snapshot, hardState) => this.startInstall(snapshot, hardState),
        failpoints,
      },
      deps.hardState,
    );
    this.applier = new Applier({
      machine: () => (this.isServing ? this.machineNow : undefined),
      changeConf: (entry) => this.changeConf(entry),
      onApplied: (index, term, outcomes) => this.onApplied(index, term, outcomes),
      deliver,
      nowMs: () => clock.nowMs(),
      failpoints,
    });
    this.comparison = new StateComparison(
      {
        clock,
        raw,
        standing,
        machine: machineOf,
        propose: (commands) => this.proposals.propose([commands]),
        carryOut: (outputs) => host.onComparison(outputs),
        onDue: () => host.onDue(),
      },
      options.comparison,
    );
  }

  /** Undefined while a snapshot is being installed. */
  get machine(): StateMachine | undefined {
    return this.machineNow;
  }

  /** False once the replica was found corrupt. */
  get isServing(): boolean {
    return this.standing.isServing;
  }

  get isLeader(): boolean {
    return this.standing.isLeader;
  }

  /** Undefined when none is known. */
  get leader(): number | undefined {
    return this.standing.leader;
  }

  /** Whether this replica is a member of its shard, as far as it knows: others have nobody to ask. */
  get isMember(): boolean {
    return this.applied.isMember;
  }

  propose(command: PendingCommand): void {
    if (this.isMember) this.proposer.add(command);
    else command.settle(definite('notMember'));
  }

  read(read: PendingRead): void {
    if (this.isMember) this.reads.add(read);
    else read.settle(definite('notMember'));
  }

  /** The membership as this replica applies it, and what its leader knows of the members. */
  membershipStatus(): MembershipStatus {
    return this.membership.status(this.confHistory.lastIndex, this.leader);
  }

  /** A message from another node; its bytes belong to this replica. */
  step(message: Message): void {
    if (this.standing.isSilent) return;
    if (!this.rounds.answers(message)) this.raw.step(message);
  }

  /** Another node tells how old states may be. */
  toldFreshness(from: number, message: FreshnessMessage): void {
    if (!this.standing.isSilent) this.freshness.received(from, message);
  }

  /** Every write that was acknowledged longer ago is in this replica's state; undefined while nothing is known of that. */
  stalenessMs(): number | undefined {
    return this.machineNow === undefined ? undefined : this.freshness.stalenessMs(this.machineNow.appliedIndex);
  }

  tick(): void {
    if (this.standing.isSilent) return;
    this.freshness.tick();
    this.raw.tick();
    this.standing.tick();
    if (this.isServing) this.sessionExpiry.tick(this.deps.clock.nowMs());
  }

  /** Ends what waited too long. Called once a tick, also before the node takes part. */
  expire(nowMs: number): void {
    this.rounds.lease?.tick(nowMs);
    this.reads.tick(nowMs);
    this.proposer.expire(nowMs);
    this.membership.tick(nowMs);
  }

  /** One turn: everything that waits goes into the core, everything that comes out goes on its way. Gives what the WAL must write. */
  turn(): AppendUpdate[] {
    if (this.standing.isSilent) return [];
    // What arrives while the last own write is being synced becomes one batch (P1).
    if (!this.isLeader || !this.appender.isSyncing) this.proposer.flush();
    if (this.leader !== undefined) this.rounds.begin();
    if (this.comparison.isDue) this.comparison.proposeDue();
    while (this.raw.hasReady) this.handle(this.raw.ready());
    if (this.log.takeSnapshotWanted()) this.deps.host.wantSnapshot();
    if (this.log.isReadWanted) this.deps.host.wantEntries();
    this.log.trim();
    return this.appender.takeUpdates();
  }

  /** Applies what is committed until `untilMs`. */
  apply(untilMs: number): ApplyProgress {
    const progress = this.applier.run(untilMs);
    if (this.machineNow !== undefined) this.reads.settleUpTo(this.machineNow.appliedIndex);
    return progress;
  }

  /** True when a turn would do something. */
  get hasWork(): boolean {
    if (this.standing.isSilent) return false;
    return this.raw.hasReady || this.comparison.isDue || (this.reads.hasWork && this.leader !== undefined);
  }

  /** The snapshot that `ReplicaHost.install` was called for is durable; `machine` is its state. */
  installed(machine: StateMachine): void {
    this.machineNow = machine;
    const { appliedIndex, meta } = machine;
    this.applied.restart(appliedIndex, meta.confState);
    this.proposer.placed.forgetUpTo(appliedIndex);
    this.membership.forgetUpTo(appliedIndex);
    this.comparison.replaced(appliedIndex);
    this.appender.installed();
  }

  /** Ends all waiting. The replica must not be used after. */
  end(reason: EndReason): void {
    this.comparison.stop();
    this.proposer.end(reason);
    this.reads.abandon(definite(reason));
    this.membership.end(reason);
  }

  /**
   * The state is corrupt, or may be (R14): no request is answered and no entry applied from now on. A leader hands over to a node that is not among
   * `suspects`, for an election timeout at most; then the replica takes no part in anything, as a damaged one.
   */
  stopServing(suspects: readonly number[]): void {
    if (!this.isServing) return;
    this.end('corrupt');
    const isHandingOver = this.isLeader && this.membership.handOver(undefined, suspects) !== undefined;
    if (isHandingOver) this.standing.leave(this.options.electionTicks);
    else this.standing.fallSilent();
  }

  /** This replica takes part from now on: the only voter leads at once. */
  campaignIfAlone(): void {
    this.standing.campaignIfAlone(this.log.initialState().confState);
  }

  /** The loop stood still: election and quorum timers start over instead of firing, and a lease is over (N10). */
  restartElectionTimer(): void {
    this.rounds.lease?.drop();
    this.raw.restartElectionTimer();
  }

  /** Asks the follower that is furthest to take over, before this node stops. False when there is nobody to ask. */
  handOver(): boolean {
    return this.isServing && this.membership.handOverAtStop();
  }

  private handle(ready: Ready): void {
    if (ready.softState !== null) this.changeRole(ready.softState.leaderId, ready.softState.role);
    for (const { context, index, promiseMs } of ready.readStates) this.rounds.confirm(context, index, promiseMs);
    for (const message of ready.messages) this.router.route(message);
  }

  private changeRole(leaderId: number, role: Role): void {
    const { standing } = this;
    const { leader: hadLeader, role: hadRole } = standing;
    if (role === 'leader' && hadRole !== 'leader') this.proposals.startLeading();
    standing.change(leaderId, role);
    const { leader } = standing;
    if (leader !== hadLeader) {
      this.reads.giveUp();
      this.membership.leaderChanged(leader);
    }
    this.deps.host.onRoleChange(leader, role, this.raw.term);
    if (leader !== hadLeader || role !== hadRole) this.comparison.leaderChanged();
    if (standing.hasLeft) standing.fallSilent();
  }

  private changeConf(entry: Entry): Uint8Array {
    this.rounds.lease?.drop();
    const encoded = this.applied.change(entry);
    this.deps.host.onConfChanged();
    return encoded;
  }

  private onApplied(index: number, term: number, outcomes: readonly Outcome[]): void {
    this.proposer.placed.applied(index, term, outcomes);
    const isConfChange = this.confHistory.lastIndex === index;
    this.membership.applied(index, term, isConfChange ? this.raw.confState() : undefined);
    this.deps.metrics.appliedCommands += outcomes.length;
    this.deps.host.onApplied();
    this.comparison.applied(index, outcomes);
  }

  /** The snapshot's membership is the core's from here on: entries of before it must not be applied any more. */
  private accept(snapshot: Snapshot): void {
    this.applier.abandon();
    this.deps.host.acceptSnapshot(snapshot);
  }

  private startInstall(snapshot: Snapshot, hardState: HardState): void {
    this.machineNow = undefined;
    this.comparison.replaced(snapshot.index);
    this.deps.host.install(snapshot, hardState);
  }
}

function newRawNode({ log, random }: ReplicaDeps, options: ReplicaOptions, applied: number): RawNode {
  return new RawNode({
    id: options.nodeId,
    electionTicks: options.electionTicks,
    heartbeatTicks: 1,
    storage: log,
    random,
    applied,
    asyncStorageWrites: true,
    inflightMessagesMax: options.inflightMessagesMax,
    inflightBytesMax: options.inflightBytesMax,
    disableProposalForwarding: true,
    commitByVote: true,
    votePromiseMs: options.leaderLease?.promiseMs ?? 0,
  });
}
