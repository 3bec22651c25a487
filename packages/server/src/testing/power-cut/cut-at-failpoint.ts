/**
 * Brings machines to a named failpoint (R6) while clients write, cuts the power of the one that comes there first, lets it start on what the cut left, and
 * checks everything. Where load alone does not lead to a point, the run does what does: a node that is away, a cut in the middle of a write, a backup.
 */
import type { Failpoint } from '../../env/failpoints.js';
import { below } from '../../env/testing/seeded-random.js';
import { verifyBackup } from '../../restore.js';
import { defaultShardOf } from '../cluster.js';
import { CutWorld, type CutWorldOptions } from './cut-world.js';
import { Violation } from './kept-writes.js';
import type { Machine } from './machine.js';

/** Tries to come to a point; one of them takes a second or two of virtual time. */
const roundsMax = 30;
/** With the load of this test and its retention a node that was away so long gets a snapshot. */
const stepsAway = 60;
const stepsOfLoad = 40;

export class FailpointRun {
  readonly world: CutWorld;
  readonly hits = new Map<Failpoint, number>();
  /** Cut at the first machine that comes there. */
  #armed: Failpoint | undefined;
  /** Cut there too, as often as it comes: so a log is left that has to be repaired. */
  #leadIn: Failpoint | undefined;

  constructor(options: CutWorldOptions) {
    this.world = new CutWorld({ ...options, onHit: (machine, name) => this.#onHit(machine, name) });
  }

  /** Answers whether the point was reached, and so the power cut there. Throws a {@link Violation} when something is wrong afterwards. */
  async cutAt(name: Failpoint): Promise<boolean> {
    this.#armed = name;
    this.world.startWriters();
    for (let round = 0; round < roundsMax && this.#armed !== undefined; round += 1) {
      this.#startAll();
      await this.#provoke(name);
      for (let i = 0; i < stepsOfLoad && this.#armed !== undefined; i += 1) await this.world.step();
    }
    const isReached = this.#armed === undefined;
    this.#armed = undefined;
    this.#leadIn = undefined;
    this.#startAll();
    await this.world.settleAndVerify();
    return isReached;
  }

  #onHit(machine: Machine, name: Failpoint): void {
    this.hits.set(name, (this.hits.get(name) ?? 0) + 1);
    if (name === this.#armed) this.#armed = undefined;
    else if (name !== this.#leadIn || this.#armed === undefined) return;
    machine.cut();
  }

  #startAll(): void {
    for (const machine of this.world.machines) if (machine.life === undefined) machine.start();
  }

  async #provoke(name: Failpoint): Promise<void> {
    if (name.startsWith('recovery')) {
      this.#leadIn = name.endsWith('Remove') ? 'tableBeforeSync' : 'walBeforeSync';
      return;
    }
    if (name.startsWith('hardState')) this.#cutLeader();
    if (name.startsWith('backup')) return this.#backUp();
    if (/^(snapshot|generation|current)/.test(name)) await this.#sendOneAway();
  }

  /** The others vote. */
  #cutLeader(): void {
    const leads = ({ life }: Machine) => life?.node !== undefined && defaultShardOf(life.node).role === 'leader';
    this.world.machines.find(leads)?.cut();
  }

  /** Writes go on without one node for so long that it needs a snapshot. */
  async #sendOneAway(): Promise<void> {
    const { world } = this;
    const away = world.machines[below(world.random, world.machines.length)];
    if (away?.life?.node === undefined) return;
    away.cut();
    for (let i = 0; i < stepsAway; i += 1) await world.step();
    if (away.life === undefined) away.start();
  }

  async #backUp(): Promise<void> {
    const { world } = this;
    const nodes = world.nodes();
    const node = nodes[below(world.random, nodes.length)];
    if (node === undefined) return;
    let outcome: 'read' | Violation | undefined;
    // Never settles when the node is cut.
    void node.kv
      .backup({ consistency: 'serializable' })
      .then(({ chunks }) => verifyBackup(chunks))
      .then(
        () => (outcome = 'read'),
        (error: unknown) => (outcome = new Violation('ended', `a backup: ${String(error)}`)),
      );
    for (let i = 0; i < stepsOfLoad && outcome === undefined; i += 1) await world.step();
    if (outcome instanceof Violation) throw outcome;
  }
}
