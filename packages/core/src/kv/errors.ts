/**
 * The errors of the state machine. Outcomes of commands are data (`outcome.ts`); these are thrown to readers and to the host.
 */

/** What went wrong; stable, part of the public error table. */
export type KvErrorCode = 'COMPACTED' | 'FUTURE_REVISION' | 'CORRUPT' | 'BAD_ENTRY' | 'BAD_COMMAND' | 'BAD_META';

/** Base of all errors of core/kv. */
export class KvError extends Error {
  readonly code: KvErrorCode;
  /** Whether the same call may succeed later on this replica. */
  readonly retryable: boolean = false;

  constructor(code: KvErrorCode, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A read at a revision below `compactRevision`. */
export class CompactedError extends KvError {
  readonly compactRevision: number;

  constructor(revision: number, compactRevision: number) {
    super('COMPACTED', `revision ${revision} has been compacted (compact revision ${compactRevision})`);
    this.compactRevision = compactRevision;
  }
}

/** A read at a revision this replica has not reached. */
export class FutureRevisionError extends KvError {
  readonly currentRevision: number;

  constructor(revision: number, currentRevision: number) {
    super('FUTURE_REVISION', `revision ${revision} is in the future (current revision ${currentRevision})`);
    this.currentRevision = currentRevision;
  }
}

/** Stored data contradicts itself. The replica must stop serving (R14). */
export class CorruptError extends KvError {
  constructor(message: string) {
    super('CORRUPT', message);
  }
}

/** Bytes that are not a valid batch, command or meta row. In a committed entry or on disk this is corruption. */
export class DecodeError extends KvError {
  constructor(code: 'BAD_ENTRY' | 'BAD_COMMAND' | 'BAD_META', message: string) {
    super(code, message);
  }
}
