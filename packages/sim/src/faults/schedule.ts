/**
 * The schedule of faults: at random times one of the kinds that the seed has chosen, until it is stopped. Many kinds wait for something that may never
 * come, so that a run could stay quiet: when too little has happened, the next fault comes soon and is one that needs nothing.
 */
import { type FaultKind, isAlwaysPossible } from '../knobs.js';
import { exponential, pick } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';
import { injectors } from './injectors.js';

/** Mean time between faults when too few have happened. */
const HURRIED_MS = 200;

export interface FaultScheduleOptions {
  /** Whether too few faults have happened up to now. */
  readonly isQuiet: () => boolean;
  /** Kinds that have to wait for others. */
  readonly holdsBack: (kind: FaultKind) => boolean;
}

export class FaultSchedule {
  readonly #cluster: FaultyCluster;
  readonly #options: FaultScheduleOptions;
  #isStopped = false;

  constructor(cluster: FaultyCluster, options: FaultScheduleOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  start(): void {
    const { queue, random, knobs } = this.#cluster;
    const meanMs = this.#options.isQuiet() ? HURRIED_MS : knobs.faultEveryMs;
    queue.after(exponential(random, meanMs), () => {
      if (this.#isStopped) return;
      this.#strike();
      this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  #strike(): void {
    const kind = pick(this.#cluster.random, this.#kinds());
    if (this.#options.holdsBack(kind)) return;
    this.#cluster.log(`fault ${kind}`);
    if (injectors[kind](this.#cluster)) this.#cluster.count(kind);
  }

  #kinds(): readonly FaultKind[] {
    const { faults } = this.#cluster.knobs;
    const sure = this.#options.isQuiet() ? faults.filter(isAlwaysPossible) : [];
    return sure.length > 0 ? sure : faults;
  }
}
