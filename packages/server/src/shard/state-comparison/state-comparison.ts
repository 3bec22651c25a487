/** A replica's comparisons: names indexes while it leads, notes its hashes at each named index, and passes on what comes of it (R14). */
import { encodeCompare } from '@kvorum/core/kv/command.js';
import type { Outcome } from '@kvorum/core/kv/outcome.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { Clock } from '../../env/env.js';
import type { ComparisonMessage } from '../../transport/comparison-codec.js';
import type { Standing } from '../standing.js';
import { type ComparisonOutput, type ComparisonView, StateComparer } from './comparer.js';
import { type ComparisonCadence, ComparisonSchedule } from './comparison-schedule.js';

/** What it looks at, and what it asks for. */
export interface StateComparisonDeps {
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly raw: RawNode;
  readonly standing: Standing;
  /** Undefined while the state is being replaced. */
  readonly machine: () => StateMachine | undefined;
  /** Proposes an entry of these commands. */
  readonly propose: (commands: readonly Uint8Array[]) => void;
  readonly carryOut: (outputs: readonly ComparisonOutput[]) => void;
  /** A comparison is due: the replica should have a turn. */
  readonly onDue: () => void;
}

/** One per replica. */
export class StateComparison {
  private readonly comparer: StateComparer;
  private readonly schedule: ComparisonSchedule;
  private readonly deps: StateComparisonDeps;

  constructor(deps: StateComparisonDeps, cadence: ComparisonCadence) {
    this.deps = deps;
    this.comparer = new StateComparer(() => this.view());
    this.schedule = new ComparisonSchedule(deps.clock, cadence, deps.machine()?.appliedIndex ?? 0, deps.onDue);
  }

  /** An entry was applied. */
  applied(index: number, outcomes: readonly Outcome[]): void {
    // A leader proposes a comparison as an entry of its own.
    if (outcomes.length !== 1 || outcomes[0]?.kind !== 'compare') {
      if (this.deps.standing.isLeader) this.schedule.applied(index);
      return;
    }
    this.schedule.restart(index);
    const machine = this.deps.machine();
    if (machine !== undefined) this.deps.carryOut(this.comparer.applied(machine.stateHashes));
  }

  received(from: number, message: ComparisonMessage): void {
    this.deps.carryOut(this.comparer.received(from, message));
  }

  leaderChanged(): void {
    this.deps.carryOut(this.comparer.leaderChanged());
  }

  connected(node: number): void {
    this.deps.carryOut(this.comparer.connected(node));
  }

  /** A snapshot takes the place of the state that was reported. */
  replaced(index: number): void {
    this.comparer.forgetOwn();
    this.schedule.restart(index);
  }

  get isDue(): boolean {
    return this.schedule.isDue;
  }

  /** A leader of others proposes the comparison that is due: an entry of its own, so that every replica compares its state as of the same index. */
  proposeDue(): void {
    const { standing, raw, propose } = this.deps;
    if (!this.schedule.take() || !standing.isLeader || !standing.isServing) return;
    const { voters, votersOutgoing, learners } = raw.confState();
    if (voters.length + votersOutgoing.length + learners.length > 1) propose([encodeCompare()]);
  }

  /** Names nothing any more. */
  stop(): void {
    this.schedule.stop();
  }

  private view(): ComparisonView {
    const { raw, standing } = this.deps;
    const { voters, votersOutgoing } = raw.confState();
    const { leader, isLeader } = standing;
    return { nodeId: raw.id, leader, isLeader, voters: { incoming: voters, outgoing: votersOutgoing } };
  }
}
