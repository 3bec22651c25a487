/** A span around each HTTP request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SpanStatusCode } from '@opentelemetry/api';
import type { HttpRoute } from '../../env/node-metrics.js';
import type { CallTracer } from './call-tracer.js';

/** Of a path, which holds a key, a span gets no more than this. */
export const tracedPathChars = 256;

const knownMethods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/** Serves a request by `serve`, which tells the route that it took. */
export function traceRequest(
  tracer: CallTracer,
  request: IncomingMessage,
  response: ServerResponse,
  serve: () => HttpRoute,
): void {
  const { headers, httpVersion, socket } = request;
  const method = knownMethods.has(request.method ?? '') ? (request.method ?? '') : '_OTHER';
  const shownMethod = method === '_OTHER' ? 'HTTP' : method;
  const [path = ''] = (request.url ?? '/').split('?', 1);
  const { span, run } = tracer.startCall(
    shownMethod,
    { traceparent: textOf(headers['traceparent']), tracestate: textOf(headers['tracestate']) },
    {
      'http.request.method': method,
      'url.scheme': 'http',
      'client.address': socket.remoteAddress ?? '',
      'network.protocol.version': httpVersion,
    },
  );
  response.on('close', () => {
    if (response.headersSent) span.setAttribute('http.response.status_code', response.statusCode);
    if (response.statusCode >= 500) {
      span.setAttribute('error.type', String(response.statusCode));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  });
  const kind = run(serve);
  const route = routeOf(kind, path);
  // A path of the demo routes holds values; a span never does.
  span.setAttribute('url.path', kind === 'demo' && route !== undefined ? route : path.slice(0, tracedPathChars));
  if (route === undefined) return;
  span.setAttribute('http.route', route);
  span.updateName(`${shownMethod} ${route}`);
}

/** The pattern behind a path; undefined when there was no such route. */
function routeOf(route: HttpRoute, path: string): string | undefined {
  switch (route) {
    case 'get':
    case 'put':
    case 'delete':
    case 'list':
    case 'watch':
      return path.endsWith('/kv/') ? '/kv/' : '/kv/{key}';
    case 'compact':
    case 'backup':
    case 'ops':
      return path;
    case 'demo':
      return demoRoute(path.split('/')[1] ?? '');
    case 'other':
      return undefined;
  }
}

function demoRoute(verb: string): string {
  if (verb === 'Set') return '/Set/{key}/{value}';
  return verb === 'Get' || verb === 'Delete' ? `/${verb}/{key}` : `/${verb}`;
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
