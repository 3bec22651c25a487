/**
 * The apply work of one replica, in order: committed entries go through the state machine, waiters get their outcomes, the core gets its
 * responses. It stops when the turn's time is used up, when the ring is full, and inside a command that works in slices (N11).
 */
import type { Outcome } from '@kvorum/core/kv/outcome.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Failpoints } from '../../env/failpoints.js';

/** None of these may call back into the applier. */
export interface ApplierDeps {
  /** Undefined while a snapshot is being installed. */
  readonly machine: () => StateMachine | undefined;
  /** Makes the core take over a committed configuration entry; gives the new ConfState, encoded. */
  readonly changeConf: (entry: Entry) => Uint8Array;
  readonly onApplied: (index: number, term: number, outcomes: readonly Outcome[]) => void;
  readonly deliver: (message: Message) => void;
  readonly nowMs: () => number;
  readonly failpoints?: Failpoints | undefined;
}

/** `done`: nothing left. `more`: go on next turn. `blocked`: go on after a flush or an install. */
export type ApplyProgress = 'done' | 'more' | 'blocked';

const noOutcomes: readonly Outcome[] = [];

/** One per replica. Entries are applied once, in order. */
export class Applier {
  private readonly works: Message[] = [];
  /** Entries of the first work that are applied. */
  private position = 0;
  private readonly deps: ApplierDeps;

  constructor(deps: ApplierDeps) {
    this.deps = deps;
  }

  /** New work, a MsgStorageApply. */
  add(message: Message): void {
    this.works.push(message);
  }

  get isIdle(): boolean {
    return this.works.length === 0;
  }

  /**
   * All work is void: a snapshot that holds it is going to take the state's place. The core is told that it is done, and gives out no more before
   * the snapshot is installed.
   */
  abandon(): void {
    for (let work = this.works[0]; work !== undefined; work = this.works[0]) this.finish(work);
  }

  /** Applies until `untilMs` (at least one entry). */
  run(untilMs: number): ApplyProgress {
    for (;;) {
      const work = this.works[0];
      if (work === undefined) return 'done';
      const entry = work.entries[this.position];
      if (entry === undefined) {
        this.finish(work);
        continue;
      }
      const progress = this.applyEntry(entry);
      if (progress !== 'done') return progress;
      this.position += 1;
      if (this.deps.nowMs() >= untilMs && !this.isAtEnd()) return 'more';
    }
  }

  private isAtEnd(): boolean {
    return this.works.length === 1 && this.works[0]?.entries.length === this.position;
  }

  private finish(work: Message): void {
    this.works.shift();
    this.position = 0;
    for (const response of work.responses) this.deps.deliver(response);
  }

  private applyEntry(entry: Entry): ApplyProgress {
    const machine = this.deps.machine();
    if (machine === undefined) return 'blocked';
    // A snapshot installed meanwhile already holds the entry.
    if (entry.index <= machine.appliedIndex) return 'done';
    if (machine.isFull && !machine.isApplying) return 'blocked';
    this.deps.failpoints?.hit('applyBefore');
    if (entry.type !== 'normal') {
      machine.applyConfChange(entry.data, entry.index, entry.term, this.deps.changeConf(entry));
      this.deps.onApplied(entry.index, entry.term, noOutcomes);
      return 'done';
    }
    const result = machine.isApplying ? machine.applyMore() : machine.apply(entry.data, entry.index, entry.term);
    if (result.status === 'more') return 'more';
    this.deps.failpoints?.hit('applyAfter');
    this.deps.onApplied(entry.index, entry.term, result.outcomes);
    return 'done';
  }
}
