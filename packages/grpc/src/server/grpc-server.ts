/** A gRPC server without a listener: it is given connections. `node/listener.ts` gives it sockets, a simulation its own. */
import type { ByteConnection } from '../base/byte-connection.js';
import type { Runtime } from '../base/runtime.js';
import { acceptedEncodings } from '../grpc/encoding.js';
import type { CallDeps } from './call-deps.js';
import { completeServerOptions, type GrpcServerOptions } from './options.js';
import type { ServerCall } from './server-call.js';
import { ServerConnection, type ServerConnectionDeps } from './server-connection.js';
import type { ServiceTable } from './service.js';

export interface GrpcServerDeps {
  readonly runtime: Runtime;
  readonly services: ServiceTable;
  /** A handler or codec threw something else than a GrpcError; the client was told INTERNAL only. For the log. */
  onError?(error: unknown, call: ServerCall): void;
  /** A connection ended by a broken rule, a limit or a loss. For the log. */
  onConnectionError?(error: Error): void;
}

/** Steps of the ages of connections: the golden ratio spreads them evenly, however many come at once. */
const AGE_STEP = 0.618_033_988_75;
/** Ages lie this far around the option, as a share of it. */
const AGE_SPREAD = 0.1;

/**
 * Answers calls on the connections that it is given.
 * @example
 * const server = new GrpcServer({ runtime, services: serviceTable({ 'echo.Echo': { Say: unary(bytesCodec, bytesCodec, (m) => m) } }) });
 * server.accept(connection);
 */
export class GrpcServer {
  readonly #deps: ServerConnectionDeps;
  readonly #connections = new Set<ServerConnection>();
  #accepted = 0;
  #closing: Promise<void> | undefined;
  #onLastClosed: (() => void) | undefined;

  /** Throws RangeError that names an option out of its range. */
  constructor(deps: GrpcServerDeps, options: GrpcServerOptions = {}) {
    const complete = completeServerOptions(options);
    const { compressions } = complete;
    const calls: CallDeps = {
      runtime: deps.runtime,
      options: complete,
      accepted: compressions.length === 0 ? undefined : acceptedEncodings(compressions),
      onError: (error, call) => deps.onError?.(error, call),
    };
    this.#deps = {
      ...calls,
      services: deps.services,
      onClosed: (connection, error) => {
        this.#connections.delete(connection);
        if (error !== undefined) deps.onConnectionError?.(error);
        if (this.#connections.size === 0) this.#onLastClosed?.();
      },
    };
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Calls under way on all connections. */
  get calls(): number {
    let calls = 0;
    for (const connection of this.#connections) calls += connection.calls;
    return calls;
  }

  /** Serves a connection, which must be new: its client sends the HTTP/2 preface next. A closing server destroys it. */
  accept(connection: ByteConnection): void {
    if (this.#closing !== undefined) {
      connection.destroy();
      return;
    }
    this.#connections.add(new ServerConnection(this.#deps, connection, { ageMsMax: this.#nextAge() }));
  }

  /**
   * Drains: clients are told to open no more calls, those under way may end, for up to `http2.drainTimeoutMs`; then the connections close.
   * Resolves when all are gone. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  /** Ends all connections with their calls at once. */
  async destroy(): Promise<void> {
    const closed = this.close();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #drain(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onLastClosed = resolve;
      for (const connection of this.#connections) connection.drain();
    });
  }

  #nextAge(): number {
    const { connectionAgeMsMax } = this.#deps.options;
    this.#accepted += 1;
    const share = (this.#accepted * AGE_STEP) % 1;
    return connectionAgeMsMax * (1 - AGE_SPREAD + 2 * AGE_SPREAD * share);
  }
}
