/** The stores of a node without a disk: no files, nothing survives the process. */
import { assert } from '@kvorum/core/base/assert.js';
import type { Corruption } from './corruption-mark.js';
import { MemoryRevisionStore } from './memory-revision-store.js';
import type { RevisionStore } from './revision-store.js';
import type { ShardStore, ShardStores, StoreInstall } from './shard-stores.js';

/** All shards' stores in memory. */
export class MemoryShardStores implements ShardStores {
  readonly #shards = new Map<number, MemoryShardStore>();

  open(shard: number): Promise<ShardStore> {
    assert(!this.#shards.has(shard), 'the shard is open');
    const store = new MemoryShardStore(`shard-${shard}`, () => this.#shards.delete(shard));
    this.#shards.set(shard, store);
    return Promise.resolve(store);
  }

  list(): Promise<readonly number[]> {
    return Promise.resolve([...this.#shards.keys()].sort((a, b) => a - b));
  }

  remove(shard: number): Promise<void> {
    assert(!this.#shards.has(shard), 'remove of an open shard');
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#shards.values()].map((store) => store.close()));
  }
}

class MemoryShardStore implements ShardStore {
  corruption: Corruption | undefined;
  readonly #name: string;
  readonly #onClosed: () => void;
  #store: RevisionStore;
  #install: StoreInstall | undefined;
  #generation = 1;
  #closed: Promise<void> | undefined;

  constructor(name: string, onClosed: () => void) {
    this.#name = name;
    this.#onClosed = onClosed;
    this.#store = new MemoryRevisionStore(name);
  }

  get store(): RevisionStore {
    return this.#store;
  }

  get generation(): number {
    return this.#generation;
  }

  markCorrupt(corruption: Corruption): Promise<void> {
    this.corruption = corruption;
    return Promise.resolve();
  }

  beginInstall(): Promise<StoreInstall> {
    assert(this.#closed === undefined && this.#install === undefined, 'one install at a time, into an open store');
    const store = new MemoryRevisionStore(this.#name);
    const end = () => {
      if (this.#install !== install) return false;
      this.#install = undefined;
      return true;
    };
    const install: StoreInstall = {
      store,
      activate: () => {
        assert(end(), 'the install has ended');
        const old = this.#store;
        this.#store = store;
        this.#generation += 1;
        // Its open snapshots end by themselves; nothing waits for it.
        void old.close();
        return Promise.resolve();
      },
      abort: () => (end() ? store.close() : Promise.resolve()),
    };
    this.#install = install;
    return Promise.resolve(install);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#install?.abort();
    await this.#store.close();
    this.#onClosed();
  }
}
