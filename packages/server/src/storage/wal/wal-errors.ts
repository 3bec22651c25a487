/** What can be wrong with a write-ahead log. Disk failures are `DiskError`s and come through `WalEvents.onFailure`. */

/** The log has lost records that were acknowledged. The node must not vote; nothing was changed on disk. */
export class WalDamagedError extends Error {
  override readonly name = 'WalDamagedError';
  readonly code = 'WAL_DAMAGED';
  readonly retryable = false;
  readonly path: string;
  /** Byte offset in the file at which the log stops making sense. */
  readonly offset: number;

  constructor(path: string, offset: number, reason: string) {
    super(
      `the log is damaged at ${path}, offset ${offset}: ${reason}. Nothing was changed. Leave the files as they are; ` +
        'replace this node so that it fetches its data from the others, or restore a backup.',
    );
    this.path = path;
    this.offset = offset;
  }
}

/** The log was written by another version of this program. */
export class WalVersionError extends Error {
  override readonly name = 'WalVersionError';
  readonly code = 'WAL_VERSION';
  readonly retryable = false;
  readonly path: string;
  readonly found: number;
  readonly supported: number;

  constructor(path: string, found: number, supported: number) {
    super(`${path} has log format ${found}; this program reads format ${supported}. Start the version that wrote it.`);
    this.path = path;
    this.found = found;
    this.supported = supported;
  }
}

/** One append is larger than a limit. Nothing of it was taken. */
export class WalLimitError extends Error {
  override readonly name = 'WalLimitError';
  readonly code = 'WAL_LIMIT';
  readonly retryable = false;

  constructor(what: string, bytes: number, bytesMax: number) {
    super(`${what} of ${bytes} bytes; at most ${bytesMax} bytes are allowed`);
  }
}

/** The asked entries are not in the log any more. */
export class WalCompactedError extends Error {
  override readonly name = 'WalCompactedError';
  readonly code = 'WAL_COMPACTED';
  readonly retryable = false;
  /** The log holds entries after this index. */
  readonly startIndex: number;

  constructor(shard: number, index: number, startIndex: number) {
    super(`entry ${index} of shard ${shard} was compacted; its log starts after ${startIndex}`);
    this.startIndex = startIndex;
  }
}
