/**
 * Spans of calls, by the conventions of OpenTelemetry for servers. It wraps handlers where they are put together, so that a node without tracing runs
 * none of this. Spans go to the provider that the application registered; without one they are no-ops.
 */
import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanAttributes,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { readTraceParent } from './trace-parent.js';

/** What a request says of where it comes from. */
export interface Origin {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** A span that is the active one while `run` runs. */
export interface CallSpan {
  readonly span: Span;
  readonly run: <T>(run: () => T) => T;
}

const library = '@kvorum/server';

/** One per node. */
export class CallTracer {
  readonly #tracer: Tracer;

  constructor(version: string) {
    this.#tracer = trace.getTracer(library, version);
  }

  /** Begins the span of a call, below the caller's span when that is told. */
  startCall(name: string, origin: Origin, attributes: SpanAttributes): CallSpan {
    const parent = readTraceParent(origin.traceparent, origin.tracestate);
    const above = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, above);
    return spanOf(span, above);
  }

  /** Runs `work` under a span below the active one; where none is active there is nothing to tell of. */
  inside<T>(name: string, work: () => Promise<T>): Promise<T> {
    const above = context.active();
    if (trace.getSpan(above) === undefined) return work();
    const span = this.#tracer.startSpan(name, { kind: SpanKind.INTERNAL }, above);
    return spanOf(span, above)
      .run(work)
      .then(
        (result) => {
          span.end();
          return result;
        },
        (error: unknown) => {
          fail(span, error);
          span.end();
          throw error;
        },
      );
  }
}

function spanOf(span: Span, above: Context): CallSpan {
  const inner = trace.setSpan(above, span);
  return { span, run: (run) => context.with(inner, run) };
}

function fail(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, ...(error instanceof Error ? { message: error.message } : {}) });
}
