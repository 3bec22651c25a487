/** The HTTP face: listens, bounds what connections may cost (S9), and closes without losing a running request. */
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { KvorumError } from '@kvorum/protocol';
import type { Clock, Log } from '../../env/env.js';
import type { HttpMetrics } from '../../env/node-metrics.js';
import type { KvService, NodeInfo } from '../../service/kv-service.js';
import { answerBadRequest } from './bad-request.js';
import { createRequestHandler, type HandlerDeps } from './handler.js';
import { headerBytesMax } from './limits.js';
import { type CompleteHttpOptions, completeHttpOptions, type HttpFaceOptions } from './options.js';

export interface HttpFaceDeps {
  readonly kv: KvService;
  readonly info: NodeInfo;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: HttpMetrics;
}

export interface HttpFace {
  /** Listens. Fails with INVALID_ARGUMENT naming `host` or `port` when the address can't be taken. */
  start(): Promise<{ readonly address: HttpAddress }>;
  /** Stops listening, finishes running requests for up to `drainTimeoutMs`, then destroys what is left. Idempotent. */
  close(): Promise<void>;
}

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** Makes the face; fails with INVALID_ARGUMENT on an option outside its range (S4). */
export function createHttpFace(deps: HttpFaceDeps, options: HttpFaceOptions = {}): HttpFace {
  return new NodeHttpFace(deps, completeHttpOptions(options));
}

class NodeHttpFace implements HttpFace {
  readonly #deps: HandlerDeps;
  readonly #options: CompleteHttpOptions;
  readonly #server: Server;
  #closed: Promise<void> | undefined;

  constructor(deps: HttpFaceDeps, options: CompleteHttpOptions) {
    this.#deps = { ...deps, isDraining: false };
    this.#options = options;
    this.#server = this.#createServer();
  }

  start(): Promise<{ readonly address: HttpAddress }> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException) => reject(listenError(error, this.#options));
      server.once('error', fail);
      server.listen({ host: this.#options.host, port: this.#options.port }, () => {
        server.off('error', fail);
        server.on('error', (error) => this.#deps.log.error('the HTTP listener failed', { cause: error.message }));
        const bound = server.address();
        const address =
          typeof bound === 'object' && bound !== null ? { host: bound.address, port: bound.port } : undefined;
        if (address === undefined) reject(new KvorumError('INTERNAL', 'the HTTP listener has no address'));
        else resolve({ address });
      });
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  #createServer(): Server {
    const options = this.#options;
    const server = createServer({
      maxHeaderSize: headerBytesMax,
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.receiveTimeoutMs,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(options.headersTimeoutMs, 1_000),
      noDelay: true,
      // Node would answer without a body; the handler tells what is missing.
      requireHostHeader: false,
    });
    // Node would drop headers past a count in silence, and with them an If-Match; their bytes are bounded already.
    server.maxHeadersCount = 0;
    server.timeout = options.stallTimeoutMs;
    const handle = createRequestHandler(this.#deps, options);
    server.on('request', (request, response) => handle(request, response, false));
    server.on('checkContinue', (request, response) => handle(request, response, true));
    server.on('checkExpectation', (request, response) => handle(request, response, false));
    server.on('connection', (socket: Socket) => this.#admit(socket));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#deps.metrics.badRequests += 1;
      answerBadRequest(error.code, socket, this.#deps.clock);
    });
    return server;
  }

  #admit(socket: Socket): void {
    const { metrics } = this.#deps;
    socket.on('error', ignore);
    if (metrics.openConnections >= this.#options.connectionsMax) {
      metrics.refusedConnections += 1;
      socket.destroy();
      return;
    }
    metrics.openConnections += 1;
    socket.on('close', () => {
      metrics.openConnections -= 1;
    });
  }

  async #drain(): Promise<void> {
    const server = this.#server;
    this.#deps.isDraining = true;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await this.#requestsDone();
    server.closeAllConnections();
    await closed;
  }

  /** Resolves when no request runs, at the latest after the drain time. */
  #requestsDone(): Promise<void> {
    const { clock, metrics } = this.#deps;
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel();
        interval.cancel();
        resolve();
      };
      const poll = () => {
        if (metrics.openRequests === 0) finish();
      };
      const timer = clock.setTimer(this.#options.drainTimeoutMs, finish);
      const interval = clock.setInterval(5, poll);
      poll();
    });
  }
}

/** Every socket has an error handler (S10); what matters of an error arrives as `close`. */
function ignore(): void {}

function listenError(error: NodeJS.ErrnoException, { host, port }: CompleteHttpOptions): KvorumError {
  const at = `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return optionError('port', `client port ${at} is taken by another process`, 'a free port, or 0 for any', error);
    case 'EACCES':
      return optionError('port', `this user may not listen on client port ${at}`, 'a port above 1023', error);
    default:
      return optionError(
        'host',
        `can't listen on ${at} (${error.code ?? error.message})`,
        'an address of this machine',
        error,
      );
  }
}

function optionError(field: string, message: string, allowed: string, cause: Error): KvorumError {
  return new KvorumError('INVALID_ARGUMENT', `${message}; allowed is ${allowed}`, { field, allowed }, cause);
}
