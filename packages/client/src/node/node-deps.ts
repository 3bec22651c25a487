/** Time, chance and connections of a real machine. */
import {
  bytesCodec,
  createRealClock,
  createRuntime,
  GrpcClient,
  type RemoteMethod,
  type Runtime,
  socketConnector,
} from '@kvorum/grpc';
import type { AttemptOptions, Channel, ClientDeps } from '../base/deps.js';

export interface NodeDepsOptions {
  readonly dialTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly connectionsPerServer: number;
}

/** One message of a server. Batches are made so that they stay far below it. */
const messageBytesMax = 16 * 1024 * 1024;

type BytesMethod = RemoteMethod<Uint8Array, Uint8Array>;

/** What {@link connect} gives a client. */
export function createNodeDeps(options: NodeDepsOptions): ClientDeps {
  const clock = createRealClock();
  const runtime = createRuntime(clock);
  return {
    clock: { nowMs: () => clock.now(), schedule: (delayMs, run) => clock.setTimer(delayMs, run) },
    random: { next: () => Math.random() },
    connections: { open: (address) => new GrpcChannel(runtime, address, options) },
  };
}

/** One server, over one or more connections that take turns. */
class GrpcChannel implements Channel {
  readonly #clients: readonly GrpcClient[];
  readonly #methods = new Map<string, BytesMethod>();
  #next = 0;

  constructor(runtime: Runtime, address: string, options: NodeDepsOptions) {
    const { dialTimeoutMs: connectTimeoutMs, keepaliveMs, connectionsPerServer } = options;
    const grpc = { connectTimeoutMs, keepaliveMs, messageBytesMax, http2: { pingTimeoutMs: keepaliveMs } };
    const connector = socketConnector(hostAndPort(address));
    this.#clients = Array.from({ length: connectionsPerServer }, () => new GrpcClient({ runtime, connector }, grpc));
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

function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}
