/** Servers over gRPC: of each address one or more connections, on any clock and any streams of bytes. */
import {
  bytesCodec,
  type Clock,
  type Connector,
  createRuntime,
  GrpcClient,
  type GrpcClientOptions,
  type RemoteMethod,
} from '@kvorum/grpc';
import type { AttemptOptions, Channel, Connections } from '../base/deps.js';

export interface GrpcConnectionsDeps {
  readonly clock: Clock;
  /** Where the bytes of an address, `host:port`, go to. */
  readonly connectorOf: (address: string) => Connector;
}

export interface GrpcConnectionsOptions {
  readonly dialTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly connectionsPerServer: number;
}

/** One message of a server. Batches are made so that they stay far below it. */
const messageBytesMax = 16 * 1024 * 1024;

type BytesMethod = RemoteMethod<Uint8Array, Uint8Array>;

export function grpcConnections(
  { clock, connectorOf }: GrpcConnectionsDeps,
  { dialTimeoutMs, keepaliveMs, connectionsPerServer }: GrpcConnectionsOptions,
): Connections {
  const runtime = createRuntime(clock);
  const options: GrpcClientOptions = {
    connectTimeoutMs: dialTimeoutMs,
    keepaliveMs,
    messageBytesMax,
    http2: { pingTimeoutMs: keepaliveMs },
  };
  return {
    open: (address) => {
      const deps = { runtime, connector: connectorOf(address) };
      return new GrpcChannel(Array.from({ length: connectionsPerServer }, () => new GrpcClient(deps, options)));
    },
  };
}

/** One server, over connections that take turns. */
class GrpcChannel implements Channel {
  readonly #clients: readonly GrpcClient[];
  readonly #methods = new Map<string, BytesMethod>();
  #next = 0;

  constructor(clients: readonly GrpcClient[]) {
    this.#clients = clients;
  }

  unary(path: string, request: Uint8Array, options: AttemptOptions): Promise<Uint8Array> {
    return this.#client().unary(this.#method(path), request, options);
  }

  stream(path: string, request: Uint8Array, options: AttemptOptions): AsyncIterable<Uint8Array> {
    return this.#client().serverStream(this.#method(path), request, options);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.destroy()));
  }

  #client(): GrpcClient {
    this.#next = (this.#next + 1) % this.#clients.length;
    const client = this.#clients[this.#next];
    if (client === undefined) throw new Error('a channel has at least one connection');
    return client;
  }

  #method(path: string): BytesMethod {
    let method = this.#methods.get(path);
    if (method === undefined) {
      method = { path, request: bytesCodec, response: bytesCodec };
      this.#methods.set(path, method);
    }
    return method;
  }
}
