/**
 * One port for gRPC and HTTP/1.1: takes sockets and tells by ALPN, or else by the first bytes, who they are for. HTTP/1.1 connections go to a `node:http`
 * server of the caller's, which need not listen itself.
 */
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Runtime } from '../base/runtime.js';
import { type Expiring, WheelTimer } from '../base/timer-wheel.js';
import type { GrpcServer } from '../server/grpc-server.js';
import { SocketConnection } from './socket-connection.js';

/** What an HTTP/2 connection begins with, and no HTTP/1.1 request (RFC 9113, 3.4). */
const PREFACE_START = Buffer.from('PRI ', 'latin1');

export interface GrpcListenerDeps {
  readonly runtime: Runtime;
  readonly server: GrpcServer;
  /** Gets the HTTP/1.1 connections. Without it they are closed. Its owner closes it. */
  readonly http?: HttpServer | undefined;
  /** A failed TLS handshake, or the listener's own failure after its start. For the log. */
  onError?(error: Error): void;
  /** A connection was closed at once because `connectionsMax` were open. For metrics. */
  onRefused?(): void;
  /** How many connections are open now, those of HTTP/1.1 and those that have not said anything included. For metrics. */
  onConnections?(count: number): void;
}

export interface GrpcListenerOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Certificates and all else that `node:tls` takes; TLS is off without. */
  readonly tls?: TlsOptions;
  /** Open connections of both kinds; more are closed at once. Default 10,000. */
  readonly connectionsMax?: number;
  /** Time from the connection to its first bytes, and for the TLS handshake. Default 10,000. */
  readonly sniffTimeoutMs?: number;
}

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}

type CompleteOptions = Required<Omit<GrpcListenerOptions, 'tls'>> & { readonly tls: TlsOptions | undefined };

/** Listens on one address. */
export class GrpcListener {
  readonly #deps: GrpcListenerDeps;
  readonly #options: CompleteOptions;
  readonly #server: Server;
  readonly #sniffing = new Set<Sniffer>();
  #open = 0;
  #closing: Promise<void> | undefined;

  constructor(deps: GrpcListenerDeps, options: GrpcListenerOptions) {
    this.#deps = deps;
    this.#options = { host: '127.0.0.1', connectionsMax: 10_000, sniffTimeoutMs: 10_000, tls: undefined, ...options };
    this.#server = this.#createServer();
    this.#server.maxConnections = this.#options.connectionsMax;
    this.#server.on('drop', () => this.#deps.onRefused?.());
    this.#server.on('connection', (socket: Socket) => this.#count(socket));
  }

  /** Resolves with the address when connections are taken; rejects when it can't be had. */
  start(): Promise<ListenerAddress> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.#options.host, port: this.#options.port }, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#deps.onError?.(error));
        const bound = server.address();
        if (typeof bound === 'object' && bound !== null) resolve({ host: bound.address, port: bound.port });
        else reject(new Error('the listener has no address'));
      });
    });
  }

  /** Stops listening and drains the gRPC server; connections that the HTTP server got are its own. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    this.#server.close();
    for (const sniffer of this.#sniffing) sniffer.giveUp();
    return this.#deps.server.close();
  }

  #createServer(): Server {
    // Half-open: an HTTP/1.1 client may end its side after the request.
    const sockets = { noDelay: true, allowHalfOpen: true };
    const { tls, sniffTimeoutMs } = this.#options;
    if (tls === undefined) return createServer(sockets, (socket) => this.#sniff(socket));
    const protocols = this.#deps.http === undefined ? ['h2'] : ['h2', 'http/1.1'];
    const options = { ...sockets, handshakeTimeout: sniffTimeoutMs, ALPNProtocols: protocols, ...tls };
    const server = createTlsServer(options, (socket) => {
      if (socket.alpnProtocol === 'h2') this.#giveToGrpc(socket);
      else if (socket.alpnProtocol === 'http/1.1') this.#giveToHttp(socket);
      else this.#sniff(socket);
    });
    server.on('tlsClientError', (error, socket) => {
      this.#deps.onError?.(error);
      socket.destroy();
    });
    return server;
  }

  #count(socket: Socket): void {
    this.#open += 1;
    this.#deps.onConnections?.(this.#open);
    socket.once('close', () => {
      this.#open -= 1;
      this.#deps.onConnections?.(this.#open);
    });
  }

  #sniff(socket: Socket): void {
    const sniffer = new Sniffer(this.#deps.runtime, socket, (isHttp2) => {
      this.#sniffing.delete(sniffer);
      if (isHttp2 === true) this.#giveToGrpc(socket);
      else if (isHttp2 === false) this.#giveToHttp(socket);
      else socket.destroy();
    });
    this.#sniffing.add(sniffer);
    sniffer.start(this.#options.sniffTimeoutMs);
  }

  #giveToGrpc(socket: Socket): void {
    this.#deps.server.accept(new SocketConnection(socket));
    socket.resume();
  }

  #giveToHttp(socket: Socket): void {
    if (this.#deps.http === undefined || this.#closing !== undefined) {
      socket.destroy();
      return;
    }
    this.#deps.http.emit('connection', socket);
    socket.resume();
  }
}

/** Reads as much of a socket as it takes to tell HTTP/2 from HTTP/1.1 and puts it back. */
class Sniffer implements Expiring {
  readonly #runtime: Runtime;
  readonly #socket: Socket;
  readonly #onDecided: (isHttp2: boolean | undefined) => void;
  readonly #timer = new WheelTimer(this);
  #received: Buffer = Buffer.alloc(0);

  /** @param onDecided called once; undefined: nothing usable came */
  constructor(runtime: Runtime, socket: Socket, onDecided: (isHttp2: boolean | undefined) => void) {
    this.#runtime = runtime;
    this.#socket = socket;
    this.#onDecided = onDecided;
  }

  start(timeoutMs: number): void {
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onGone);
    this.#socket.on('error', this.#onGone);
    this.#socket.on('close', this.#onGone);
    this.#runtime.timers.start(this.#timer, timeoutMs);
  }

  giveUp(): void {
    this.#decide(undefined);
  }

  onExpired(): void {
    this.#decide(undefined);
  }

  readonly #onGone = (): void => this.#decide(undefined);

  readonly #onData = (chunk: Buffer): void => {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const seen = Math.min(this.#received.length, PREFACE_START.length);
    const isHttp2 = this.#received.compare(PREFACE_START, 0, seen, 0, seen) === 0;
    if (isHttp2 && seen < PREFACE_START.length) return;
    this.#socket.pause();
    this.#decide(isHttp2);
  };

  #decide(isHttp2: boolean | undefined): void {
    const socket = this.#socket;
    this.#runtime.timers.cancel(this.#timer);
    socket.off('data', this.#onData);
    socket.off('end', this.#onGone);
    socket.off('close', this.#onGone);
    // One that is thrown away still needs an error handler; the next owner adds its own.
    if (isHttp2 === undefined) socket.on('error', () => {});
    else if (this.#received.length > 0) socket.unshift(this.#received);
    this.#onDecided(isHttp2);
    socket.off('error', this.#onGone);
  }
}
