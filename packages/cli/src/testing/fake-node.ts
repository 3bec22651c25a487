/**
 * A stand-in for a node: enough of the HTTP face for tests of commands that run nodes or ask for their state. In a group the lowest running id
 * leads, found by trying the peer ports.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createConnection, createServer, type Server } from 'node:net';
import { formatAddress } from '@kvorum/server/options/address.js';
import type { ResolvedNodeOptions } from '@kvorum/server/options/node-options.js';
import { resolveOptions } from '@kvorum/server/options/resolve-options.js';
import type { RunningNode, StartNode } from '../node/node-face.js';

export interface FakeFaults {
  /** The start fails with this. */
  readonly start?: Error;
  /** The node ends by itself with this, right after its start. */
  readonly ends?: Error;
  /** `close` never comes to an end. */
  readonly hangsOnClose?: boolean;
}

export function fakeStartNode(faults: FakeFaults = {}): StartNode {
  return async (given) => {
    const { log: _log, ...options } = given;
    if (faults.start !== undefined) throw faults.start;
    const node = new FakeNode(resolveOptions(options), faults);
    // A node that ends by itself at once leaves nothing open.
    if (faults.ends !== undefined) return node;
    await node.open().catch(async (error: unknown) => {
      await node.close();
      throw error;
    });
    return node;
  };
}

class FakeNode implements RunningNode {
  readonly closed: Promise<void>;
  clientAddress: string | undefined;
  peerAddress: string | undefined;
  readonly #options: ResolvedNodeOptions;
  readonly #faults: FakeFaults;
  readonly #http: HttpServer;
  readonly #peer: Server;
  #isClosed: (() => void) | undefined;

  constructor(options: ResolvedNodeOptions, faults: FakeFaults) {
    this.#options = options;
    this.#faults = faults;
    this.#http = createHttpServer((request, response) => void this.#answer(request, response));
    this.#peer = createServer((socket) => socket.on('error', () => undefined).end());
    this.closed =
      faults.ends === undefined ? new Promise((resolve) => (this.#isClosed = resolve)) : Promise.reject(faults.ends);
    this.closed.catch(() => undefined);
  }

  async open(): Promise<void> {
    this.peerAddress = await listen(this.#peer, this.#options.peerAddress);
    if (this.#options.clientAddress !== undefined)
      this.clientAddress = await listen(this.#http, this.#options.clientAddress);
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await Promise.all([this.#http, this.#peer].map((server) => new Promise((resolve) => server.close(resolve))));
    if (this.#faults.hangsOnClose === true) await new Promise(() => undefined);
    this.#isClosed?.();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/health') send(response, 200, await this.#status());
    else send(response, 404, { error: { code: 'ROUTE_NOT_FOUND', message: 'no such route' } });
  }

  async #status(): Promise<unknown> {
    const lower = [...this.#options.peers].filter(([id]) => id < this.#options.nodeId);
    const alive = await Promise.all(
      lower.map(async ([id, { host, port }]) => ((await accepts(host, port)) ? [id] : [])),
    );
    const leader = alive.flat()[0] ?? this.#options.nodeId;
    const role = leader === this.#options.nodeId ? 'leader' : 'follower';
    const indexes = { commitIndex: 5, appliedIndex: 5, revision: 0, keys: 0 };
    return {
      nodeId: this.#options.nodeId,
      state: 'running',
      isReady: true,
      warnings: [],
      shards: [{ shard: 1, keyspace: 'default', role, leader, term: leader, ...indexes }],
      members: [],
    };
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function listen(server: Server | HttpServer, { host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      const bound = server.address();
      const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
      resolve(formatAddress({ host, port: boundPort }));
    });
  });
}
