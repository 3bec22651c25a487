/**
 * The HTTP face: bounds what connections may cost (S9), and closes without losing a running request. It is given connections and does
 * not listen itself.
 */
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Log } from '../../env/env.js';
import type { HttpMetrics } from '../../env/node-metrics.js';
import type { KvService, NodeInfo } from '../../service/kv-service.js';
import type { CallTracer } from '../tracing/call-tracer.js';
import { answerBadRequest } from './bad-request.js';
import { createRequestHandler, type HandlerDeps } from './handler.js';
import { headerBytesMax } from './limits.js';
import type { CompleteHttpOptions } from './options.js';
import { WatchStreams } from './watch-route.js';

export interface HttpFaceDeps {
  readonly kv: KvService;
  readonly info: NodeInfo;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: HttpMetrics;
  /** Undefined: no spans. */
  readonly tracer?: CallTracer | undefined;
}

export interface HttpFace {
  /** Takes connections, which somebody else accepts and gives it as `connection` events. */
  readonly server: Server;
  /** Begins to watch over the time that connections take. */
  open(): void;
  /** Finishes running requests for up to `drainTimeoutMs`, then destroys what is left. Idempotent. */
  close(): Promise<void>;
}

/** Makes the face. */
export function createHttpFace(deps: HttpFaceDeps, options: CompleteHttpOptions): HttpFace {
  return new NodeHttpFace(deps, options);
}

class NodeHttpFace implements HttpFace {
  readonly #deps: HandlerDeps;
  readonly #options: CompleteHttpOptions;
  readonly server: Server;
  #closed: Promise<void> | undefined;

  constructor(deps: HttpFaceDeps, options: CompleteHttpOptions) {
    this.#deps = { ...deps, isDraining: false, watches: new WatchStreams(deps, options) };
    this.#options = options;
    this.server = this.#createServer();
  }

  open(): void {
    // Node starts to check the age of requests when a server begins to listen; this one never does.
    this.server.emit('listening');
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
    server.on('connection', (socket: Socket) => socket.on('error', ignore));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#deps.metrics.badRequests += 1;
      answerBadRequest(error.code, socket, this.#deps.clock);
    });
    return server;
  }

  async #drain(): Promise<void> {
    const { server } = this;
    this.#deps.isDraining = true;
    this.#deps.watches.stop();
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
