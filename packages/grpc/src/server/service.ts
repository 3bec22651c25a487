/** Services are tables: a path, the codecs of its messages and the function that answers. */
import type { Codec } from '../grpc/codec.js';
import type { Messages } from '../grpc/message-pump.js';
import type { ServerCall } from './server-call.js';

/** One request, one response. A handler that returns no promise is answered in the same turn, without one. */
export interface UnaryMethod<Request = unknown, Response = unknown> {
  readonly kind: 'unary';
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  handle(request: Request, call: ServerCall): Response | Promise<Response>;
}

/** One request, a stream of responses, pulled only as fast as the client reads. */
export interface ServerStreamMethod<Request = unknown, Response = unknown> {
  readonly kind: 'serverStream';
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  handle(request: Request, call: ServerCall): Messages<Response>;
}

/** A stream of requests, one response. The client may send only as fast as the handler reads. */
export interface ClientStreamMethod<Request = unknown, Response = unknown> {
  readonly kind: 'clientStream';
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  handle(requests: AsyncIterable<Request>, call: ServerCall): Response | Promise<Response>;
}

/** Streams both ways, independent of each other. */
export interface BidiMethod<Request = unknown, Response = unknown> {
  readonly kind: 'bidi';
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  handle(requests: AsyncIterable<Request>, call: ServerCall): Messages<Response>;
}

export type Method = UnaryMethod | ServerStreamMethod | ClientStreamMethod | BidiMethod;

/** Methods by path: `/package.Service/Method`. */
export type ServiceTable = ReadonlyMap<string, Method>;

/** A unary method; see {@link UnaryMethod}. */
export function unary<Request, Response>(
  request: Codec<Request>,
  response: Codec<Response>,
  handle: (request: Request, call: ServerCall) => Response | Promise<Response>,
): UnaryMethod<Request, Response> {
  return { kind: 'unary', request, response, handle };
}

/** A server-streaming method; see {@link ServerStreamMethod}. */
export function serverStream<Request, Response>(
  request: Codec<Request>,
  response: Codec<Response>,
  handle: (request: Request, call: ServerCall) => Messages<Response>,
): ServerStreamMethod<Request, Response> {
  return { kind: 'serverStream', request, response, handle };
}

/** A client-streaming method; see {@link ClientStreamMethod}. */
export function clientStream<Request, Response>(
  request: Codec<Request>,
  response: Codec<Response>,
  handle: (requests: AsyncIterable<Request>, call: ServerCall) => Response | Promise<Response>,
): ClientStreamMethod<Request, Response> {
  return { kind: 'clientStream', request, response, handle };
}

/** A method that streams both ways; see {@link BidiMethod}. */
export function bidi<Request, Response>(
  request: Codec<Request>,
  response: Codec<Response>,
  handle: (requests: AsyncIterable<Request>, call: ServerCall) => Messages<Response>,
): BidiMethod<Request, Response> {
  return { kind: 'bidi', request, response, handle };
}

/**
 * One table of several services.
 * @param services methods by name, by the full name of their service: `{ 'echo.Echo': { Say: unary(…) } }`
 */
export function serviceTable(services: Readonly<Record<string, Readonly<Record<string, Method>>>>): ServiceTable {
  const table = new Map<string, Method>();
  for (const [service, methods] of Object.entries(services)) {
    for (const [name, method] of Object.entries(methods)) table.set(`/${service}/${name}`, method);
  }
  return table;
}
