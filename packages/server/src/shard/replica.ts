/**
 * One shard's replica on this node: the Raft core and everything that works for it, moved on once a turn by the shard host. Only this
 * file talks to the core. Longer than 400 lines because of that.
 *
 * Nothing here waits: outputs are given to the host, results come back as calls.
 */
import { encodeCompare } from '@kvorum/core/kv/command.js';
import { buildBatch } from '@kvorum/core/kv/entry-codec.js';
import type { Outcome } from '@kvorum/core/kv/outcome.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import { decodeConfChange } from '@kvorum/core/raft/confchange/codec.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import { isLocalDelivery, type Message } from '@kvorum/core/raft/message.js';
import { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { Ready } from '@kvorum/core/raft/ready.js';
import type { ConfState, Snapshot } from '@kvorum/core/raft/snapshot.js';
import { APPEND_THREAD, APPLY_THREAD, type HardState, NO_NODE, type Role } from '@kvorum/core/raft/types.js';
import type { Clock } from '../env/env.js';
import type { Failpoints } from '../env/failpoints.js';
import { Appender, type AppendUpdate } from './log/appender.js';
import { Applier, type ApplyProgress } from './applier.js';
import { ConfHistory } from './membership/conf-history.js';
import { decodeConfState, encodeConfState } from './membership/conf-state-codec.js';
import type { LeaderLeaseOptions } from './reads/leader-lease.js';
import { LeaseReads } from './reads/lease-reads.js';
import type { LogWindow } from './log/log-window.js';
import { memberKind, type MembershipStatus } from './membership/membership.js';
import { MembershipChanges } from './membership/membership-changes.js';
import { definite, type EndReason } from './outcome.js';
import type { PendingCommand } from './proposals/pending-command.js';
import { type ForwardVerdict, type ProposalTarget, Proposer } from './proposals/proposer.js';
import { type PendingRead, ReadQueue } from './reads/read-queue.js';
import { ShardTime } from './proposals/shard-time.js';
import type { ComparisonOutput, ComparisonView } from './state-comparison/comparer.js';
import type { ComparisonCadence } from './state-comparison/comparison-schedule.js';
import { StateComparison } from './state-comparison/state-comparison.js';

/** What a replica asks of its host. None of these calls back inside the call, but `onComparison`, which may stop the replica. */
export interface ReplicaHost {
  /** A message for another node. False when it could not be queued. */
  send(to: number, message: Message): boolean;
  forward(to: number, requestId: number, commands: readonly Uint8Array[]): boolean;
  answer(to: number, requestId: number, verdict: ForwardVerdict): void;
  /** A MsgSnap that the core addressed. */
  sendSnapshot(message: Message): void;
  /** The core needs a snapshot to send; answer by `log.offerSnapshot` and `storageReady`. */
  wantSnapshot(): void;
  /** The core needs entries that are not in memory; answer by `log.provide` and `storageReady`. */
  wantEntries(): void;
  /** The core has accepted a snapshot; `install` follows when all appends before it are durable. */
  acceptSnapshot(snapshot: Snapshot): void;
  /** Install the accepted snapshot, then call `installed`. */
  install(snapshot: Snapshot, hardState: HardState): void;
  /** A configuration entry was applied: another membership is in effect. */
  onConfChanged(): void;
  /** An entry of so many commands was applied. */
  onApplied(commands: number): void;
  /** What comparing states asks for: messages, a word to the log, or to stop serving. */
  onComparison(outputs: readonly ComparisonOutput[]): void;
  /** The replica has work, though nothing arrived. */
  onDue(): void;
  /** So many read attempts were started, and so many reads begun under the leader's lease. */
  countReads(rounds: number, underLease: number): void;
  /** Leader or role changed. */
  onRoleChange(leader: number | undefined, role: Role, term: number): void;
  readonly isOutOfSpace: boolean;
}

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
  readonly clock: Clock;
  readonly random: () => number;
  readonly hardState: HardState;
  readonly failpoints?: Failpoints | undefined;
}

/** Followers that lost their leader campaign within so many ticks, at random, so that seldom two do at once. */
const campaignStaggerTicks = 3;

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
  /** Whether this replica is a member of its shard, as far as it knows: others have nobody to ask. */
  isMember = false;
  readonly comparison: StateComparison;
  private machineNow: StateMachine | undefined;
  private role: Role = 'follower';
  private leaderId = NO_NODE;
  /** A corrupt replica first leaves its leadership to another, then is silent for good (R14). */
  private service: 'serving' | 'leaving' | 'silent' = 'serving';
  private leavingTicks = 0;
  /** Ticks until a campaign that was decided; 0 for none. */
  private campaignInTicks = 0;
  private readonly shardTime = new ShardTime();
  private readonly leases: LeaseReads;
  private readonly deps: ReplicaDeps;
  private readonly options: ReplicaOptions;

  constructor(deps: ReplicaDeps, options: ReplicaOptions, machine: StateMachine) {
    this.deps = deps;
    this.options = options;
    this.shard = options.shard;
    this.log = deps.log;
    this.machineNow = machine;
    const deliver = (message: Message): void => this.deliver(message);
    this.raw = new RawNode({
      id: options.nodeId,
      electionTicks: options.electionTicks,
      heartbeatTicks: 1,
      storage: deps.log,
      random: deps.random,
      applied: machine.appliedIndex,
      asyncStorageWrites: true,
      inflightMessagesMax: options.inflightMessagesMax,
      inflightBytesMax: options.inflightBytesMax,
      disableProposalForwarding: true,
      commitByVote: true,
      votePromiseMs: options.leaderLease?.promiseMs ?? 0,
    });
    this.membership = new MembershipChanges(this.raw, options);
    const { confState } = machine.meta;
    this.inEffect(decodeConfState(confState));
    const { appliedIndex: index } = machine;
    this.confHistory = new ConfHistory(deps.log.held(), { index, confState });
    // Longer than any round of a live leader: a new leader starts the attempt anew, and a late answer is good only for its own reads.
    this.reads = new ReadQueue(options.electionTicks, options.queueCommandsMax);
    this.leases = new LeaseReads({ ...deps, raw: this.raw, reads: this.reads }, options.leaderLease);
    this.proposer = new Proposer(this.proposalTarget(), options);
    this.appender = new Appender(
      {
        log: deps.log,
        deliver,
        accept: (snapshot) => this.accept(snapshot),
        install: (snapshot, hardState) => this.startInstall(snapshot, hardState),
        failpoints: deps.failpoints,
      },
      deps.hardState,
    );
    this.applier = new Applier({
      machine: () => (this.isServing ? this.machineNow : undefined),
      changeConf: (entry) => this.changeConf(entry),
      onApplied: (index, term, outcomes) => this.applied(index, term, outcomes),
      deliver,
      nowMs: () => deps.clock.nowMs(),
      failpoints: deps.failpoints,
    });
    this.comparison = new StateComparison(
      {
        clock: deps.clock,
        view: () => this.comparisonView(),
        isLeader: () => this.isLeader,
        machine: () => this.machineNow,
        carryOut: (outputs) => deps.host.onComparison(outputs),
        onDue: () => deps.host.onDue(),
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
    return this.service === 'serving';
  }

  get isLeader(): boolean {
    return this.role === 'leader';
  }

  get currentRole(): Role {
    return this.role;
  }

  get leader(): number | undefined {
    return this.leaderId === NO_NODE ? undefined : this.leaderId;
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
    if (this.service === 'silent') return;
    if (!this.leases.answers(message)) this.raw.step(message);
  }

  tick(): void {
    if (this.service === 'silent') return;
    this.raw.tick();
    this.tickCampaign();
    if (this.service !== 'leaving') return;
    this.leavingTicks -= 1;
    if (this.leavingTicks <= 0) this.fallSilent();
  }

  /** Ends what waited too long. Called once a tick, also before the node takes part. */
  expire(nowMs: number): void {
    this.leases.lease?.tick(nowMs);
    this.reads.tick(nowMs);
    this.proposer.expire(nowMs);
    this.membership.tick(nowMs);
  }

  /** One turn: everything that waits goes into the core, everything that comes out goes on its way. Gives what the WAL must write. */
  turn(): AppendUpdate[] {
    if (this.service === 'silent') return [];
    // What arrives while the last own write is being synced becomes one batch (P1).
    if (!this.isLeader || !this.appender.isSyncing) this.proposer.flush();
    this.beginReads();
    if (this.comparison.isDue) this.proposeComparison();
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
    if (this.service === 'silent') return false;
    return this.raw.hasReady || this.comparison.isDue || (this.reads.hasWork && this.leaderId !== NO_NODE);
  }

  /** The snapshot that `ReplicaHost.install` was called for is durable; `machine` is its state. */
  installed(machine: StateMachine): void {
    this.machineNow = machine;
    const { appliedIndex, meta } = machine;
    this.confHistory.restart(appliedIndex, meta.confState);
    this.inEffect(decodeConfState(meta.confState));
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
    this.service = 'leaving';
    this.leavingTicks = this.options.electionTicks;
    if (!this.transferTo(suspects)) this.fallSilent();
  }

  /** The smallest index after which some live follower still needs entries; undefined when this replica does not lead. */
  followersNeed(): number | undefined {
    if (!this.isLeader) return undefined;
    let need = Number.POSITIVE_INFINITY;
    for (const [id, progress] of this.raw.status().progress) {
      if (id === this.options.nodeId || !progress.isRecentlyActive) continue;
      need = Math.min(need, Math.max(progress.match, progress.pendingSnapshot));
    }
    return need;
  }

  /** The leader's process is gone for sure: forget it and, after a random stagger, ask for an election (architecture 13). */
  leaderIsGone(peer: number): void {
    if (this.leaderId !== peer || this.isLeader || !this.isServing) return;
    this.raw.forgetLeader();
    this.campaignInTicks = 1 + Math.floor(this.deps.random() * campaignStaggerTicks);
  }

  /** The only voter leads at once: a leader whose silence it would wait for can't be. */
  campaignIfAlone(): void {
    if (!this.isServing) return;
    const { voters, votersOutgoing } = this.log.initialState().confState;
    if (voters.length === 1 && votersOutgoing.length === 0 && voters[0] === this.options.nodeId) this.raw.campaign();
  }

  /** The loop stood still: election and quorum timers start over instead of firing, and a lease is over (N10). */
  restartElectionTimer(): void {
    this.leases.lease?.drop();
    this.raw.restartElectionTimer();
  }

  /** Asks the follower that is furthest to take over, before this node stops. False when there is nobody to ask. */
  handOver(): boolean {
    return this.isServing && this.membership.handOverAtStop();
  }

  private transferTo(suspects: readonly number[]): boolean {
    return this.isLeader && this.membership.handOver(undefined, suspects) !== undefined;
  }

  private fallSilent(): void {
    this.service = 'silent';
    this.campaignInTicks = 0;
    const hadPart = this.leaderId !== NO_NODE || this.role !== 'follower';
    this.role = 'follower';
    this.leaderId = NO_NODE;
    if (hadPart) this.deps.host.onRoleChange(undefined, 'follower', this.raw.term);
  }

  /** An entry of its own, so that every replica compares its state as of the same index. */
  private proposeComparison(): void {
    if (!this.comparison.takeDue() || !this.isLeader || !this.isServing) return;
    const { voters, votersOutgoing, learners } = this.raw.confState();
    if (voters.length + votersOutgoing.length + learners.length > 1) this.proposeBatches([[encodeCompare()]]);
  }

  private comparisonView(): ComparisonView {
    const { voters, votersOutgoing } = this.raw.confState();
    return {
      nodeId: this.options.nodeId,
      leader: this.leader,
      isLeader: this.isLeader,
      voters: { incoming: voters, outgoing: votersOutgoing },
    };
  }

  private tickCampaign(): void {
    if (this.campaignInTicks === 0) return;
    this.campaignInTicks -= 1;
    if (this.campaignInTicks > 0) return;
    if (this.leaderId === NO_NODE && this.role === 'follower') this.raw.campaign();
  }

  private beginReads(): void {
    if (this.leaderId === NO_NODE) return;
    const context = this.leases.begin();
    if (context === undefined) return;
    this.deps.host.countReads(1, 0);
    if (this.raw.readIndex(context) !== 'accepted') this.reads.giveUp();
  }

  private handle(ready: Ready): void {
    if (ready.softState !== null) this.changeRole(ready.softState.leaderId, ready.softState.role);
    for (const { context, index, promiseMs } of ready.readStates) this.leases.confirm(context, index, promiseMs);
    for (const message of ready.messages) this.route(message);
  }

  private route(message: Message): void {
    if (message.to === APPEND_THREAD) {
      this.appender.add(message);
      return;
    }
    if (message.to === APPLY_THREAD) {
      this.applier.add(message);
      return;
    }
    this.deliver(message);
  }

  private deliver(message: Message): void {
    if (this.service === 'silent') return;
    if (message.type === 'MsgTimeoutNow') this.leases.lease?.offered();
    if (isLocalDelivery(message)) {
      this.raw.step(message);
      return;
    }
    if (message.type === 'MsgSnap') {
      this.deps.host.sendSnapshot(message);
      return;
    }
    const isSent = this.deps.host.send(message.to, message);
    if (!isSent && message.type === 'MsgApp') this.raw.reportUnreachable(message.to);
  }

  private changeRole(leaderId: number, role: Role): void {
    const hadLeader = this.leaderId;
    const hadRole = this.role;
    if (role === 'leader' && this.role !== 'leader') {
      this.shardTime.startLeading(this.machineNow?.shardTimeMs ?? 0, this.deps.clock.nowMs());
    }
    this.role = role;
    this.leaderId = leaderId;
    if (leaderId !== hadLeader) {
      this.reads.giveUp();
      this.membership.leaderChanged(this.leader);
    }
    this.deps.host.onRoleChange(this.leader, role, this.raw.term);
    if (leaderId !== hadLeader || role !== hadRole) this.comparison.leaderChanged();
    if (this.service === 'leaving' && role !== 'leader') this.fallSilent();
  }

  private inEffect(confState: ConfState): void {
    this.isMember = memberKind(confState, this.options.nodeId) !== 'none';
    this.membership.inEffect(confState);
  }

  private changeConf(entry: Entry): Uint8Array {
    this.leases.lease?.drop();
    const confState = this.raw.applyConfChange(decodeConfChange(entry.data));
    const encoded = encodeConfState(confState);
    this.inEffect(confState);
    this.confHistory.note(entry.index, encoded);
    this.deps.host.onConfChanged();
    return encoded;
  }

  private applied(index: number, term: number, outcomes: readonly Outcome[]): void {
    this.proposer.placed.applied(index, term, outcomes);
    const isConfChange = this.confHistory.lastIndex === index;
    this.membership.applied(index, term, isConfChange ? this.raw.confState() : undefined);
    this.deps.host.onApplied(outcomes.length);
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

  private proposeBatches(
    batches: readonly (readonly Uint8Array[])[],
  ): { readonly index: number; readonly term: number } | 'notLeader' | 'full' {
    const machine = this.machineNow;
    if (machine === undefined) return 'full';
    const shardTimeMs = this.shardTime.stamp(machine.shardTimeMs, this.deps.clock.nowMs());
    const header = { shardTimeMs, wallClockMs: Math.floor(this.deps.clock.wallMs()) };
    const result = this.raw.propose(batches.map((commands) => buildBatch(header, commands)));
    if (result.isAccepted) return result;
    return result.reason === 'uncommittedLimit' || result.reason === 'leaderTransferring' ? 'full' : 'notLeader';
  }

  private proposalTarget(): ProposalTarget {
    const { host } = this.deps;
    return {
      propose: (batches) => this.proposeBatches(batches),
      forward: (to, requestId, commands) => host.forward(to, requestId, commands),
      answer: (to, requestId, verdict) => host.answer(to, requestId, verdict),
      leader: () => this.leader,
      isLeader: () => this.isLeader,
      isOutOfSpace: () => host.isOutOfSpace,
    };
  }
}
