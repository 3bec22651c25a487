/**
 * The revision store in LMDB: one environment per open shard, two named databases (`records`, `meta`), nothing in the root database.
 *
 * How a commit is one durable transaction: all its rows are queued as one block in one synchronous loop, and lmdb's writer thread never commits within
 * a block. With `overlappingSync` off that commit is LMDB's classic one: pages written, fdatasync, then the meta page written through an O_DSYNC
 * descriptor; only then does the block's promise resolve (a test watches it with strace). The overlapping mode keeps a third meta page and
 * a `flushed` promise that never settles after a failed commit; with one flush at a time per node it buys nothing.
 *
 * Turn batching is off because it makes promises of its own, which nobody can catch: a failed commit would end an embedding process by
 * an unhandled rejection.
 *
 * It must never run a synchronous transaction nor open a database after `openLmdbStore` has returned, never retry, and never use `append`, which
 * costs a promise per record.
 */
import { open, type Database, type RootDatabase, type Transaction } from 'lmdb';
import { assert } from '@kvorum/core/base/assert.js';
import { gatherBatch, type GatheredBatch } from './gathered-batch.js';
import { REVISION_KEY_BYTES, revisionKeyMain, revisionKeySub, writeRevisionKey } from '@kvorum/core/kv/revision.js';
import type { RevisionStore, RowVisitor, StoreBatch, StoreKind, StoreSnapshot } from './revision-store.js';
import { checkLmdbStore } from './lmdb-file.js';
import { StoreLife } from './store-life.js';
import { commitFailure, openFailure, readFailure } from './lmdb-failure.js';

/** Address space an environment starts with; LMDB doubles it when the data outgrow it. Costs no memory. */
const MAP_BYTES_INITIAL = 1024 * 1024 * 1024;

/** The only key of the `meta` database. */
const META_KEY = Uint8Array.of(0x6d);

/** Opens the store in the directory `path`, creating its files where absent. Blocks the loop for a few milliseconds: never while a flush runs. */
export function openLmdbStore(path: string): Promise<RevisionStore> {
  try {
    return Promise.resolve(new LmdbRevisionStore(path));
  } catch (error) {
    return Promise.reject(openFailure(path, error));
  }
}

/** Stores in LMDB files. */
export const lmdbStoreKind: StoreKind = { open: openLmdbStore, checkExisting: checkLmdbStore };

class LmdbRevisionStore implements RevisionStore {
  readonly #path: string;
  readonly #life: StoreLife;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #records: Database<Uint8Array, Uint8Array>;
  readonly #meta: Database<Uint8Array, Uint8Array>;
  readonly #codec = new RowCodec();
  /** Keys are copied by lmdb during each call, so one buffer serves all. */
  readonly #key = new Uint8Array(REVISION_KEY_BYTES);
  #closed: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#life = new StoreLife(path);
    this.#root = open<Uint8Array, Uint8Array>({ ...ENVIRONMENT_OPTIONS, path });
    try {
      const options = { encoder: this.#codec, keyEncoder: this.#codec, compression: false };
      this.#records = this.#root.openDB<Uint8Array, Uint8Array>({ ...options, name: 'records' });
      this.#meta = this.#root.openDB<Uint8Array, Uint8Array>({ ...options, name: 'meta' });
    } catch (error) {
      void this.#root.close();
      throw error;
    }
  }

  get(main: number, sub: number): Uint8Array | undefined {
    this.#life.check();
    writeRevisionKey(this.#key, 0, main, sub);
    try {
      return this.#records.get(this.#key);
    } catch (error) {
      throw readFailure(this.#path, error);
    }
  }

  scan(main: number, sub: number, visit: RowVisitor): void {
    this.#life.check();
    this.#scan(main, sub, visit, undefined);
  }

  readMeta(): Uint8Array | undefined {
    this.#life.check();
    return this.#meta.get(META_KEY)?.slice();
  }

  async commit(batch: StoreBatch): Promise<void> {
    const rows = gatherBatch(batch);
    const leave = this.#life.enter();
    try {
      await this.#root.batch(() => this.#queue(rows));
    } catch (error) {
      throw await this.#failed(error);
    } finally {
      leave();
    }
  }

  openSnapshot(): StoreSnapshot {
    const leave = this.#life.enter();
    const transaction = this.#root.useReadTransaction();
    let isOpen = true;
    return {
      meta: this.#meta.get(META_KEY, { transaction })?.slice(),
      scan: (main, sub, visit) => {
        assert(isOpen, 'scan of a closed snapshot');
        this.#scan(main, sub, visit, transaction);
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        transaction.done();
        leave();
      },
    };
  }

  sizeBytes(): number {
    this.#life.check();
    return fileBytes(this.#root.getStats());
  }

  close(): Promise<void> {
    this.#closed ??= this.#life.drain().then(() => this.#root.close());
    return this.#closed;
  }

  /** Queues everything, inside a batch: the promises of its single puts tell nothing and never reject. */
  #queue(rows: GatheredBatch): void {
    let at = 0;
    for (const record of rows.records) {
      void this.#records.put(rows.keys.subarray(at, at + REVISION_KEY_BYTES), record);
      at += REVISION_KEY_BYTES;
    }
    for (; at < rows.keys.length; at += REVISION_KEY_BYTES) {
      void this.#records.remove(rows.keys.subarray(at, at + REVISION_KEY_BYTES));
    }
    void this.#meta.put(META_KEY, rows.meta);
  }

  #scan(main: number, sub: number, visit: RowVisitor, transaction: Transaction | undefined): void {
    const start = new Uint8Array(REVISION_KEY_BYTES);
    writeRevisionKey(start, 0, main, sub);
    const codec = this.#codec;
    const rows = this.#records.getRange(transaction === undefined ? { start } : { start, transaction });
    try {
      for (const row of rows) {
        // The codec left the key's numbers in its fields; see RowCodec.
        if (!visit(codec.main, codec.sub, row.value)) return;
      }
    } catch (error) {
      throw readFailure(this.#path, error);
    }
  }

  /** Anything that goes wrong once rows may have been queued leaves an unknown state; before, it was the caller's bug and nothing happened. */
  async #failed(error: unknown): Promise<unknown> {
    const failure = await commitFailure(this.#path, error);
    this.#life.fail(failure);
    return failure;
  }
}

const ENVIRONMENT_OPTIONS = {
  noSubdir: false,
  permissionsMode: 0o600,
  maxDbs: 2,
  mapSize: MAP_BYTES_INITIAL,
  overlappingSync: false,
  safeRestore: true,
  eventTurnBatching: false,
  encoding: 'binary',
  keyEncoding: 'binary',
} as const;

/**
 * How lmdb turns rows into bytes and back, without an allocation per key and with one view per value. lmdb calls it in the middle of its own
 * read, one row at a time: `main` and `sub` are those of the row that was read last.
 */
class RowCodec {
  main = 0;
  sub = 0;

  encode(value: Uint8Array): Uint8Array {
    return value;
  }

  /** `bytes` is lmdb's one read buffer: only its overridden `length` is true, so a view with that length is made. */
  decode(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
    target.set(key, start);
    return start + key.length;
  }

  readonly readKey = (source: Uint8Array, start: number, _end: number): undefined => {
    this.main = revisionKeyMain(source, start);
    this.sub = revisionKeySub(source, start);
    return undefined;
  };
}

/** Size of the data file: all pages up to the last one used, free ones included. */
function fileBytes(stats: object): number {
  const lastPage: unknown = Reflect.get(stats, 'lastPageNumber');
  const pageSize: unknown = Reflect.get(stats, 'pageSize');
  assert(typeof lastPage === 'number' && typeof pageSize === 'number', 'lmdb tells no page counts');
  return (lastPage + 1) * pageSize;
}
