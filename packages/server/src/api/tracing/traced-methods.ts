/** A span around each call of a gRPC service. */
import { GrpcError, type Messages, type Method, type ServerCall, type ServiceTable, Status } from '@kvorum/grpc';
import { SpanStatusCode } from '@opentelemetry/api';
import { grpcStatusNames } from '../../env/node-metrics.js';
import type { CallSpan, CallTracer, Origin } from './call-tracer.js';

/** What the conventions count as an error of the server; of all else the client is the cause. */
const serverErrors: ReadonlySet<number> = new Set([
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.UNIMPLEMENTED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.DATA_LOSS,
]);

const nowhere: Origin = { traceparent: undefined, tracestate: undefined };

/** The same methods, each call with a span. */
export function tracedTable(tracer: CallTracer, table: ServiceTable): ServiceTable {
  return new Map([...table].map(([path, method]) => [path, traced(tracer, method)]));
}

function traced(tracer: CallTracer, method: Method): Method {
  switch (method.kind) {
    case 'unary':
      return {
        ...method,
        handle: (request: unknown, call: ServerCall) => answered(tracer, call, () => method.handle(request, call)),
      };
    case 'serverStream':
      return {
        ...method,
        handle: (request: unknown, call: ServerCall) => streamed(tracer, call, () => method.handle(request, call)),
      };
    case 'clientStream':
    case 'bidi':
      // The key-value services have none.
      return method;
  }
}

function startSpan(tracer: CallTracer, call: ServerCall): CallSpan {
  const method = call.path.slice(1);
  return tracer.startCall(method, readableOrigin(call), {
    'rpc.system.name': 'grpc',
    'rpc.method': method,
    'client.address': call.peer,
    'network.protocol.name': 'http',
    'network.protocol.version': '2',
  });
}

function originOf(call: ServerCall): Origin {
  const { metadata } = call;
  const parents = metadata.getAll('traceparent');
  const [traceparent] = parents;
  // More than one is malformed.
  const isOne = parents.length === 1 && typeof traceparent === 'string';
  const tracestate = metadata.getAll('tracestate').join(',');
  return { traceparent: isOne ? traceparent : undefined, tracestate: tracestate === '' ? undefined : tracestate };
}

/** Metadata that can't be read is as good as none: what it means for the call is the handler's to say, if it looks. */
function readableOrigin(call: ServerCall): Origin {
  try {
    return originOf(call);
  } catch (error) {
    if (error instanceof GrpcError) return nowhere;
    throw error;
  }
}

function answered<T>(tracer: CallTracer, call: ServerCall, answer: () => T | Promise<T>): T | Promise<T> {
  const span = startSpan(tracer, call);
  try {
    const response = span.run(answer);
    if (!(response instanceof Promise)) {
      end(span, undefined);
      return response;
    }
    return response.then(
      (value) => {
        end(span, call.isOver ? call.signal.reason : undefined);
        return value;
      },
      (error: unknown) => {
        end(span, error);
        throw error;
      },
    );
  } catch (error) {
    end(span, error);
    throw error;
  }
}

function streamed<T>(tracer: CallTracer, call: ServerCall, stream: () => Messages<T>): Messages<T> {
  const span = startSpan(tracer, call);
  try {
    return until(span.run(stream), call, (error) => end(span, error));
  } catch (error) {
    end(span, error);
    throw error;
  }
}

/** Tells how a stream ended: by itself, by a failure, or because nobody reads it any more. */
async function* until<T>(messages: Messages<T>, call: ServerCall, onEnd: (error: unknown) => void): AsyncGenerator<T> {
  let failure: unknown;
  try {
    yield* messages;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    onEnd(call.isOver ? call.signal.reason : failure);
  }
}

function end({ span }: CallSpan, error: unknown): void {
  const code = error === undefined ? Status.OK : error instanceof GrpcError ? error.code : Status.INTERNAL;
  const name = grpcStatusNames[code] ?? 'UNKNOWN';
  span.setAttribute('rpc.response.status_code', name);
  if (serverErrors.has(code)) {
    span.setAttribute('error.type', name);
    span.setStatus({ code: SpanStatusCode.ERROR, ...(error instanceof Error ? { message: error.message } : {}) });
  }
  span.end();
}
