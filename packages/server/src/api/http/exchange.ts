/**
 * One request and its answer. Every answer of the face leaves through here, so that counting, draining and error translation are in
 * one place. It must never throw at its caller: a client that is gone is not an error.
 */
import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, errorTable, KvorumError } from '@kvorum/protocol';
import type { Clock, Log } from '../../env/env.js';
import type { HttpMetrics, HttpRoute } from '../../env/node-metrics.js';
import { lingerBytesMax, lingerMs } from './limits.js';

/** What all exchanges of a face share. */
export interface ExchangeContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: HttpMetrics;
  /** While true, every answer closes its connection. */
  isDraining: boolean;
}

/** Name, value, name, value, …; written as they stand. */
export type HeaderList = string[];

const jsonType = 'application/json';

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly isContinueExpected: boolean;
  /** What the request is counted under. */
  route: HttpRoute = 'other';
  /** True for requests that change something: then an unforeseen failure may have happened. */
  isWrite = false;
  readonly #context: ExchangeContext;
  readonly #startedMs: number;
  #status = 0;

  constructor(
    context: ExchangeContext,
    request: IncomingMessage,
    response: ServerResponse,
    isContinueExpected: boolean,
  ) {
    this.#context = context;
    this.request = request;
    this.response = response;
    this.isContinueExpected = isContinueExpected;
    this.#startedMs = context.clock.nowMs();
    context.metrics.openRequests += 1;
    response.on('close', () => this.#count());
  }

  /** True once nobody waits for the answer any more. */
  get isGone(): boolean {
    return this.response.destroyed || this.response.writableEnded;
  }

  get clock(): Clock {
    return this.#context.clock;
  }

  /** Sends a whole answer. `headers` is taken over. */
  send(status: number, headers: HeaderList, body: Uint8Array | string): void {
    if (this.isGone) return;
    const isUnread = hasUnreadBody(this.request);
    this.#status = status;
    headers.push('Content-Length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length));
    if (isUnread || this.#context.isDraining) headers.push('Connection', 'close');
    this.response.writeHead(status, headers);
    if (isUnread) this.#endLingering(body);
    else this.response.end(body);
  }

  /** Answers 204: there is nothing, and an EventSource asks no more. */
  sendNothing(): void {
    if (this.isGone) return;
    this.begin(204, []);
    this.response.end();
  }

  /** Starts an answer whose body follows in pieces. */
  begin(status: number, headers: HeaderList): void {
    this.#status = status;
    if (hasUnreadBody(this.request) || this.#context.isDraining) headers.push('Connection', 'close');
    this.response.writeHead(status, headers);
  }

  sendJson(status: number, value: unknown, headers: HeaderList = []): void {
    headers.push('Content-Type', jsonType);
    this.send(status, headers, `${JSON.stringify(value)}\n`);
  }

  sendText(status: number, text: string, headers: HeaderList = []): void {
    headers.push('Content-Type', 'text/plain; charset=utf-8');
    this.send(status, headers, text);
  }

  /** Answers with an error; anything but a `KvorumError` is a bug of ours, logged and shown as INTERNAL. */
  fail(cause: unknown, headers: HeaderList = []): void {
    if (this.isGone) return;
    const error = this.publicError(cause);
    this.sendJson(errorTable[error.code].http, errorBody(error), headers);
  }

  /** Ends an answer that has begun and can't be finished: its last chunk is never sent. The cause is logged. */
  breakOff(cause: unknown): void {
    if (this.isGone) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#context.log.warn('an answer broke off', { route: this.route, cause: reason });
    this.response.destroy();
  }

  publicError(cause: unknown): KvorumError {
    if (cause instanceof KvorumError) return cause;
    const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.#context.log.error('a request failed for an unforeseen reason', { route: this.route, cause: message });
    const details = this.isWrite ? { mayHaveHappened: true } : {};
    return new KvorumError('INTERNAL', 'unforeseen failure; the log of the node has the cause', details, cause);
  }

  /**
   * Closing a socket while the client still sends makes its system throw our answer away. So the answer goes out whole, a bounded
   * amount of input is read and forgotten, and then the connection ends.
   */
  #endLingering(body: Uint8Array | string): void {
    const { request, response } = this;
    let seen = 0;
    const finish = () => {
      timer.cancel();
      response.end();
    };
    const timer = this.#context.clock.setTimer(lingerMs, finish);
    response.on('close', () => timer.cancel());
    request.on('data', (chunk: Uint8Array) => {
      seen += chunk.length;
      if (seen > lingerBytesMax) finish();
    });
    request.on('end', finish);
    response.write(body);
    request.resume();
  }

  #count(): void {
    const { metrics, clock } = this.#context;
    const route = metrics.routes[this.route];
    const statusClass = this.response.writableFinished ? Math.trunc(this.#status / 100) : 0;
    metrics.openRequests -= 1;
    route.answers[statusClass] = (route.answers[statusClass] ?? 0) + 1;
    route.latencyMs.observe(clock.nowMs() - this.#startedMs);
  }
}

/** True when the client announced a body that has not arrived whole. A request without a body is complete only after its handler ran. */
function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const { headers } = request;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
