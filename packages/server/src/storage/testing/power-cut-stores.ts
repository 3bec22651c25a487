/**
 * LMDB stores for power-cut tests: remembers what each store's data file held when its last commit was flushed, so that a cut can go back to it,
 * or, by chance, to what the file holds at the moment of the cut. Paths need not exist: the files lie in one real directory, so the rest of the
 * node may run on a memory disk.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../env/env.js';
import { openLmdbStore } from '../lmdb-revision-store.js';
import type { RevisionStore, StoreBatch, StoreKind } from '../revision-store.js';

/** One machine's stores, between two power cuts. */
export class PowerCutStores implements StoreKind {
  readonly #root: string;
  /** By the caller's path: the data file as of the last flush. */
  readonly #flushed = new Map<string, Buffer>();

  /** `root` is an existing, empty, real directory. */
  constructor(root: string) {
    this.#root = root;
  }

  async open(path: string): Promise<RevisionStore> {
    const directory = this.#directoryOf(path);
    mkdirSync(directory, { recursive: true });
    const store = await openLmdbStore(directory);
    const remember = () => this.#flushed.set(path, readFileSync(join(directory, 'data.mdb')));
    remember();
    return new RememberingStore(store, remember);
  }

  /** The files are not on the caller's disk: nothing to look at there. */
  checkExisting(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * The stores as a power cut at this moment may leave them, in `root`, another real and empty directory. Stores of before go on and must be closed, or their
   * process killed, by the caller.
   */
  cut(root: string, random: Pick<Random, 'float'>): PowerCutStores {
    const after = new PowerCutStores(root);
    for (const [path, flushed] of this.#flushed) {
      const directory = after.#directoryOf(path);
      mkdirSync(directory, { recursive: true });
      const file = join(directory, 'data.mdb');
      // Copied in one blocking call: a commit under way writes only pages that the file's meta pages do not reach yet.
      if (random.float() < 0.5) copyFileSync(join(this.#directoryOf(path), 'data.mdb'), file);
      else writeFileSync(file, flushed);
      after.#flushed.set(path, readFileSync(file));
    }
    return after;
  }

  #directoryOf(path: string): string {
    return join(this.#root, path.replaceAll('/', '_'));
  }
}

/** Passes everything on and remembers the file before a commit resolves: no other flush is under way then. */
class RememberingStore implements RevisionStore {
  readonly #store: RevisionStore;
  readonly #remember: () => void;

  constructor(store: RevisionStore, remember: () => void) {
    this.#store = store;
    this.#remember = remember;
  }

  get(...args: Parameters<RevisionStore['get']>): ReturnType<RevisionStore['get']> {
    return this.#store.get(...args);
  }

  scan(...args: Parameters<RevisionStore['scan']>): void {
    this.#store.scan(...args);
  }

  readMeta(): Uint8Array | undefined {
    return this.#store.readMeta();
  }

  async commit(batch: StoreBatch): Promise<void> {
    await this.#store.commit(batch);
    this.#remember();
  }

  openSnapshot(): ReturnType<RevisionStore['openSnapshot']> {
    return this.#store.openSnapshot();
  }

  sizeBytes(): number {
    return this.#store.sizeBytes();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
