/**
 * What everything here runs on: a reliable, ordered stream of bytes in each direction. `node/` makes one of a socket; tests and simulations
 * bring their own. Types only.
 */

/** One open connection. Calls on a closed one do nothing. Callbacks never run inside a call of its methods. */
export interface ByteConnection {
  /**
   * Sends `bytes`, which belong to the connection until {@link ByteConnection.queuedBytes} is 0 again. False: more than the high-water
   * mark is queued, and `onDrain` follows.
   */
  write(bytes: Uint8Array): boolean;
  /** The same for several, as one system call where there is such a thing. The array is the caller's again at once. */
  writeAll(chunks: readonly Uint8Array[]): boolean;
  /** Bytes given to `write` that still lie in this process's memory. */
  readonly queuedBytes: number;
  /** Sends what is queued, then closes this direction. */
  end(): void;
  /** Closes both directions at once. */
  destroy(): void;
  /** Stops `onData` until `resume`. */
  pause(): void;
  resume(): void;
  /** The peer's address, for logs. */
  readonly remote: string;
  /** Set once by the owner, before the turn in which it got the connection ends. */
  handler: ByteConnectionHandler | undefined;
}

/** Told of what happens on a connection. */
export interface ByteConnectionHandler {
  /** The view is valid during the call only. */
  onData(bytes: Uint8Array): void;
  /** After a `write` that returned false: all that was queued has been sent. */
  onDrain(): void;
  /** The peer sends no more. */
  onEnd(): void;
  /** Once, and last. Undefined: closed in order. */
  onClose(error: Error | undefined): void;
}
