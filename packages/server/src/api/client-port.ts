/** The one port for clients: gRPC and HTTP/1.1 on the same listener, told apart by the first bytes of a connection. */
import { GrpcListener } from '@kvorum/grpc';
import { KvorumError } from '@kvorum/protocol';
import type { GrpcMetrics, HttpMetrics } from '../env/node-metrics.js';
import { CallTracer } from './tracing/call-tracer.js';
import { traceWrites } from './tracing/traced-writes.js';
import { GrpcFace } from './grpc/grpc-face.js';
import { createHttpFace, type HttpFace, type HttpFaceDeps } from './http/http-face.js';
import { type CompleteHttpOptions, completeHttpOptions, type HttpFaceOptions } from './http/options.js';

export interface ClientPortDeps extends Omit<HttpFaceDeps, 'metrics' | 'tracer'> {
  readonly metrics: { readonly http: HttpMetrics; readonly grpc: GrpcMetrics };
  /** Makes spans of calls, which tell this version; undefined: none, and nobody is asked for a tracer. */
  readonly tracedVersion?: string | undefined;
}

export interface ClientPort {
  /** Listens. Fails with INVALID_ARGUMENT naming `host` or `port` when the address can't be taken. */
  start(): Promise<{ readonly address: ClientPortAddress }>;
  /** Stops listening, finishes running requests and calls for up to `drainTimeoutMs`, then destroys what is left. Idempotent. */
  close(): Promise<void>;
  /** Open gRPC connections. */
  readonly grpcConnections: number;
}

export interface ClientPortAddress {
  readonly host: string;
  readonly port: number;
}

/** Makes the port; fails with INVALID_ARGUMENT on an option outside its range (S4). */
export function createClientPort(deps: ClientPortDeps, options: HttpFaceOptions = {}): ClientPort {
  const complete = completeHttpOptions(options);
  const { tracedVersion } = deps;
  if (tracedVersion === undefined) return new NodeClientPort(deps, complete);
  const tracer = new CallTracer(tracedVersion);
  return new NodeClientPort({ ...deps, kv: traceWrites(tracer, deps.kv), tracer }, complete);
}

type PortDeps = Omit<ClientPortDeps, 'tracedVersion'> & Pick<HttpFaceDeps, 'tracer'>;

class NodeClientPort implements ClientPort {
  readonly #http: HttpFace;
  readonly #grpc: GrpcFace;
  readonly #listener: GrpcListener;
  readonly #options: CompleteHttpOptions;
  #closed: Promise<void> | undefined;

  constructor(deps: PortDeps, options: CompleteHttpOptions) {
    const { metrics, log } = deps;
    const { host, port, connectionsMax, headersTimeoutMs } = options;
    this.#options = options;
    this.#http = createHttpFace({ ...deps, metrics: metrics.http }, options);
    this.#grpc = new GrpcFace({ ...deps, metrics: metrics.grpc }, options);
    this.#listener = new GrpcListener(
      {
        runtime: this.#grpc.runtime,
        server: this.#grpc.server,
        http: this.#http.server,
        onError: (error) => log.error('the listener for clients failed', { cause: error.message }),
        onRefused: () => {
          metrics.http.refusedConnections += 1;
        },
        onConnections: (count) => {
          metrics.http.openConnections = count;
        },
      },
      { host, port, connectionsMax, sniffTimeoutMs: headersTimeoutMs },
    );
  }

  get grpcConnections(): number {
    return this.#grpc.server.connections;
  }

  async start(): Promise<{ readonly address: ClientPortAddress }> {
    try {
      const address = await this.#listener.start();
      this.#http.open();
      this.#grpc.open();
      return { address };
    } catch (error) {
      throw listenError(error, this.#options);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    await Promise.all([this.#listener.close(), this.#grpc.close(), this.#http.close()]);
    this.#grpc.runtime.timers.close();
  }
}

function listenError(error: unknown, { host, port }: CompleteHttpOptions): unknown {
  if (!(error instanceof Error)) return error;
  const at = `${host}:${port}`;
  const code = 'code' in error ? String(error.code) : error.message;
  switch (code) {
    case 'EADDRINUSE':
      return optionError('port', `client port ${at} is taken by another process`, 'a free port, or 0 for any', error);
    case 'EACCES':
      return optionError('port', `this user may not listen on client port ${at}`, 'a port above 1023', error);
    default:
      return optionError('host', `can't listen on ${at} (${code})`, 'an address of this machine', error);
  }
}

function optionError(field: string, message: string, allowed: string, cause: Error): KvorumError {
  return new KvorumError('INVALID_ARGUMENT', `${message}; allowed is ${allowed}`, { field, allowed }, cause);
}
