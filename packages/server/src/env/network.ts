/**
 * Byte streams between nodes. A stream only delays, stalls, is reset or loses its tail; it never reorders or repeats bytes.
 *
 * This file holds types and the error only.
 */

export interface Address {
  readonly host: string;
  /** 0 asks `listen` for a free port. */
  readonly port: number;
}

export interface Network {
  /** Fails with a {@link NetworkError} (`EADDRINUSE`, `EACCES`, …). */
  listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener>;
  /** Fails with a {@link NetworkError} when no connection is made within `timeoutMs`. */
  connect(address: Address, timeoutMs: number): Promise<Connection>;
}

export interface Listener {
  /** With the port that was really bound. */
  readonly address: Address;
  /** Stops accepting. Open connections stay; their owner closes them. */
  close(): Promise<void>;
}

/** How a connection tells its owner. Set once, right after the connection was handed over, before any data is delivered. */
export interface ConnectionHandler {
  /** A view of a network chunk: valid during the call only, copy what is kept (N13). */
  onData(chunk: Uint8Array): void;
  /** `write` may go on after it had returned false. */
  onDrain(): void;
  /** Exactly once, also after `destroy`. `error` is undefined for an orderly end. */
  onClose(error: NetworkError | undefined): void;
}

export interface Connection {
  readonly remote: Address;
  setHandler(handler: ConnectionHandler): void;
  /**
   * Queues bytes; they must stay untouched until sent. All writes of one loop turn leave as one (P12). Returns false when the queue is above its mark:
   * stop until `onDrain` (N8).
   */
  write(bytes: Uint8Array): boolean;
  /** Bytes accepted by `write` and not yet taken by the system. */
  readonly queuedBytes: number;
  /** Stops or starts `onData`, for back-pressure. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once. Idempotent. */
  destroy(): void;
}

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
