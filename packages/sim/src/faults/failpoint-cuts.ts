/**
 * Power cuts at named failpoints (R6): each failpoint of the seed is armed at some time, the first machine that comes there is cut at exactly that point, and
 * starts again. Where load alone seldom leads to a point, something is done that does, again and again until it is reached.
 */
import { type Failpoint } from '@kvorum/server/internal/env/failpoints.js';
import type { Machine } from '../machine/machine.js';
import type { FailpointCount } from '../run-report.js';
import { chance } from '../world/chance.js';
import { Tally } from '../world/tally.js';
import type { FaultyCluster } from './cluster-faults.js';
import { needsSnapshots, simulatedFailpoints } from './failpoint-deal.js';
import { leadInTo, wayTo } from './failpoint-ways.js';

/** A cut machine comes back at once, or after so long at most, or as late as after other faults. */
const QUICK_RETURN_MS_MAX = 30;
/** Between two tries to lead the cluster to a point. */
const TRY_EVERY_MS = 1500;
/** They are armed in this first share of the faults' time, so that the last ones are reached too. */
const ARMING_SHARE = 0.6;
/** What takes long to come to is armed early. */
const ARMING_SHARE_EARLY = 0.25;

export class FailpointCuts {
  readonly #hits = new Tally();
  readonly #cuts = new Tally();
  readonly #cluster: FaultyCluster;
  readonly #armed = new Set<Failpoint>();
  /** Failpoints that are still to be reached, armed or not. */
  readonly #open: Set<Failpoint>;
  /** Machines are cut there too while one of the armed points needs it. */
  #leadIns: readonly Failpoint[] = [];
  #isOver = false;

  constructor(cluster: FaultyCluster) {
    this.#cluster = cluster;
    this.#open = new Set(cluster.knobs.failpoints);
  }

  /** Before the machines start: some points are passed only then. */
  start(): void {
    const { knobs, queue, random } = this.#cluster;
    for (const name of knobs.failpoints) {
      if (isOfFirstStart(name) || (name.startsWith('current') && (knobs.nodes < 3 || chance(random, 0.5))))
        this.#arm(name);
      else {
        const share = needsSnapshots(name) ? ARMING_SHARE_EARLY : ARMING_SHARE;
        queue.after(random.float() * share * knobs.faultsMs, () => this.#arm(name));
      }
    }
  }

  /** Every failpoint of the seed was cut at. */
  get isDone(): boolean {
    return this.#open.size === 0;
  }

  /** A point is still to be reached to which only a node that was away leads. */
  get areNodesNeeded(): boolean {
    return !this.#isOver && [...this.#open].some(needsSnapshots);
  }

  stop(): void {
    this.#isOver = true;
  }

  /** A machine has come to a point. */
  hit(machine: Machine, name: Failpoint): void {
    this.#hits.add(name);
    if (this.#isOver) return;
    if (!this.#armed.delete(name)) {
      if (!this.#leadIns.includes(name)) return;
      this.#leadIns = this.#leadIns.filter((other) => other !== name);
    }
    this.#open.delete(name);
    this.#cuts.add(name);
    this.#cluster.log(`${machine.name} at failpoint ${name}`);
    this.#cut(machine);
  }

  counts(): FailpointCount[] {
    return simulatedFailpoints.map((name) => ({ name, hits: this.#hits.count(name), cuts: this.#cuts.count(name) }));
  }

  #cut(machine: Machine): void {
    const { random } = this.#cluster;
    machine.cutPower();
    if (chance(random, 0.3)) this.#cluster.startLater(machine);
    else this.#cluster.later(random.float() * QUICK_RETURN_MS_MAX, () => this.#cluster.start(machine));
  }

  #arm(name: Failpoint): void {
    if (this.#isOver) return;
    this.#cluster.log(`failpoint ${name} armed`);
    this.#armed.add(name);
    this.#tryToReach(name);
  }

  #tryToReach(name: Failpoint): void {
    if (this.#isOver || !this.#armed.has(name)) return;
    const leadIn = leadInTo(name);
    if (leadIn !== undefined && !this.#leadIns.includes(leadIn)) this.#leadIns = [...this.#leadIns, leadIn];
    wayTo(name)?.(this.#cluster);
    this.#cluster.queue.after(TRY_EVERY_MS, () => this.#tryToReach(name));
  }
}

function isOfFirstStart(name: Failpoint): boolean {
  return /^(identity|registry|format|generation.*Create)/.test(name);
}
