/** A provider of tracers that keeps finished spans in memory, and a context that follows promises: what an application's SDK does, written against the API alone. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TestContext } from 'node:test';
import {
  type Context,
  context,
  type ContextManager,
  ROOT_CONTEXT,
  type Span,
  type SpanAttributes,
  type SpanAttributeValue,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';

/** A span, as it is kept. */
export class TestSpan implements Span {
  name: string;
  readonly kind: number | undefined;
  readonly parent: SpanContext | undefined;
  readonly attributes: Record<string, SpanAttributeValue | undefined>;
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  ended = 0;
  readonly #context: SpanContext;
  readonly #onEnd: (span: TestSpan) => void;

  constructor(
    name: string,
    { kind, attributes }: SpanOptions,
    ids: { readonly parent: SpanContext | undefined; readonly own: SpanContext },
    onEnd: (span: TestSpan) => void,
  ) {
    this.name = name;
    this.kind = kind;
    this.attributes = { ...attributes };
    this.parent = ids.parent;
    this.#context = ids.own;
    this.#onEnd = onEnd;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  setAttribute(name: string, value: SpanAttributeValue): this {
    this.attributes[name] = value;
    return this;
  }

  setAttributes(attributes: SpanAttributes): this {
    Object.assign(this.attributes, attributes);
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }

  updateName(name: string): this {
    this.name = name;
    return this;
  }

  end(): void {
    this.ended += 1;
    this.#onEnd(this);
  }

  isRecording(): boolean {
    return this.ended === 0;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  recordException(): void {}
}

class TestTracer implements Tracer {
  readonly #provider: TestTracing;

  constructor(provider: TestTracing) {
    this.#provider = provider;
  }

  startSpan(name: string, options: SpanOptions = {}, above: Context = context.active()): Span {
    return this.#provider.start(name, options, trace.getSpanContext(above));
  }

  startActiveSpan(): never {
    throw new Error('not used');
  }
}

/** Everything that was traced. */
export class TestTracing implements TracerProvider {
  /** `name@version` of each tracer that was asked for. */
  readonly tracers: string[] = [];
  readonly ended: TestSpan[] = [];
  started = 0;
  #onEnd: () => void = () => undefined;

  getTracer(name: string, version?: string): Tracer {
    this.tracers.push(`${name}@${version ?? ''}`);
    return new TestTracer(this);
  }

  start(name: string, options: SpanOptions, parent: SpanContext | undefined): Span {
    this.started += 1;
    const spanId = this.started.toString(16).padStart(16, '0');
    const own = { traceId: parent?.traceId ?? spanId.repeat(2), spanId, traceFlags: 1 };
    return new TestSpan(name, options, { parent, own }, (span) => {
      this.ended.push(span);
      this.#onEnd();
    });
  }

  /** Resolves when so many spans have ended. */
  async until(count: number): Promise<readonly TestSpan[]> {
    while (this.ended.length < count) {
      await new Promise<void>((resolve) => {
        this.#onEnd = resolve;
      });
    }
    return this.ended;
  }
}

class StorageContext implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    run: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => run.call(thisArg, ...args));
  }

  bind<T>(_active: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

/** Registers provider and context for the time of a test. */
export function registerTracing(t: TestContext): TestTracing {
  const provider = new TestTracing();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new StorageContext());
  t.after(() => {
    trace.disable();
    context.disable();
  });
  return provider;
}
