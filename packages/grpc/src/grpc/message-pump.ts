/** Sends what an iterable yields as fast as the peer takes it: pulls the next message only when the last one left room. */

/** Where the messages go. */
export interface PumpSink<T> {
  /** Sends one message. False: no room, {@link MessagePump.onWritable} follows. May throw (a codec). */
  send(value: T): boolean;
  /** All was sent. */
  onAllSent(): void;
  /** The iterable or `send` threw. Nothing more will be sent. */
  onSourceError(error: unknown): void;
}

/** What a streaming handler or a caller may give: an array will do, a generator, or an async one. */
export type Messages<T> = Iterable<T> | AsyncIterable<T>;

function isAsync<T>(source: Messages<T>): source is AsyncIterable<T> {
  return Symbol.asyncIterator in source;
}

function ignore(): void {}

/** Made for one source, started once. */
export class MessagePump<T> {
  readonly #sink: PumpSink<T>;
  #async: AsyncIterator<T> | undefined;
  #sync: Iterator<T> | undefined;
  #isWritable = true;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(source: Messages<T>, sink: PumpSink<T>) {
    this.#sink = sink;
    if (isAsync(source)) this.#async = source[Symbol.asyncIterator]();
    else this.#sync = source[Symbol.iterator]();
  }

  /** Begins. A sink's callbacks may run inside this call. */
  start(): void {
    if (this.#async !== undefined) void this.#runAsync(this.#async);
    else if (this.#sync !== undefined) this.#runSync(this.#sync);
  }

  onWritable(): void {
    if (this.#isOver || this.#isWritable) return;
    this.#isWritable = true;
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake !== undefined) wake();
    else if (this.#sync !== undefined) this.#runSync(this.#sync);
  }

  /** Sends nothing more and tells the source so. No callback follows. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
    this.#letGo();
  }

  #runSync(source: Iterator<T>): void {
    try {
      while (this.#isWritable) {
        const result = source.next();
        if (this.#isOver) return;
        if (result.done === true) {
          this.#end();
          return;
        }
        this.#isWritable = this.#sink.send(result.value);
        if (this.#isOver) return;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #runAsync(source: AsyncIterator<T>): Promise<void> {
    try {
      for (;;) {
        const result = await source.next();
        if (this.#isOver) return;
        if (result.done === true) {
          this.#end();
          return;
        }
        this.#isWritable = this.#sink.send(result.value);
        if (!this.#isWritable && !this.#isOver) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        if (this.#isOver) return;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#sink.onAllSent();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#letGo();
    this.#sink.onSourceError(error);
  }

  /** Lets the source run its `finally`. What it throws then has nobody to go to. */
  #letGo(): void {
    try {
      this.#sync?.return?.();
      this.#async?.return?.().then(ignore, ignore);
    } catch {
      ignore();
    }
  }
}
