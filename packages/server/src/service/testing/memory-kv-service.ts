/**
 * A KvService in memory, for tests of what stands above the service: true revisions, conditions, history and compaction; no Raft, no
 * disk. Every operation first passes `gate`, where a test may delay it or make it fail.
 */
import { Buffer } from 'node:buffer';
import { SESSION_WINDOW } from '@kvorum/core/kv/session-codec.js';
import { KvorumError } from '@kvorum/protocol';
import type {
  Backup,
  BackupOptions,
  BatchOperation,
  BatchResult,
  DeleteResult,
  GetResult,
  KeyValue,
  KvService,
  Listing,
  ListOptions,
  PutResult,
  ReadOptions,
  SessionInfo,
  Watch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  WriteSession,
} from '../kv-service.js';
import { MemoryWatches } from './memory-watches.js';

export type KvOperation =
  | 'get'
  | 'put'
  | 'delete'
  | 'batch'
  | 'session'
  | 'list'
  | 'page'
  | 'count'
  | 'compact'
  | 'backup'
  | 'chunk'
  | 'watch'
  | 'watchBatch';

/** Called before each operation (and each page of a list); may throw, or return a promise that the operation waits for. */
export type KvGate = (
  operation: KvOperation,
  options: ReadOptions | WriteOptions | BackupOptions | WatchOptions,
) => Promise<void> | undefined;

/** One version of a key; without a value it is a tombstone. */
interface Version {
  readonly main: number;
  readonly kv: KeyValue | undefined;
}

/** Outcomes of one session's writes, by sequence. */
interface MemorySession {
  first: number;
  readonly puts: Map<number, () => PutResult>;
  readonly deletes: Map<number, () => DeleteResult>;
}

const puts = (session: MemorySession): MemorySession['puts'] => session.puts;
const deletes = (session: MemorySession): MemorySession['deletes'] => session.deletes;

export class MemoryKvService implements KvService {
  gate: KvGate = () => undefined;
  revision = 1;
  compactRevision = 0;
  /** Rows of one page of a list. */
  pageRows = 100;
  /** Lists that were opened and not yet left. */
  openListings = 0;
  /** What a backup streams; each passes the gate as `chunk`. */
  backupChunks: readonly Uint8Array[] = [];
  openBackups = 0;
  /** Open sessions; a test may delete one, as its expiry would. */
  readonly sessions = new Map<number, MemorySession>();
  #lastSession = 1_000;
  readonly watches = new MemoryWatches({
    revision: () => this.revision,
    compactRevision: () => this.compactRevision,
    gate: (options) => this.gate('watchBatch', options),
  });
  readonly #histories = new Map<string, Version[]>();

  async get(key: Uint8Array, options: ReadOptions = {}): Promise<GetResult> {
    await this.gate('get', options);
    const at = this.#readable(options.revision);
    return { kv: newestAt(this.#histories.get(nameOf(key)), at), revision: this.revision };
  }

  async put(key: Uint8Array, value: Uint8Array, options: WriteOptions = {}): Promise<PutResult> {
    await this.gate('put', options);
    return this.#once(options.session, puts, () => this.#put(key, value, options));
  }

  async delete(key: Uint8Array, options: WriteOptions = {}): Promise<DeleteResult> {
    await this.gate('delete', options);
    return this.#once(options.session, deletes, () => this.#delete(key, options));
  }

  async watch(options: WatchOptions = {}): Promise<Watch> {
    await this.gate('watch', options);
    return this.watches.watch(options);
  }

  async batch(
    operations: readonly BatchOperation[],
    options: Pick<WriteOptions, 'timeoutMs'> = {},
  ): Promise<readonly BatchResult[]> {
    await this.gate('batch', options);
    return operations.map((operation) => {
      try {
        return operation.kind === 'put'
          ? {
              kind: 'put',
              ...this.#once(operation.session, puts, () => this.#put(operation.key, operation.value, operation)),
            }
          : { kind: 'delete', ...this.#once(operation.session, deletes, () => this.#delete(operation.key, operation)) };
      } catch (error) {
        if (error instanceof KvorumError) return { kind: 'failed', error };
        throw error;
      }
    });
  }

  async openSession(options: Pick<WriteOptions, 'timeoutMs'> = {}): Promise<SessionInfo> {
    await this.gate('session', options);
    this.#lastSession += 1;
    this.sessions.set(this.#lastSession, { first: 1, puts: new Map(), deletes: new Map() });
    return { id: this.#lastSession, idleMs: 3_600_000 };
  }

  async keepSession(id: number, options: Pick<WriteOptions, 'timeoutMs'> = {}): Promise<void> {
    await this.gate('session', options);
    if (!this.sessions.has(id)) throw sessionExpired();
  }

  async closeSession(id: number, options: Pick<WriteOptions, 'timeoutMs'> = {}): Promise<void> {
    await this.gate('session', options);
    this.sessions.delete(id);
  }

  #put(key: Uint8Array, value: Uint8Array, options: WriteOptions): PutResult {
    const name = nameOf(key);
    const before = newestAt(this.#histories.get(name), this.revision);
    checkCondition(before, options);
    const main = this.#nextRevision();
    const kv: KeyValue = {
      key,
      value,
      createRevision: before?.createRevision ?? main,
      modRevision: main,
      version: (before?.version ?? 0) + 1,
    };
    this.#append(name, { main, kv }, { type: 'put', kv, prevKv: before });
    return { revision: main, createRevision: kv.createRevision, version: kv.version };
  }

  #delete(key: Uint8Array, options: WriteOptions): DeleteResult {
    const name = nameOf(key);
    const before = newestAt(this.#histories.get(name), this.revision);
    checkCondition(before, options);
    if (before === undefined) return { revision: this.revision, deleted: 0 };
    const main = this.#nextRevision();
    const kv: KeyValue = { key, value: new Uint8Array(0), createRevision: 0, modRevision: main, version: 0 };
    this.#append(name, { main, kv: undefined }, { type: 'delete', kv, prevKv: before });
    return { revision: main, deleted: 1 };
  }

  async list(options: ListOptions = {}): Promise<Listing> {
    await this.gate('list', options);
    const revision = this.#readable(options.revision);
    const names = this.#namesFrom(options, revision);
    const limit = options.limit ?? 0;
    const cut = limit > 0 ? names[limit] : undefined;
    const listed = limit > 0 ? names.slice(0, limit) : names;
    return {
      revision,
      pages: this.#pages(listed, revision, options),
      nextKey: () => (cut === undefined ? undefined : Buffer.from(cut, 'latin1')),
    };
  }

  async count(options: ListOptions = {}): Promise<{ readonly count: number; readonly revision: number }> {
    await this.gate('count', options);
    const revision = this.#readable(options.revision);
    return { count: this.#namesFrom(options, revision).length, revision };
  }

  async compact(revision: number): Promise<{ readonly revision: number }> {
    await this.gate('compact', {});
    this.#readable(revision);
    if (revision <= this.compactRevision) throw compacted(this.compactRevision);
    this.compactRevision = revision;
    this.watches.wake();
    return { revision: this.revision };
  }

  async backup(options: BackupOptions = {}): Promise<Backup> {
    await this.gate('backup', options);
    this.openBackups += 1;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.openBackups -= 1;
      isOpen = false;
    };
    const bytesEstimate = this.backupChunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return { revision: this.revision, bytesEstimate, chunks: this.#backup(close), close };
  }

  async *#backup(close: () => void): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of this.backupChunks) {
        await this.gate('chunk', {});
        yield chunk;
      }
    } finally {
      close();
    }
  }

  async *#pages(names: readonly string[], revision: number, options: ListOptions): AsyncGenerator<readonly KeyValue[]> {
    this.openListings += 1;
    try {
      for (let start = 0; start < names.length; start += this.pageRows) {
        await this.gate('page', options);
        if (revision < this.compactRevision) throw compacted(this.compactRevision);
        const page: KeyValue[] = [];
        for (const name of names.slice(start, start + this.pageRows)) {
          const kv = newestAt(this.#histories.get(name), revision);
          if (kv !== undefined) page.push(options.keysOnly === true ? { ...kv, value: new Uint8Array(0) } : kv);
        }
        yield page;
      }
    } finally {
      this.openListings -= 1;
    }
  }

  /** One character per byte keeps the order of bytes. */
  #namesFrom(options: ListOptions, revision: number): string[] {
    const prefix = nameOf(options.prefix ?? new Uint8Array(0));
    const from = nameOf(options.from ?? new Uint8Array(0));
    const names = [...this.#histories.keys()].filter((name) => name.startsWith(prefix) && name >= from);
    return names.filter((name) => newestAt(this.#histories.get(name), revision) !== undefined).sort(compareNames);
  }

  /** Executes a write of a session the first time only; an error is an outcome, too. */
  #once<T>(
    session: WriteSession | undefined,
    kept: (session: MemorySession) => Map<number, () => T>,
    write: () => T,
  ): T {
    if (session === undefined) return write();
    const known = this.sessions.get(session.id);
    if (known === undefined) throw sessionExpired();
    known.first = Math.max(known.first, session.firstUnacknowledged);
    if (session.sequence < known.first) {
      throw new KvorumError('SEQUENCE_REFUSED', 'acknowledged before', { field: 'sequence', mayHaveHappened: false });
    }
    if (session.sequence >= known.first + SESSION_WINDOW) {
      throw new KvorumError('SEQUENCE_REFUSED', 'beyond the window', { field: 'sequence', mayHaveHappened: false });
    }
    const others: ReadonlyMap<number, unknown> = kept === puts ? known.deletes : known.puts;
    if (others.has(session.sequence)) {
      throw new KvorumError('SEQUENCE_REFUSED', 'another kind', { field: 'sequence', mayHaveHappened: false });
    }
    const outcome = kept(known).get(session.sequence) ?? attempt(write);
    kept(known).set(session.sequence, outcome);
    return outcome();
  }

  #readable(revision: number | undefined): number {
    if (revision === undefined) return this.revision;
    if (revision > this.revision) {
      throw new KvorumError('FUTURE_REVISION', `revision ${revision} is not written yet`, {
        field: 'revision',
        currentRevision: this.revision,
      });
    }
    if (revision < this.compactRevision) throw compacted(this.compactRevision);
    return revision;
  }

  #nextRevision(): number {
    this.revision += 1;
    return this.revision;
  }

  #append(name: string, version: Version, event: WatchEvent): void {
    this.watches.add(event);
    const history = this.#histories.get(name);
    if (history === undefined) this.#histories.set(name, [version]);
    else history.push(version);
  }
}

/** Runs it once; what it gives or throws every time after. */
function attempt<T>(run: () => T): () => T {
  try {
    const result = run();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function sessionExpired(): KvorumError {
  return new KvorumError('SESSION_EXPIRED', 'the session has expired, was closed or never was', {
    mayHaveHappened: false,
  });
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function newestAt(history: readonly Version[] | undefined, revision: number): KeyValue | undefined {
  return history?.findLast((version) => version.main <= revision)?.kv;
}

function checkCondition(before: KeyValue | undefined, options: WriteOptions): void {
  const currentRevision = before?.modRevision ?? 0;
  const isHeld =
    options.ifAbsent === true
      ? before === undefined
      : options.ifModRevision === undefined || options.ifModRevision === currentRevision;
  if (isHeld) return;
  throw new KvorumError('CONDITION_FAILED', `the key's modRevision is ${currentRevision}`, {
    currentRevision,
    mayHaveHappened: false,
  });
}

function compacted(compactRevision: number): KvorumError {
  return new KvorumError('COMPACTED', `revisions before ${compactRevision} were compacted`, {
    field: 'revision',
    compactRevision,
  });
}
