/**
 * A stand-in for a node: enough of the HTTP face for the command's tests, one Map as its data. In a group the lowest running id leads,
 * found by trying the peer ports.
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
  /** Every request is answered with this error. */
  readonly answers?: { readonly status: number; readonly error: Record<string, unknown> };
  /** Every answer breaks off before the end of its body. */
  readonly breaksOff?: boolean;
  /** Every list stops after its first line, and its connection stays open. */
  readonly stallsInList?: boolean;
  /** Every request is answered with this status and a page that is none of a node's, as a proxy does. */
  readonly foreignStatus?: number;
  /** Every request is received and never answered. */
  readonly isSilent?: boolean;
}

interface Stored {
  readonly value: Buffer;
  readonly modRevision: number;
  readonly createRevision: number;
  readonly version: number;
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
  readonly #data = new Map<string, Stored>();
  #revision = 0;
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
    const { answers, breaksOff, foreignStatus, isSilent } = this.#faults;
    if (isSilent === true) return;
    if (foreignStatus !== undefined) {
      response.writeHead(foreignStatus, { 'content-type': 'text/html' }).end('<h1>no such luck</h1>');
      return;
    }
    if (breaksOff === true) {
      response.writeHead(200, { 'content-length': '10', 'x-kvorum-revision': '7', 'x-kvorum-deleted': '1' });
      response.write('12345', () => response.destroy());
      return;
    }
    const url = request.url ?? '';
    if (answers !== undefined) send(response, answers.status, { error: answers.error });
    else if (url === '/health') send(response, 200, await this.#status());
    else if (url.startsWith('/kv/?') || url === '/kv/') this.#list(url, response);
    else if (url.startsWith('/kv/')) await this.#key(request, response, url.slice(4).replace(/\?.*/, ''));
    else send(response, 404, { error: { code: 'ROUTE_NOT_FOUND', message: 'no such route' } });
  }

  async #key(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const before = this.#data.get(key);
    const match = request.headers['if-match'];
    const isRefused =
      (match !== undefined && match !== `"${before?.modRevision}"`) ||
      (request.headers['if-none-match'] === '*' && before !== undefined);
    if (isRefused)
      return send(response, 412, { error: { code: 'CONDITION_FAILED', message: 'the condition does not hold' } });
    if (request.method === 'PUT') {
      this.#revision += 1;
      const createRevision = before?.createRevision ?? this.#revision;
      const version = (before?.version ?? 0) + 1;
      const stored = { value: Buffer.concat(chunks), modRevision: this.#revision, createRevision, version };
      this.#data.set(key, stored);
      return sendValue(response, this.#revision, stored, Buffer.alloc(0));
    }
    if (request.method === 'DELETE') {
      if (before !== undefined) this.#revision += 1;
      this.#data.delete(key);
      response.writeHead(200, {
        'x-kvorum-revision': this.#revision,
        'x-kvorum-deleted': before === undefined ? 0 : 1,
      });
      response.end();
      return;
    }
    if (before === undefined)
      return send(response, 404, { error: { code: 'KEY_NOT_FOUND', message: 'the key does not exist' } });
    sendValue(response, this.#revision, before, before.value);
  }

  #list(url: string, response: ServerResponse): void {
    const query = new URLSearchParams(url.replace(/^[^?]*\??/, ''));
    const keys = [...this.#data.keys()]
      .filter((key) => decodeURIComponent(key).startsWith(query.get('prefix') ?? ''))
      .sort();
    const limit = Number(query.get('limit') ?? keys.length);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    for (const key of keys.slice(0, limit)) {
      const value = query.has('keys') ? {} : { value: this.#data.get(key)?.value.toString('utf8') };
      response.write(`${JSON.stringify({ key: decodeURIComponent(key), ...value })}\n`);
    }
    if (this.#faults.stallsInList === true) {
      response.write('{"key":"z"}\n');
      return;
    }
    response.end(limit < keys.length ? '{"cursor":"abc"}\n' : '');
  }

  async #status(): Promise<unknown> {
    const lower = [...this.#options.peers].filter(([id]) => id < this.#options.nodeId);
    const alive = await Promise.all(
      lower.map(async ([id, { host, port }]) => ((await accepts(host, port)) ? [id] : [])),
    );
    const leader = alive.flat()[0] ?? this.#options.nodeId;
    const role = leader === this.#options.nodeId ? 'leader' : 'follower';
    const indexes = { commitIndex: 5, appliedIndex: 5, revision: this.#revision, keys: this.#data.size };
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

function sendValue(response: ServerResponse, revision: number, stored: Stored, body: Buffer): void {
  response.writeHead(200, {
    etag: `"${stored.modRevision}"`,
    'x-kvorum-revision': revision,
    'x-kvorum-create-revision': stored.createRevision,
    'x-kvorum-mod-revision': stored.modRevision,
    'x-kvorum-version': stored.version,
  });
  response.end(body);
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
