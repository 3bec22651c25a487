/** A call as its handler sees it. Types only. */
import type { Metadata } from '../grpc/metadata.js';

export interface ServerCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Address of the client, for logs. */
  readonly peer: string;
  /** Stands for the client's connection: the same object for all calls of one, to count by. */
  readonly connection: object;
  /** What the client sent with the call. */
  readonly metadata: Metadata;
  /** When the caller gives up, in milliseconds of the runtime's clock; undefined: never. The server ends the call by itself then. */
  readonly deadlineMs: number | undefined;
  /** True once nobody waits for an answer: cancelled, overdue, connection lost, or answered. */
  readonly isOver: boolean;
  /**
   * Aborted when the call ends before it was answered; its reason is a GrpcError: CANCELLED or DEADLINE_EXCEEDED. Made when first asked
   * for: a handler that doesn't wait needs none.
   */
  readonly signal: AbortSignal;
  /** Sends the response's metadata at once, before any message. Throws when messages or metadata were sent already. */
  sendMetadata(metadata: Metadata): void;
  /** Sets what goes out with the status, whatever it will be. */
  setTrailer(metadata: Metadata): void;
}
