/** The schedule of faults: at random times one of the kinds that the seed has chosen, until it is stopped. */
import type { FaultKind } from '../knobs.js';
import { exponential, pick } from '../world/chance.js';
import { ambushFaults } from './ambush-faults.js';
import type { FaultyCluster } from './cluster-faults.js';
import { diskFaults } from './disk-faults.js';
import { networkFaults } from './network-faults.js';
import { processFaults } from './process-faults.js';

const injectors: Record<FaultKind, (cluster: FaultyCluster) => boolean> = {
  ...processFaults,
  ...networkFaults,
  ...diskFaults,
  ...ambushFaults,
};

export class FaultSchedule {
  readonly #cluster: FaultyCluster;
  #isStopped = false;

  constructor(cluster: FaultyCluster) {
    this.#cluster = cluster;
  }

  start(): void {
    const { queue, random, knobs } = this.#cluster;
    queue.after(exponential(random, knobs.faultEveryMs), () => {
      if (this.#isStopped) return;
      this.#strike();
      this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  #strike(): void {
    const kind = pick(this.#cluster.random, this.#cluster.knobs.faults);
    this.#cluster.log(`fault ${kind}`);
    if (injectors[kind](this.#cluster)) this.#cluster.count(kind);
  }
}
