/** A replica's comparisons: names indexes while it leads, notes its hashes at each named index, and passes on what comes of it (R14). */
import type { Outcome } from '@kvorum/core/kv/outcome.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { Clock } from '../../env/env.js';
import type { ComparisonMessage } from '../../transport/comparison-codec.js';
import { type ComparisonOutput, type ComparisonView, StateComparer } from './comparer.js';
import { type ComparisonCadence, ComparisonSchedule } from './comparison-schedule.js';

export interface StateComparisonDeps {
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly view: () => ComparisonView;
  readonly isLeader: () => boolean;
  /** Undefined while the state is being replaced. */
  readonly machine: () => StateMachine | undefined;
  readonly carryOut: (outputs: readonly ComparisonOutput[]) => void;
  /** A comparison is due: the replica should have a turn. */
  readonly onDue: () => void;
}

export class StateComparison {
  private readonly comparer: StateComparer;
  private readonly schedule: ComparisonSchedule;
  private readonly deps: StateComparisonDeps;

  constructor(deps: StateComparisonDeps, cadence: ComparisonCadence) {
    this.deps = deps;
    this.comparer = new StateComparer(deps.view);
    this.schedule = new ComparisonSchedule(deps.clock, cadence, deps.machine()?.appliedIndex ?? 0, deps.onDue);
  }

  /** An entry was applied. */
  applied(index: number, outcomes: readonly Outcome[]): void {
    // A leader proposes a comparison as an entry of its own.
    if (outcomes.length !== 1 || outcomes[0]?.kind !== 'compare') {
      if (this.deps.isLeader()) this.schedule.applied(index);
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

  /** Whether to propose a comparison now. */
  takeDue(): boolean {
    return this.schedule.take();
  }

  /** Names nothing any more. */
  stop(): void {
    this.schedule.stop();
  }
}
