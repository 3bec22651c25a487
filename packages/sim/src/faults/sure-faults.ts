/** Tries the kinds that the seed is sure to have, from some time on again and again until they have happened; until then none that could prevent them does. */
import type { FaultyCluster } from './cluster-faults.js';
import { injectors } from './injectors.js';
import { isSureKind, type SureFault } from './sure-deal.js';

const TRY_EVERY_MS = 300;
/** They begin in this first share of the faults' time. */
const BEGIN_SHARE = 0.5;

export interface SureFaultsOptions {
  /** How often a kind has happened up to now. */
  readonly count: (kind: string) => number;
}

export class SureFaults {
  readonly #cluster: FaultyCluster;
  readonly #options: SureFaultsOptions;
  #isStopped = false;

  constructor(cluster: FaultyCluster, options: SureFaultsOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  start(): void {
    const { knobs, queue, random } = this.#cluster;
    for (const kind of knobs.sureFaults)
      queue.after(random.float() * BEGIN_SHARE * knobs.faultsMs, () => this.#try(kind));
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Every one of them has happened. */
  get isDone(): boolean {
    return this.#open.length === 0;
  }

  /** Whether another kind has to wait. */
  holdsBack(kind: string): boolean {
    return isSureKind(kind) && !this.isDone && !this.#open.some((one) => one === kind);
  }

  get #open(): readonly SureFault[] {
    return this.#cluster.knobs.sureFaults.filter((kind) => this.#options.count(kind) === 0);
  }

  #try(kind: SureFault): void {
    if (this.#isStopped || this.#options.count(kind) > 0) return;
    this.#cluster.log(`sure fault ${kind}`);
    if (injectors[kind](this.#cluster)) this.#cluster.count(kind);
    this.#cluster.queue.after(TRY_EVERY_MS, () => this.#try(kind));
  }
}
