/** How calls of a client fail. */
import { type ErrorCode, errorTable } from '@kvorum/protocol';
import { isMutated } from './mutation.js';

/** The codes of the one table of errors, and CANCELLED: the caller's signal, or the client was closed. */
export type ClientErrorCode = ErrorCode | 'CANCELLED';

/** What an error tells beyond its code. */
export interface ClientErrorDetails {
  /** Of a write: it may have been, or may still be, carried out. False: it was not, and never will be. Always false for reads. */
  readonly mayHaveHappened?: boolean;
  /** CONDITION_FAILED: the key's modRevision, 0 when it does not exist. FUTURE_REVISION: the newest one. */
  readonly revision?: number | undefined;
  /** COMPACTED: the oldest revision that can still be read. */
  readonly compactRevision?: number | undefined;
  /** The argument or option that is wrong. */
  readonly field?: string | undefined;
  /** The address of the server that answered last. */
  readonly server?: string | undefined;
}

/** A call that failed, after whatever could be done about it. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  readonly mayHaveHappened: boolean;
  readonly revision: number | undefined;
  readonly compactRevision: number | undefined;
  readonly field: string | undefined;
  readonly server: string | undefined;

  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.mayHaveHappened = (details.mayHaveHappened ?? false) && !isMutated('unknownToldAsDefinite');
    this.revision = details.revision;
    this.compactRevision = details.compactRevision;
    this.field = details.field;
    this.server = details.server;
  }

  /** The same call may succeed later without being changed. Of a write that may have happened this says nothing about doing it twice. */
  get retryable(): boolean {
    return this.code !== 'CANCELLED' && errorTable[this.code].retryable;
  }
}

/** An argument that is refused before anything is sent. */
export function invalidArgument(field: string, message: string): ClientError {
  return new ClientError('INVALID_ARGUMENT', message, { field });
}
