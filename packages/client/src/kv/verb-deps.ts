import type { Operation } from '../calls/operation.js';

/** What single calls need of their client. */
export interface VerbDeps {
  readonly dispatcher: { submit(operation: Operation, signal: AbortSignal | undefined): void };
  /** The time of calls that don't say. */
  readonly timeoutMs: number;
}
