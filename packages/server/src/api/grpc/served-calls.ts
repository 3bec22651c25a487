/** What every method has around it: its time, its metrics, and public errors as gRPC statuses. */
import { type Codec, GrpcError, serverStream, type ServerCall, Status, unary } from '@kvorum/grpc';
import type { Method } from '@kvorum/grpc';
import { grpcStatus, type Init, KvorumError, type MessageCodec, type MethodShape, ProtoError } from '@kvorum/protocol';
import type { Clock, Log } from '../../env/env.js';
import type { GrpcMethodName, GrpcMetrics } from '../../env/node-metrics.js';
import type { NodeInfo } from '../../service/kv-service.js';
import { timeLeft } from './requests.js';

export interface ServedCallsDeps {
  readonly info: Pick<NodeInfo, 'status'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: GrpcMetrics;
}

/** Answers one request. Byte fields of it end with the synchronous part. */
export type Answer<Request, Response> = (
  request: Request,
  timeoutMs: number | undefined,
  call: ServerCall,
) => Response | Promise<Response>;

/** Answers with a stream. Must copy what it needs of the request before it returns. */
export type StreamAnswer<Request, Response> = (
  request: Request,
  timeoutMs: number | undefined,
  call: ServerCall,
) => AsyncIterable<Response>;

/** Where a write's outcome is told, a client may ask the leader next. */
const leaderCodes: ReadonlySet<string> = new Set(['UNAVAILABLE', 'STOPPED', 'CORRUPT', 'TIMEOUT']);

export class ServedCalls {
  readonly #deps: ServedCallsDeps;

  constructor(deps: ServedCallsDeps) {
    this.#deps = deps;
  }

  unary<Request, Response>(
    name: GrpcMethodName,
    shape: MethodShape<Request, Response>,
    answer: Answer<Request, Init<Response>>,
  ): Method {
    return unary(requestCodec(shape.request), responseCodec(shape.response), (request, call) => {
      const startMs = this.#begin();
      try {
        const response = answer(request, timeLeft(call.deadlineMs, startMs), call);
        if (!(response instanceof Promise)) return this.#answered(name, startMs, response);
        return response.then(
          (value) => this.#answered(name, startMs, value),
          (cause: unknown) => {
            throw this.#failed(name, startMs, cause);
          },
        );
      } catch (cause) {
        throw this.#failed(name, startMs, cause);
      }
    });
  }

  stream<Request, Response>(
    name: GrpcMethodName,
    shape: MethodShape<Request, Response>,
    answer: StreamAnswer<Request, Init<Response>>,
  ): Method {
    return serverStream(requestCodec(shape.request), responseCodec(shape.response), (request, call) => {
      const startMs = this.#begin();
      try {
        const messages = answer(request, timeLeft(call.deadlineMs, startMs), call);
        return this.#streamed(name, startMs, messages);
      } catch (cause) {
        throw this.#failed(name, startMs, cause);
      }
    });
  }

  /** Anything but a `KvorumError` is a bug of ours, logged and shown as INTERNAL. */
  publicError(cause: unknown): KvorumError {
    if (cause instanceof KvorumError) return this.#withLeader(cause);
    const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.#deps.log.error('a call failed for an unforeseen reason', { cause: message });
    const details = { mayHaveHappened: true };
    return new KvorumError('INTERNAL', 'unforeseen failure; the log of the node has the cause', details, cause);
  }

  async *#streamed<T>(name: GrpcMethodName, startMs: number, messages: AsyncIterable<T>): AsyncGenerator<T> {
    let isOver = false;
    try {
      yield* messages;
      isOver = true;
      this.#answered(name, startMs, undefined);
    } catch (cause) {
      isOver = true;
      throw this.#failed(name, startMs, cause);
    } finally {
      if (!isOver) this.#count(name, startMs, Status.CANCELLED);
    }
  }

  #begin(): number {
    this.#deps.metrics.openCalls += 1;
    return this.#deps.clock.nowMs();
  }

  #answered<T>(name: GrpcMethodName, startMs: number, response: T): T {
    this.#count(name, startMs, Status.OK);
    return response;
  }

  #failed(name: GrpcMethodName, startMs: number, cause: unknown): GrpcError {
    const status = grpcStatus(this.publicError(cause));
    this.#count(name, startMs, status.code);
    return new GrpcError(status.code, status.message, { details: status.details, cause });
  }

  #count(name: GrpcMethodName, startMs: number, code: number): void {
    const { clock, metrics } = this.#deps;
    metrics.openCalls -= 1;
    const { answers, latencyMs } = metrics.methods[name];
    answers[code] = (answers[code] ?? 0) + 1;
    latencyMs.observe(clock.nowMs() - startMs);
  }

  /** Names fields as the .proto files do, and the leader where another node may do better. */
  #withLeader(error: KvorumError): KvorumError {
    const { field } = error.details;
    const named = field === undefined ? undefined : protoField(field);
    const leader = leaderCodes.has(error.code) ? leaderAddress(this.#deps.info) : undefined;
    if (named === field && leader === undefined) return error;
    const message = field === undefined ? error.message : error.message.replaceAll(field, named ?? field);
    return new KvorumError(error.code, message, { ...error.details, field: named, leader }, error.cause);
  }
}

function leaderAddress(info: Pick<NodeInfo, 'status'>): string | undefined {
  return info.status().members.find(({ isLeader }) => isLeader)?.clientAddress;
}

/** `session.firstUnacknowledged`, as the service names it, is `first_unacknowledged` in a message. */
function protoField(field: string): string {
  if (field === 'session.id') return 'session';
  return field.replace(/^.*\./, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function requestCodec<Request>(codec: MessageCodec<Request>): Codec<Request> {
  return {
    encode: () => {
      throw new Error('a server sends no requests');
    },
    decode: (bytes) => {
      try {
        return codec.decode(bytes);
      } catch (cause) {
        if (!(cause instanceof ProtoError)) throw cause;
        const error = new KvorumError('INVALID_ARGUMENT', `the request is malformed: ${cause.message}`, {
          mayHaveHappened: false,
        });
        const { code, message, details } = grpcStatus(error);
        throw new GrpcError(code, message, { details, cause });
      }
    },
  };
}

function responseCodec<Response>(codec: MessageCodec<Response>): Codec<Init<Response>> {
  return {
    encode: (response) => codec.encode(response),
    decode: () => {
      throw new Error('a server receives no responses');
    },
  };
}
