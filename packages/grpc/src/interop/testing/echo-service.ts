/** The service that foreign clients call, and what our client calls on foreign servers: plain bytes in all four kinds of calls. */
import type { RemoteMethod } from '../../client/options.js';
import { bytesCodec } from '../../grpc/codec.js';
import { Metadata } from '../../grpc/metadata.js';
import { GrpcError, Status } from '../../grpc/status.js';
import type { ServerCall } from '../../server/server-call.js';
import { bidi, clientStream, serverStream, type ServiceTable, serviceTable, unary } from '../../server/service.js';

export const FAILURE_TEXT = 'nicht möglich: 100 % ✓';
export const FAILURE_DETAILS = Buffer.from([8, 5, 255]);

/** What happened on the server, for tests. */
export interface EchoLog {
  /** Messages that `Flood` has made. */
  flooded: number;
  /** Statuses with which calls of `Wait` were cancelled. */
  readonly cancelled: number[];
  /** Deadlines that calls of `Wait` had, in ms from their start. */
  readonly deadlines: (number | undefined)[];
}

export function echoMethod(name: string): RemoteMethod<Uint8Array, Uint8Array> {
  return { path: `/echo.Echo/${name}`, request: bytesCodec, response: bytesCodec };
}

/** Echoes `x-ask` into the response's metadata, `x-ask-bin` into its trailer. */
function echoMetadata(call: ServerCall): void {
  const early = call.metadata.get('x-ask');
  const late = call.metadata.getBinary('x-ask-bin');
  if (early !== undefined) call.sendMetadata(new Metadata().set('x-answer', early));
  if (late !== undefined) call.setTrailer(new Metadata().set('x-answer-bin', late));
}

/** Request: how many messages, in decimal. */
function* many(request: Uint8Array): Iterable<Uint8Array> {
  const count = Number(Buffer.from(request).toString());
  for (let at = 0; at < count; at += 1) yield Buffer.from(String(at));
}

async function count(requests: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let bytes = 0;
  for await (const request of requests) bytes += request.length;
  return Buffer.from(String(bytes));
}

/** Answers never. */
function wait(call: ServerCall, log: EchoLog, nowMs: () => number): Promise<Uint8Array> {
  log.deadlines.push(call.deadlineMs === undefined ? undefined : call.deadlineMs - nowMs());
  return new Promise(() => {
    call.signal.addEventListener('abort', () => {
      const reason: unknown = call.signal.reason;
      log.cancelled.push(reason instanceof GrpcError ? reason.code : -1);
    });
  });
}

/** @param nowMs the runtime's clock */
export function echoService(nowMs: () => number): { readonly services: ServiceTable; readonly log: EchoLog } {
  const log: EchoLog = { flooded: 0, cancelled: [], deadlines: [] };
  const chunk = new Uint8Array(64 * 1024);
  const services = serviceTable({
    'echo.Echo': {
      Say: unary(bytesCodec, bytesCodec, (request, call) => {
        echoMetadata(call);
        return request;
      }),
      SayLater: unary(bytesCodec, bytesCodec, async (request, call) => {
        echoMetadata(call);
        return request;
      }),
      Fail: unary(bytesCodec, bytesCodec, () => {
        throw new GrpcError(Status.FAILED_PRECONDITION, FAILURE_TEXT, { details: FAILURE_DETAILS });
      }),
      Wait: unary(bytesCodec, bytesCodec, (_, call) => wait(call, log, nowMs)),
      Many: serverStream(bytesCodec, bytesCodec, (request, call) => {
        echoMetadata(call);
        return many(request);
      }),
      ManyThenFail: serverStream(bytesCodec, bytesCodec, async function* (request) {
        yield* many(request);
        throw new GrpcError(Status.ABORTED, 'half way');
      }),
      Flood: serverStream(bytesCodec, bytesCodec, async function* (): AsyncGenerator<Uint8Array> {
        for (;;) {
          log.flooded += 1;
          yield chunk;
        }
      }),
      Count: clientStream(bytesCodec, bytesCodec, (requests, call) => {
        echoMetadata(call);
        return count(requests);
      }),
      Chat: bidi(bytesCodec, bytesCodec, async function* (requests, call) {
        echoMetadata(call);
        for await (const request of requests) yield request;
      }),
    },
  });
  return { services, log };
}
