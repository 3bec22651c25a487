/** What a client needs from outside: time, chance, connections. Real ones are in `src/node`; a simulation passes its own. Types only. */

/** Something that was scheduled; `cancel` is idempotent and may come after it ran. */
export interface Scheduled {
  cancel(): void;
}

export interface ClientClock {
  /** Monotonic milliseconds since an arbitrary origin; fractions are allowed. */
  nowMs(): number;
  /** Calls `run` once, at least `delayMs` (≥ 0) from now, never inside this call. */
  schedule(delayMs: number, run: () => void): Scheduled;
}

export interface ClientRandom {
  /** From 0 on, below 1. */
  next(): number;
}

export interface AttemptOptions {
  /** After which the call rejects; undefined: no limit. */
  readonly timeoutMs?: number | undefined;
  /** The server may take less by this, so that what it says then still arrives. */
  readonly answerMarginMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a call of a {@link Channel} rejects with: the gRPC status, and what is known about the request. `CallError` of `@kvorum/grpc` is one.
 */
export interface ChannelError {
  /** gRPC's number of the status, never 0. */
  readonly code: number;
  readonly message: string;
  /** Bytes of a `google.rpc.Status`, from a server's answer. */
  readonly details?: Uint8Array | undefined;
  /** `not_sent`: the server has certainly not processed it; `unknown`: it may have; `answered`: the status is the server's own. */
  readonly delivery: 'not_sent' | 'unknown' | 'answered';
}

/** One server. Dials when the first call needs it, and again after a loss; a call while there is no connection waits for one attempt. */
export interface Channel {
  /** One request, one response. The response's bytes belong to the caller; `request` must stay untouched until the call ends. */
  unary(path: string, request: Uint8Array, options: AttemptOptions): Promise<Uint8Array>;
  /** One request, many responses. Ending the loop over them, or the signal, ends the call. */
  stream(path: string, request: Uint8Array, options: AttemptOptions): AsyncIterable<Uint8Array>;
  /** Calls under way fail or end; idempotent. */
  close(): Promise<void>;
}

export interface Connections {
  /** @param address `host:port`. Never throws, and doesn't dial yet */
  open(address: string): Channel;
}

export interface ClientDeps {
  readonly clock: ClientClock;
  readonly random: ClientRandom;
  readonly connections: Connections;
}
