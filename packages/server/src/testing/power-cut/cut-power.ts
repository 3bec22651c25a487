/**
 * Cuts the power of simulated machines again and again while clients write, lets them start on what the cut left, and checks that nothing acknowledged is
 * missing. The moment of each cut is the seed's.
 */
import { below } from '../../env/testing/seeded-random.js';
import { CutWorld, type CutWorldOptions, ticks } from './cut-world.js';
import { Violation } from './kept-writes.js';
import type { Machine } from './machine.js';

export interface PowerCutPlan extends CutWorldOptions {
  /** Cuts at least; those of several machines in one moment count once. */
  readonly cuts: number;
}

export interface PowerCutReport {
  readonly cuts: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** Cuts that hit a node before it was started. */
  readonly duringStart: number;
  readonly snapshots: number;
  readonly flushes: number;
  /** The first broken promise, with what repeats it. */
  readonly violation: Violation | undefined;
}

/** Virtual time of one step and microtasks that run in it, before a cut. */
const stepMsMax = 20;
const stepTicksMax = 60;

export async function cutPower(plan: PowerCutPlan): Promise<PowerCutReport> {
  const run = new PowerCutRun(plan);
  let violation: Violation | undefined;
  try {
    while (run.cuts < plan.cuts) await run.round();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = new Violation(
      error.kind,
      `${error.message}\n  cut ${run.cuts}; KVORUM_SEED=${plan.seed} gives the same run`,
    );
  } finally {
    run.end();
  }
  return run.report(violation);
}

class PowerCutRun {
  cuts = 0;
  readonly #world: CutWorld;
  #duringStart = 0;

  constructor(plan: PowerCutPlan) {
    this.#world = new CutWorld(plan);
  }

  /** Load, cuts, recovery, check. */
  async round(): Promise<void> {
    const world = this.#world;
    await this.#startAll();
    world.startWriters();
    await world.steps(20 + below(world.random, 120));
    await this.#cutSome();
    // Survivors go on meanwhile; or the power fails again while nodes start.
    await world.steps(below(world.random, 40));
    await this.#startAll();
    if (below(world.random, 3) === 0) await this.#cutSome();
    await world.steps(below(world.random, 30));
    await this.#startAll();
    await world.settleAndVerify();
  }

  end(): void {
    this.#world.end();
  }

  report(violation: Violation | undefined): PowerCutReport {
    const { kept, counts } = this.#world;
    const { acknowledged, unknown } = kept;
    return { cuts: this.cuts, acknowledged, unknown, duringStart: this.#duringStart, ...counts, violation };
  }

  async #startAll(): Promise<void> {
    for (const machine of this.#world.machines) if (machine.life === undefined) await this.#start(machine);
  }

  /** Starts a node; now and then the power goes before it is up. */
  async #start(machine: Machine): Promise<void> {
    const { random } = this.#world;
    machine.start();
    while (below(random, 10) === 0) {
      await ticks(below(random, 400));
      if (machine.life?.node === undefined) this.#duringStart += 1;
      machine.cut();
      this.cuts += 1;
      machine.start();
    }
  }

  /** One moment: all machines, or any of them. */
  async #cutSome(): Promise<void> {
    const { random, clock, machines } = this.#world;
    clock.advance(1 + below(random, stepMsMax));
    await ticks(below(random, stepTicksMax));
    this.#world.check();
    const isAll = machines.length === 1 || below(random, 2) === 0;
    const hit = machines.filter(() => isAll || below(random, 2) === 0);
    if (hit.length === 0) return;
    for (const machine of hit) {
      if (machine.life !== undefined && machine.life.node === undefined) this.#duringStart += 1;
      machine.cut();
    }
    this.cuts += 1;
  }
}
