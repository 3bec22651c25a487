/**
 * The revision store in memory: for nodes without a disk, and the twin of the LMDB store in simulation. It keeps apart what LMDB keeps apart:
 * a commit is first queued, then visible to reads, then flushed; {@link MemoryRevisionStore.crash} gives any visible prefix that holds at least all flushed commits.
 *
 * Like LMDB it reads a batch's records late (when they become visible) and hands out a view that the next `get` overwrites, so that a caller that breaks
 * either contract fails in simulation too.
 */
import { revisionKeyMain, revisionKeySub, REVISION_KEY_BYTES } from '@kvorum/core/kv/revision.js';
import { assert } from '@kvorum/core/base/assert.js';
import type { Random } from '../env/env.js';
import { gatherBatch, type GatheredBatch } from './gathered-batch.js';
import { MemoryRows } from './memory-rows.js';
import {
  StoreError,
  type RevisionStore,
  type RowVisitor,
  type StoreBatch,
  type StoreKind,
  type StoreSnapshot,
} from './revision-store.js';
import { StoreLife } from './store-life.js';

/** Steps that a test or the simulator may delay or fail; a rejection is a failed commit. Reject with a {@link StoreError} to choose its code. */
export interface MemoryStoreSteps {
  /** Before a commit becomes visible. */
  readonly commit?: () => Promise<void>;
  /** Before a visible commit counts as flushed. */
  readonly flush?: () => Promise<void>;
}

/** What a store holds after a crash: the start of another store. */
export interface MemoryStoreImage {
  readonly rows: MemoryRows;
  readonly meta: Uint8Array | undefined;
}

/** How to take one visible commit back. */
interface Undo {
  readonly rows: readonly { main: number; sub: number; before: Uint8Array | undefined }[];
  readonly meta: Uint8Array | undefined;
}

const nothing = (): Promise<void> => Promise.resolve();

/** A store in memory. */
export class MemoryRevisionStore implements RevisionStore {
  readonly #life: StoreLife;
  readonly #steps: MemoryStoreSteps;
  readonly #rows: MemoryRows;
  #meta: Uint8Array | undefined;
  /** Visible commits that are not flushed, oldest first. */
  #unflushed: Undo[] = [];
  #lastVisible: Promise<void> = Promise.resolve();
  #lastFlushed: Promise<void> = Promise.resolve();
  #scratch = new Uint8Array(1024);
  #closed: Promise<void> | undefined;

  constructor(name: string, steps: MemoryStoreSteps = {}, image?: MemoryStoreImage) {
    this.#life = new StoreLife(name);
    this.#steps = steps;
    this.#rows = image === undefined ? new MemoryRows() : image.rows.copy();
    this.#meta = image?.meta;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    this.#life.check();
    const record = this.#rows.get(main, sub);
    if (record === undefined) return undefined;
    if (record.length > this.#scratch.length) this.#scratch = new Uint8Array(record.length * 2);
    this.#scratch.set(record);
    return this.#scratch.subarray(0, record.length);
  }

  scan(main: number, sub: number, visit: RowVisitor): void {
    this.#life.check();
    this.#rows.scan(main, sub, visit);
  }

  readMeta(): Uint8Array | undefined {
    this.#life.check();
    return this.#meta?.slice();
  }

  async commit(batch: StoreBatch): Promise<void> {
    const rows = gatherBatch(batch);
    const leave = this.#life.enter();
    const visible = this.#lastVisible.then(() => this.#makeVisible(rows));
    const flushed = Promise.all([visible, this.#lastFlushed]).then(() => this.#flush());
    this.#lastVisible = visible.catch(() => undefined);
    this.#lastFlushed = flushed.catch(() => undefined);
    try {
      await flushed;
    } catch (error) {
      const failure =
        error instanceof StoreError ? error : new StoreError('STORE_IO', 'a commit in memory failed', error);
      this.#life.fail(failure);
      throw failure;
    } finally {
      leave();
    }
  }

  openSnapshot(): StoreSnapshot {
    const leave = this.#life.enter();
    const rows = this.#rows.copy();
    let isOpen = true;
    return {
      meta: this.#meta?.slice(),
      scan: (main, sub, visit) => {
        assert(isOpen, 'scan of a closed snapshot');
        rows.scan(main, sub, visit);
      },
      close: () => {
        isOpen = false;
        leave();
      },
    };
  }

  sizeBytes(): number {
    return this.#rows.bytes;
  }

  close(): Promise<void> {
    this.#closed ??= this.#life.drain();
    return this.#closed;
  }

  /** What a power cut at this moment leaves: everything flushed and, by chance, some of the visible commits after it. The store goes on. */
  crash(random: Pick<Random, 'float'>): MemoryStoreImage {
    const kept = Math.floor(random.float() * (this.#unflushed.length + 1));
    const rows = this.#rows.copy();
    let meta = this.#meta;
    for (const undo of this.#unflushed.slice(kept).reverse()) {
      for (const { main, sub, before } of undo.rows.toReversed()) rows.set(main, sub, before);
      meta = undo.meta;
    }
    return { rows, meta };
  }

  async #makeVisible(batch: GatheredBatch): Promise<void> {
    await (this.#steps.commit ?? nothing)();
    this.#life.checkFailure();
    const undone: { main: number; sub: number; before: Uint8Array | undefined }[] = [];
    for (let at = 0; at < batch.keys.length; at += REVISION_KEY_BYTES) {
      const main = revisionKeyMain(batch.keys, at);
      const sub = revisionKeySub(batch.keys, at);
      const record = batch.records[at / REVISION_KEY_BYTES]?.slice();
      undone.push({ main, sub, before: this.#rows.set(main, sub, record) });
    }
    this.#unflushed.push({ rows: undone, meta: this.#meta });
    this.#meta = batch.meta.slice();
  }

  async #flush(): Promise<void> {
    await (this.#steps.flush ?? nothing)();
    this.#life.checkFailure();
    this.#unflushed.shift();
  }
}

/** Memory stores by path, for a simulated machine: they outlive the node that opened them, as files would. */
export class MemoryStoreDisk implements StoreKind {
  readonly #steps: MemoryStoreSteps;
  readonly #images = new Map<string, MemoryStoreImage>();
  readonly #open = new Map<string, MemoryRevisionStore>();

  constructor(steps: MemoryStoreSteps = {}) {
    this.#steps = steps;
  }

  /** Opens the store at `path`; an empty one where none was. */
  readonly open = (path: string): Promise<RevisionStore> => {
    const last = this.#open.get(path)?.crash({ float: () => 0.999_999 });
    const store = new MemoryRevisionStore(path, this.#steps, last ?? this.#images.get(path));
    this.#open.set(path, store);
    return Promise.resolve(store);
  };

  /** The directories are on another disk: nothing to look at here. */
  readonly checkExisting = nothing;

  /** The stores as a power cut at this moment may leave them; these go on. */
  cut(random: Pick<Random, 'float'>): MemoryStoreDisk {
    const after = new MemoryStoreDisk(this.#steps);
    for (const [path, image] of this.#images) after.#images.set(path, image);
    for (const [path, store] of this.#open) after.#images.set(path, store.crash(random));
    return after;
  }

  /** Power cut: every store falls back to what {@link MemoryRevisionStore.crash} leaves. Stores opened before must not be used any more. */
  crash(random: Pick<Random, 'float'>): void {
    for (const [path, store] of this.#open) this.#images.set(path, store.crash(random));
    this.#open.clear();
  }
}
