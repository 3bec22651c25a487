/** Nodes that end by themselves: because of what was done to them, which is as it should be, or because of a bug. */
import type { Random } from '@kvorum/server/internal/env/env.js';
import { NodeFailedError } from '@kvorum/server/internal/node-failed-error.js';
import type { Machine } from './machine/machine.js';
import type { Violate } from './run-report.js';
import { codeOf, textOf } from './words.js';
import { exponential } from './world/chance.js';
import type { EventQueue } from './world/event-queue.js';
import type { Tally } from './world/tally.js';

export interface NodeEndsDeps {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly counts: Tally;
  readonly violate: Violate;
}

export interface NodeEndsOptions {
  /** Mean time for which a machine stays off. */
  readonly offMs: number;
  /** A node that ended by a bug is started again, without a word. */
  readonly goesOnAfterBugs: boolean;
}

/** A node calls itself damaged. Nothing but destroyed bytes may make it so: what was synced is whole (R9, R10, R16). */
const damageKinds: ReadonlySet<string> = new Set(['damaged', 'DATA_DIR_DAMAGED']);

export class NodeEnds {
  /** Ends by a bug, where the run went on. */
  byBug = 0;
  readonly #deps: NodeEndsDeps;
  readonly #options: NodeEndsOptions;

  constructor(deps: NodeEndsDeps, options: NodeEndsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** A node ended by itself, or would not start. */
  ended(machine: Machine, error: unknown): void {
    const { counts, random } = this.#deps;
    const kind = error instanceof NodeFailedError ? error.kind : codeOf(error);
    counts.add(`node failed: ${kind}`);
    const isExcused =
      (kind === 'disk' && machine.isFailureExpected) ||
      (machine.isDamaged && kind !== 'internal') ||
      (kind === 'identityRefused' && machine.isWiped);
    if (!isExcused) {
      this.#endedWithoutCause(machine, kind, error);
      return;
    }
    machine.isDoomed = kind !== 'disk';
    if (machine.isDoomed) return;
    if (random.float() < 0.5) machine.cutPower();
    this.startLater(machine);
  }

  /** Starts the machine after some time, unless it is to stay down. */
  startLater(machine: Machine): void {
    const { queue, random } = this.#deps;
    queue.after(exponential(random, this.#options.offMs), () => {
      if (!machine.isDoomed) machine.start();
    });
  }

  #endedWithoutCause(machine: Machine, kind: string, error: unknown): void {
    const { violate } = this.#deps;
    const what = `${machine.name} ended: ${kind}: ${textOf(error)}`;
    if (damageKinds.has(kind)) violate('no damage without a cause', what);
    else if (!this.#options.goesOnAfterBugs) violate('nodes run', what);
    else {
      this.byBug += 1;
      this.startLater(machine);
    }
  }
}
