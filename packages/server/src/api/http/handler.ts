/** Routes a request to its function. Knows nothing of listening, so any HTTP/1.1 listener can call it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { KvorumError } from '@kvorum/protocol';
import type { HttpRoute } from '../../env/node-metrics.js';
import type { KvService, NodeInfo } from '../../service/kv-service.js';
import type { CallTracer } from '../tracing/call-tracer.js';
import { traceRequest } from '../tracing/traced-requests.js';
import { streamBackup } from './backup-route.js';
import { compactRevisions } from './compact-route.js';
import { serveDemo } from './demo-routes.js';
import { Exchange, type ExchangeContext } from './exchange.js';
import { deleteKey, getKey, putKey } from './kv-routes.js';
import { listKeys } from './list-route.js';
import { serveOps } from './ops-routes.js';
import { ReadyCheck } from './ready-check.js';
import { TurnTaking } from './turn-taking.js';
import { mentionsWatch, type WatchStreams } from './watch-route.js';

export interface HandlerDeps extends ExchangeContext {
  readonly kv: KvService;
  readonly info: NodeInfo;
  readonly watches: WatchStreams;
  /** Undefined: no spans. */
  readonly tracer?: CallTracer | undefined;
}

export interface HandlerOptions {
  readonly demoRoutes: boolean;
  readonly readyCacheMs: number;
  readonly readyTimeoutMs: number;
}

/** Serves one request. `isContinueExpected`: the client waits for `100 Continue` before it sends the body. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, isContinueExpected: boolean) => void;

const kvPath = '/kv/';
const keyMethods = 'GET, HEAD, PUT, DELETE';

/** Makes the function that answers requests. It never throws. */
export function createRequestHandler(deps: HandlerDeps, options: HandlerOptions): RequestHandler {
  const { kv, info, watches } = deps;
  const opsDeps = { info, ready: new ReadyCheck(deps, options) };

  const serve = (request: IncomingMessage, response: ServerResponse, isContinueExpected: boolean): HttpRoute => {
    const exchange = new Exchange(deps, request, response, isContinueExpected);
    try {
      checkHead(request);
      const target = originForm(request.url ?? '/');
      const mark = target.indexOf('?');
      const path = mark < 0 ? target : target.slice(0, mark);
      const query = mark < 0 ? undefined : target.slice(mark + 1);
      if (path.startsWith(kvPath)) serveKey(exchange, { kv, watches }, path.slice(kvPath.length), query);
      else if (path === '/compact') serveCompact(exchange, kv, query);
      else if (path === '/backup') serveBackup(exchange, kv, query);
      else if (!serveOps(exchange, opsDeps, path) && !(options.demoRoutes && serveDemo(exchange, deps, path, query)))
        exchange.fail(unknownRoute());
    } catch (error) {
      exchange.fail(error);
    }
    return exchange.route;
  };
  const { tracer } = deps;
  const run: RequestHandler =
    tracer === undefined
      ? serve
      : (request, response, isContinueExpected) =>
          traceRequest(tracer, request, response, () => serve(request, response, isContinueExpected));
  const turns = new TurnTaking();
  return (request, response, isContinueExpected) => {
    // The exchange is made when its turn comes: Node tells nothing of a waiting response whose connection is gone.
    turns.take(request.socket, response, () => run(request, response, isContinueExpected));
  };
}

function serveKey(
  exchange: Exchange,
  { kv, watches }: Pick<HandlerDeps, 'kv' | 'watches'>,
  keyText: string,
  query: string | undefined,
): void {
  switch (exchange.request.method) {
    case 'GET':
    case 'HEAD':
      if (mentionsWatch(query)) watches.serve(exchange, keyText, query);
      else if (keyText === '') listKeys(exchange, kv, query);
      else getKey(exchange, kv, keyText, query);
      return;
    case 'PUT':
      putKey(exchange, kv, keyText, query);
      return;
    case 'DELETE':
      deleteKey(exchange, kv, keyText, query);
      return;
    default:
      exchange.fail(new KvorumError('METHOD_NOT_ALLOWED', `/kv/ allows ${keyMethods}`), ['Allow', keyMethods]);
  }
}

function serveCompact(exchange: Exchange, kv: KvService, query: string | undefined): void {
  if (exchange.request.method === 'POST') compactRevisions(exchange, kv, query);
  else exchange.fail(new KvorumError('METHOD_NOT_ALLOWED', '/compact allows POST'), ['Allow', 'POST']);
}

function serveBackup(exchange: Exchange, kv: KvService, query: string | undefined): void {
  if (exchange.request.method === 'GET') streamBackup(exchange, kv, query);
  else exchange.fail(new KvorumError('METHOD_NOT_ALLOWED', '/backup allows GET'), ['Allow', 'GET']);
}

/** What HTTP/1.1 asks of every request, and Node would refuse without a word. HTTP/1.0 knows neither header. */
function checkHead({ headers, httpVersion }: IncomingMessage): void {
  if (httpVersion !== '1.1') return;
  const { host, expect } = headers;
  if (host === undefined)
    throw badHeader('Host', 'the Host header is missing', 'the name of the host, as HTTP/1.1 asks');
  if (expect !== undefined && !/^100-continue$/i.test(expect)) {
    throw badHeader('Expect', `the expectation ${JSON.stringify(expect)} is not known`, '100-continue');
  }
}

function badHeader(field: string, message: string, allowed: string): KvorumError {
  return new KvorumError('INVALID_ARGUMENT', `${message}; allowed is ${allowed}`, { field, allowed });
}

/** A proxy may send the absolute form `http://host/path`; everything else stays untouched, a `#` included. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const scheme = /^https?:\/\/[^/?]*/i.exec(target);
  if (scheme === null) return target;
  const rest = target.slice(scheme[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function unknownRoute(): KvorumError {
  return new KvorumError('ROUTE_NOT_FOUND', 'there is nothing here; keys are under /kv/', {
    allowed: '/kv/{key}, /kv/?prefix=, /kv/?watch, /compact, /backup, /livez, /readyz, /health, /version, /metrics',
  });
}
