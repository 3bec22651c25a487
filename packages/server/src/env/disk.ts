/**
 * The disk as a node sees it. Durability is explicit: a file's bytes are durable after its `sync`, a name (create, rename, remove)
 * only after `syncDir` of its directory (N15). A failed write, sync or rename is never retried (R17): the caller ends the node.
 *
 * This file holds types and the error only.
 */

/** A disk call that failed. `code` is the system's (`ENOSPC`, `EIO`, `ENOENT`, `EEXIST`, …). */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: string;
  readonly operation: string;
  readonly path: string;

  constructor(operation: string, path: string, code: string, cause?: unknown) {
    super(`${operation} ${path}: ${code}`, { cause });
    this.operation = operation;
    this.path = path;
    this.code = code;
  }
}

export interface DiskSpace {
  /** Bytes a process of this user may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Paths are absolute or relative to the process, with `/` between parts. Every method may fail with a {@link DiskError}. */
export interface Disk {
  /** Makes the directory and its parents with mode 0700 and syncs each parent it changed. Existing is fine. */
  makeDir(path: string): Promise<void>;
  /** Names in a directory, sorted; `ENOENT` when it is absent. */
  list(path: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  /** A whole file; for small files (limit: 64 MiB). */
  readFile(path: string): Promise<Uint8Array>;
  /** Opens for positional reads and writes. `create` makes an empty file (mode 0600) where there was none. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all in it. Absent is fine. */
  remove(path: string): Promise<void>;
  syncDir(path: string): Promise<void>;
  space(path: string): Promise<DiskSpace>;
  /**
   * Takes an exclusive lock that the system drops when the process ends, however it ends. Undefined when it is held, by another process
   * or by this one. Names beginning with `path` in its directory belong to the lock.
   */
  lock(path: string): Promise<DiskLock | undefined>;
  /** A writer of log files on a thread of its own, so that a busy thread pool or loop never delays a sync (architecture 4). */
  openLogWriter(): Promise<LogWriter>;
}

export interface DiskLock {
  release(): Promise<void>;
}

/** One open file. Calls may run in parallel; writes to overlapping ranges must not. */
export interface DiskFile {
  readonly path: string;
  size(): Promise<number>;
  /** Fills `into` from `position`; returns the bytes read, fewer only at the end of the file. */
  read(position: number, into: Uint8Array): Promise<number>;
  /** Writes all of `bytes` (short writes are continued). `bytes` must stay untouched until the promise settles. */
  write(position: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** fdatasync. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What one durable append asks for. */
export interface LogAppend {
  /** A path given to {@link LogWriter.openFile} before. */
  readonly path: string;
  readonly position: number;
  /** Must stay untouched until `done` is called. Bytes in memory from {@link LogWriter.allocate} are not copied. */
  readonly bytes: Uint8Array;
}

/**
 * Durable appends. At most one `append` is under way; its owner (the WAL) waits for `done` before the next.
 * `done(undefined)` means: all bytes written and fdatasync returned. `done(error)` means the state of the file is unknown.
 * `done` is never called inside `append`.
 */
export interface LogWriter {
  /** Memory that the writer's thread can read without a copy. Lives as long as the writer: allocate few and reuse them. */
  allocate(byteLength: number): Uint8Array;
  /** Opens an existing file for appends; before the first `append` to it. */
  openFile(path: string): Promise<void>;
  /** Forgets a file that is not written any more. */
  closeFile(path: string): Promise<void>;
  append(request: LogAppend, done: (error: DiskError | undefined) => void): void;
  /** Waits for the append under way. Idempotent. */
  close(): Promise<void>;
}
