/** One machine of a power-cut test: its disk, its stores, and the node that runs on them until the power goes. */
import { noProbe } from '../../env/testing/no-probe.js';
import type { Random } from '../../env/env.js';
import type { Failpoint } from '../../env/failpoints.js';
import { MemoryDisk } from '../../env/testing/memory-disk.js';
import { below } from '../../env/testing/seeded-random.js';
import { type KvorumNode, type StartOptions, startNode } from '../../node.js';
import type { ShardHost } from '../../shard/shard-host.js';
import type { StartDeps } from '../../start-deps.js';
import type { StoreKind } from '../../storage/revision-store.js';
import { ProcessEnv, type ProcessWorld } from './process-env.js';

/** Stores that know what a power cut leaves of them. */
export interface CutStores extends StoreKind {
  /** What a cut at this moment may leave; these may go on. Takes effect before it returns. */
  cut(random: Random): CutStores;
}

export interface MachineDeps {
  readonly world: ProcessWorld;
  /** Decides what a cut leaves, and how long syncs take. */
  readonly random: Random;
  readonly stores: CutStores;
  /** The machine's process has come to a point; a cut in here is one at exactly that point. */
  readonly onHit?: (machine: Machine, name: Failpoint) => void;
}

export interface MachineOptions {
  readonly node: StartOptions;
  readonly testing: NonNullable<StartDeps['testing']>;
  readonly firstMembers?: StartDeps['firstMembers'];
  readonly flushPolicy?: StartDeps['flushPolicy'];
}

/** The sync of an append takes up to so many microtasks. */
const syncTicksMax = 120;

export class Machine {
  readonly name: string;
  readonly #deps: MachineDeps;
  readonly #options: MachineOptions;
  #disk = new MemoryDisk();
  #stores: CutStores;
  #life: ProcessLife | undefined;

  constructor(deps: MachineDeps, id: number, options: MachineOptions) {
    this.name = hostOf(id);
    this.#deps = deps;
    this.#options = { ...options, node: { ...options.node, nodeId: id } };
    this.#stores = deps.stores;
  }

  /** The node's process, from its start to the power cut. */
  get life(): ProcessLife | undefined {
    return this.#life;
  }

  get disk(): MemoryDisk {
    return this.#disk;
  }

  start(): ProcessLife {
    const { world, random } = this.#deps;
    this.#disk.syncTicks = () => below(random, syncTicksMax);
    const env = new ProcessEnv(world, this.name, this.#disk, (name) => this.#deps.onHit?.(this, name));
    const { node, ...deps } = this.#options;
    let shards: ShardHost | undefined;
    const inspect = (host: ShardHost): void => void (shards = host);
    const started = startNode(node, { env, ...deps, storeKind: this.#stores, probe: noProbe, inspect });
    this.#life = new ProcessLife(env, started, () => shards);
    return this.#life;
  }

  /** The power goes: disk and stores fall back to what the cut leaves, and nothing of the process goes on. */
  cut(): void {
    const { random } = this.#deps;
    const disk = this.#disk.cut(random);
    const stores = this.#stores.cut(random);
    this.#life?.kill();
    this.#life = undefined;
    this.#disk = disk;
    this.#stores = stores;
  }

  /** Another machine with what a cut at this moment may leave here; this one goes on. */
  copyAfterCut(world: ProcessWorld): Machine {
    const { random } = this.#deps;
    const copy = new Machine({ world, random, stores: this.#stores.cut(random) }, 1, this.#options);
    copy.#disk = this.#disk.cut(random);
    return copy;
  }
}

/** One process. */
export class ProcessLife {
  /** Set once the node has started. */
  node: KvorumNode | undefined;
  /** Why the start failed or the node ended by itself. */
  failure: Error | undefined;
  isAlive = true;
  /** Resolves when the process is killed. */
  readonly killed: Promise<void>;
  readonly #env: ProcessEnv;
  #resolveKilled: (() => void) | undefined;
  readonly #shards: () => ShardHost | undefined;

  constructor(env: ProcessEnv, started: Promise<KvorumNode>, shards: () => ShardHost | undefined) {
    this.#env = env;
    this.#shards = shards;
    this.killed = new Promise((resolve) => (this.#resolveKilled = resolve));
    const failed = (error: unknown): void => {
      if (this.isAlive) this.failure = error instanceof Error ? error : new Error(String(error));
    };
    started.then((node) => {
      if (!this.isAlive) return;
      this.node = node;
      node.closed.catch(failed);
    }, failed);
  }

  /** The shards of the node once they are open. */
  get shards(): ShardHost | undefined {
    return this.#shards();
  }

  kill(): void {
    this.isAlive = false;
    this.#env.kill();
    this.#resolveKilled?.();
  }
}

/** The host name of a node in the test's network. */
export function hostOf(id: number): string {
  return `node-${id}`;
}
