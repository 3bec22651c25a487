/**
 * Runs the nodes of a demo as child processes and follows them. A node that ends stays down until somebody starts it again. Nothing here
 * prints: what happens goes to `onEvent`.
 */
import { defaultShard, fetchStatus } from '../client/node-status.js';
import { CommandError } from '../command-error.js';
import { ClusterObserver, type Observation } from './cluster-observer.js';
import type { DemoEvent } from './events.js';
import { type NodeEnd, NodeProcess } from './node-process.js';
import type { NodePlan } from './plan.js';

export interface SupervisorDeps {
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onEvent: (event: DemoEvent) => void;
}

/** A node as it is shown. */
export interface ShownNode {
  readonly id: number;
  readonly role: string;
  readonly url: string;
  readonly pid: number | undefined;
}

/** Time between two looks at the nodes. */
const pollMs = 250;
const statusTimeoutMs = 1000;
/** Longer than a node's own drain timeout. */
const stopTimeoutMs = 10_000;

interface Slot {
  readonly plan: NodePlan;
  process: NodeProcess | undefined;
  /** True once it serves. */
  isUp: boolean;
  role: string;
}

export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #slots: readonly Slot[];
  readonly #observer = new ClusterObserver();
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  #isClosing = false;
  #onLeader: (() => void) | undefined;

  constructor(deps: SupervisorDeps, plans: readonly NodePlan[]) {
    this.#deps = deps;
    this.#slots = plans.map((plan) => ({ plan, process: undefined, isUp: false, role: 'starting' }));
  }

  get nodes(): readonly ShownNode[] {
    return this.#slots.map(({ plan, process, role }) => ({ id: plan.id, role, url: plan.url, pid: process?.pid }));
  }

  /** Starts all nodes; resolves when each serves or has ended, and a leader is known or `patienceMs` is over. */
  async start(patienceMs: number): Promise<void> {
    const hasLeader = new Promise<void>((resolve) => {
      this.#onLeader = resolve;
    });
    const starting = this.#slots.map((slot) => this.#spawn(slot, false).ready);
    this.#poll();
    const results = Promise.all(starting);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    const leaderOrNobody = results.then((ups) => (ups.includes(true) ? hasLeader : undefined));
    await Promise.race([patience, leaderOrNobody]);
    clearTimeout(timer);
  }

  /** Starts a node that is down; resolves when it serves. */
  async startNode(id: number): Promise<void> {
    const slot = this.#slotOf(id);
    if (slot.process !== undefined)
      throw new CommandError('failed', `node ${id} is already running`, { code: 'RUNNING' });
    const process = this.#spawn(slot, true);
    if (await process.ready) return;
    const { message, exitCode } = await process.ended;
    throw new CommandError('failed', `node ${id} could not start: ${message}`, {
      code: 'NODE_FAILED',
      fields: { exitCode },
    });
  }

  /** Drains a node; resolves when its process is gone. */
  async stopNode(id: number): Promise<void> {
    await this.#running(id).stop();
  }

  /** Kills a node; resolves when its process is gone. */
  async killNode(id: number): Promise<void> {
    await this.#running(id).kill();
  }

  /** The node that leads now. */
  requireLeader(): number {
    const { leader } = this.#observer;
    if (leader !== undefined) return leader;
    throw new CommandError('failed', 'no node leads at the moment', {
      code: 'NO_LEADER',
      hint: 'Try again in a second.',
    });
  }

  /** Drains all nodes at once. Idempotent. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#slots.flatMap(({ process }) => (process === undefined ? [] : [process.stop()])));
    await this.#polling;
  }

  /** Ends all nodes without waiting for anything. */
  killAll(): void {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    for (const { process } of this.#slots) void process?.kill();
  }

  #slotOf(id: number): Slot {
    const slot = this.#slots.find(({ plan }) => plan.id === id);
    if (slot !== undefined) return slot;
    throw new CommandError('usage', `there is no node ${id}; allowed: 1 to ${this.#slots.length}`, {
      code: 'INVALID_ARGUMENT',
    });
  }

  #running(id: number): NodeProcess {
    const { process } = this.#slotOf(id);
    if (process !== undefined) return process;
    throw new CommandError('failed', `node ${id} is not running`, { code: 'NOT_RUNNING' });
  }

  #spawn(slot: Slot, isRestart: boolean): NodeProcess {
    if (this.#isClosing) throw new CommandError('failed', 'the demo is stopping', { code: 'STOPPED' });
    const { script, env, onEvent } = this.#deps;
    const process = new NodeProcess({ plan: slot.plan, script, env, stopTimeoutMs });
    const { id } = slot.plan;
    slot.process = process;
    slot.role = 'starting';
    void process.ready.then((isUp) => {
      if (!isUp || slot.process !== process) return;
      slot.isUp = true;
      // At the demo's start all begin alike; later ones have something to catch up with.
      if (isRestart) this.#observer.nodeStarted(id);
      onEvent({ event: 'started', node: id });
    });
    void process.ended.then((end) => this.#nodeEnded(slot, end));
    return process;
  }

  #nodeEnded(slot: Slot, { how, exitCode, message }: NodeEnd): void {
    const node = slot.plan.id;
    slot.process = undefined;
    slot.isUp = false;
    slot.role = how === 'ended' ? 'down' : how;
    this.#observer.nodeEnded(node);
    this.#deps.onEvent(how === 'ended' ? { event: how, node, exitCode, message } : { event: how, node });
  }

  /** Looks at all nodes, then again after a while; one look at a time. */
  #poll(): void {
    this.#polling = this.#look().then(() => {
      if (!this.#isClosing) this.#timer = setTimeout(() => this.#poll(), pollMs);
    });
  }

  async #look(): Promise<void> {
    const seen = await Promise.all(this.#slots.filter(({ isUp }) => isUp).map((slot) => this.#ask(slot)));
    if (this.#isClosing) return;
    const events = this.#observer.observe(seen.flatMap((each) => each ?? []));
    for (const event of events) this.#deps.onEvent(event);
    if (this.#observer.leader !== undefined) this.#onLeader?.();
  }

  async #ask(slot: Slot): Promise<Observation | undefined> {
    const { plan, process } = slot;
    try {
      const { status } = await fetchStatus({ host: '127.0.0.1', port: plan.port, url: plan.url }, statusTimeoutMs);
      const shard = defaultShard(status);
      if (shard === undefined || slot.process !== process) return undefined;
      slot.role = shard.role;
      const { role, term, commitIndex, appliedIndex } = shard;
      return { node: plan.id, role, term, commitIndex, appliedIndex };
    } catch {
      // A node that cannot be asked right now is on its way up or down; its process's end is told by itself.
      return undefined;
    }
  }
}
