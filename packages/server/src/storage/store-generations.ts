/**
 * Stores on disk. A shard's store lives in `shard-N/store-<generation>`; the sealed file CURRENT names the generation that counts and the last
 * one ever used, so that no path is used twice (an open LMDB environment is known by its path, and a path once removed may come back after a power cut).
 *
 * A store counts only when CURRENT names it, and CURRENT names it only when its directory, files and content are synced. So whatever is not named there
 * is left over and removed; and a named one that is not there is damage, never an empty store (R15).
 */
import { assert } from '@kvorum/core/base/assert.js';
import type { Disk } from '../env/disk.js';
import type { Log } from '../env/env.js';
import { type Corruption, readCorruption, writeCorruption } from './corruption-mark.js';
import type { Failpoints } from '../env/failpoints.js';
import { replaceFile } from '../env/replace-file.js';
import type { FlushGate } from './flush-gate.js';
import { type RevisionStore, StoreError, type StoreKind } from './revision-store.js';
import { isCount, readSealed, seal } from './sealed-file.js';
import type { ShardStore, ShardStores, StoreInstall } from './shard-stores.js';

const CURRENT_FORMAT = 1;

/** What stores on disk need. */
export interface StoreGenerationsDeps {
  readonly disk: Disk;
  readonly kind: StoreKind;
  /** The node's gate: stores are opened between flushes. */
  readonly gate: FlushGate;
  readonly log: Log;
  readonly failpoints?: Failpoints | undefined;
}

/** All shards' stores below the directory `root`, which is made where absent. */
export class StoreGenerations implements ShardStores {
  readonly #deps: StoreGenerationsDeps;
  readonly #root: string;
  readonly #open = new Map<number, GenerationStore>();

  constructor(deps: StoreGenerationsDeps, root: string) {
    this.#deps = deps;
    this.#root = root;
  }

  async open(shard: number): Promise<ShardStore> {
    assert(!this.#open.has(shard), 'the shard is open');
    const opened = new GenerationStore(this.#deps, `${this.#root}/shard-${shard}`, shard, () =>
      this.#open.delete(shard),
    );
    this.#open.set(shard, opened);
    try {
      await opened.start();
    } catch (error) {
      this.#open.delete(shard);
      throw error;
    }
    return opened;
  }

  async list(): Promise<readonly number[]> {
    const { disk } = this.#deps;
    if (!(await disk.exists(this.#root))) return [];
    const shards: number[] = [];
    for (const name of await disk.list(this.#root)) {
      const shard = numberAfter('shard-', name);
      if (shard !== undefined && (await disk.exists(`${this.#root}/${name}/CURRENT`))) shards.push(shard);
    }
    return shards.sort((a, b) => a - b);
  }

  async remove(shard: number): Promise<void> {
    assert(!this.#open.has(shard), 'remove of an open shard');
    const { disk } = this.#deps;
    if (!(await disk.exists(this.#root))) return;
    // CURRENT goes first: a removal that is cut off leaves a directory without it, which is no store.
    await disk.remove(`${this.#root}/shard-${shard}/CURRENT`);
    if (await disk.exists(`${this.#root}/shard-${shard}`)) await disk.syncDir(`${this.#root}/shard-${shard}`);
    await disk.remove(`${this.#root}/shard-${shard}`);
    await disk.syncDir(this.#root);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((store) => store.close()));
  }
}

/** The sealed content of CURRENT. */
interface Current {
  readonly generation: number;
  /** Highest generation whose path was ever used, or is reserved. */
  readonly lastGeneration: number;
}

class GenerationStore implements ShardStore {
  readonly #deps: StoreGenerationsDeps;
  readonly #path: string;
  readonly #shard: number;
  readonly #onClosed: () => void;
  #corruption: Corruption | undefined;
  #current: Current = { generation: 0, lastGeneration: 0 };
  #store: RevisionStore | undefined;
  #install: StagingStore | undefined;
  /** Closing and removing of stores that were replaced. Never rejects. */
  #retiring: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(deps: StoreGenerationsDeps, path: string, shard: number, onClosed: () => void) {
    this.#deps = deps;
    this.#path = path;
    this.#shard = shard;
    this.#onClosed = onClosed;
  }

  get store(): RevisionStore {
    assert(this.#store !== undefined, 'the store is not open');
    return this.#store;
  }

  get generation(): number {
    return this.#current.generation;
  }

  get corruption(): Corruption | undefined {
    return this.#corruption;
  }

  async markCorrupt(corruption: Corruption): Promise<void> {
    this.#corruption = corruption;
    await writeCorruption(this.#deps, this.#corruptionPath, this.#shard, corruption);
  }

  /** Opens the current generation, makes the first one where there is none, and removes everything else. */
  async start(): Promise<void> {
    const { disk } = this.#deps;
    await disk.makeDir(this.#path);
    const current = await this.#readCurrent();
    this.#corruption = await readCorruption(disk, this.#corruptionPath, this.#shard);
    const generations = (await disk.list(this.#path)).flatMap((name) => numberAfter('store-', name) ?? []);
    if (current === undefined) {
      const first = Math.max(0, ...generations) + 1;
      this.#store = await this.#createStore(first);
      await this.#writeCurrent({ generation: first, lastGeneration: first });
    } else {
      this.#current = current;
      this.#store = await this.#openExisting(current.generation);
    }
    // A killed process may have left CURRENT without its name synced: what it replaced goes only after that.
    await disk.syncDir(this.#path);
    for (const generation of generations) {
      if (generation !== this.#current.generation) await disk.remove(this.#pathOf(generation));
    }
    await disk.syncDir(this.#path);
  }

  async beginInstall(): Promise<StoreInstall> {
    assert(this.#closed === undefined && this.#install === undefined, 'one install at a time, into an open store');
    const generation = this.#current.lastGeneration + 1;
    const staging = new StagingStore(
      () => this.#createStaging(generation),
      (store) => this.#activate(generation, store),
      (store) => this.#drop(generation, store),
    );
    this.#install = staging;
    await staging.start();
    return staging;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#install?.abort();
    await this.#store?.close();
    await this.#retiring;
    this.#onClosed();
  }

  /** The path is reserved durably before it is used. */
  async #createStaging(generation: number): Promise<RevisionStore> {
    await this.#writeCurrent({ ...this.#current, lastGeneration: generation });
    return this.#createStore(generation);
  }

  async #activate(generation: number, store: RevisionStore): Promise<void> {
    const old = this.store;
    const oldGeneration = this.#current.generation;
    const { disk, failpoints } = this.#deps;
    failpoints?.hit('generationBeforeSwitch');
    await disk.syncDir(this.#pathOf(generation));
    failpoints?.hit('generationAfterSync');
    await this.#writeCurrent({ ...this.#current, generation });
    failpoints?.hit('generationAfterSwitch');
    this.#store = store;
    this.#install = undefined;
    this.#retiring = this.#retiring.then(() => this.#retire(oldGeneration, old));
  }

  async #drop(generation: number, store: RevisionStore | undefined): Promise<void> {
    await store?.close();
    await this.#deps.disk.remove(this.#pathOf(generation));
    this.#install = undefined;
  }

  /** A store that can't be removed takes room until the next open; nothing else depends on it. */
  async #retire(generation: number, store: RevisionStore): Promise<void> {
    const { disk, failpoints } = this.#deps;
    try {
      await store.close();
      failpoints?.hit('generationBeforeRemove');
      await disk.remove(this.#pathOf(generation));
      failpoints?.hit('generationAfterRemove');
      await disk.syncDir(this.#path);
    } catch (error) {
      this.#deps.log.warn('a replaced store could not be removed', {
        path: this.#pathOf(generation),
        error: String(error),
      });
    }
  }

  async #createStore(generation: number): Promise<RevisionStore> {
    const { disk, kind, gate, failpoints } = this.#deps;
    const path = this.#pathOf(generation);
    failpoints?.hit('generationBeforeCreate');
    await disk.makeDir(path);
    const store = await gate.run(() => kind.open(path));
    await disk.syncDir(path);
    failpoints?.hit('generationAfterCreate');
    return store;
  }

  async #openExisting(generation: number): Promise<RevisionStore> {
    const { disk, kind, gate } = this.#deps;
    const path = this.#pathOf(generation);
    if (!(await disk.exists(path))) throw new StoreError('STORE_DAMAGED', `the store ${path} is missing`);
    await kind.checkExisting(disk, path);
    return gate.run(() => kind.open(path));
  }

  async #readCurrent(): Promise<Current | undefined> {
    const path = `${this.#path}/CURRENT`;
    const content = await readSealed(this.#deps.disk, path);
    if (content === undefined) return undefined;
    const { format, shard, generation, lastGeneration } = content;
    const isWhole = format === CURRENT_FORMAT && shard === this.#shard && isCount(generation, 1);
    if (!isWhole || !isCount(lastGeneration, generation))
      throw new StoreError('STORE_DAMAGED', `${path} has a wrong field`);
    return { generation, lastGeneration };
  }

  async #writeCurrent(current: Current): Promise<void> {
    const content = seal({ format: CURRENT_FORMAT, shard: this.#shard, ...current });
    await replaceFile(this.#deps, `${this.#path}/CURRENT`, content, 'current');
    this.#current = current;
  }

  get #corruptionPath(): string {
    return `${this.#path}/CORRUPT`;
  }

  #pathOf(generation: number): string {
    return `${this.#path}/store-${generation}`;
  }
}

/** An install under way. Its three steps are the shard's; this keeps their order: start, then activate or abort. */
class StagingStore implements StoreInstall {
  readonly #create: () => Promise<RevisionStore>;
  readonly #activate: (store: RevisionStore) => Promise<void>;
  readonly #drop: (store: RevisionStore | undefined) => Promise<void>;
  #creating: Promise<RevisionStore> | undefined;
  #store: RevisionStore | undefined;
  #ending: Promise<void> | undefined;

  constructor(
    create: () => Promise<RevisionStore>,
    activate: (store: RevisionStore) => Promise<void>,
    drop: (store: RevisionStore | undefined) => Promise<void>,
  ) {
    this.#create = create;
    this.#activate = activate;
    this.#drop = drop;
  }

  get store(): RevisionStore {
    assert(this.#store !== undefined && this.#ending === undefined, 'the install has ended');
    return this.#store;
  }

  async start(): Promise<void> {
    this.#creating = this.#create();
    this.#store = await this.#creating;
  }

  activate(): Promise<void> {
    this.#ending = this.#activate(this.store);
    return this.#ending;
  }

  /** Waits for a creation or an activation under way. */
  async abort(): Promise<void> {
    this.#ending ??= this.#abort();
    await this.#ending;
  }

  async #abort(): Promise<void> {
    // A creation that failed has told its caller already.
    const store = await this.#creating?.catch(() => undefined);
    await this.#drop(store);
  }
}

function numberAfter(prefix: string, name: string): number | undefined {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(0|[1-9][0-9]{0,14})$/.test(digits) ? Number(digits) : undefined;
}
