/**
 * Messages that came, waiting for whoever pulls them: the async iterable that a streaming handler or a caller reads. Bounded by flow control: window
 * is given back only when a message is taken.
 */
interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

const ENDED: IteratorReturnResult<undefined> = { done: true, value: undefined };
/** Taken places at the front of the array before it is compacted. */
const SLACK_MAX = 64;

/** For one reader. Messages are delivered before an end or an error that came after them, except by {@link MessageQueue.abort}. */
export class MessageQueue<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #onTaken: (heldBytes: number) => void;
  readonly #onAbandoned: (() => void) | undefined;
  #values: T[] = [];
  #held: number[] = [];
  #head = 0;
  #waiters: Waiter<T>[] = [];
  #isEnded = false;
  #error: Error | undefined;

  /**
   * @param onTaken a message was taken, or dropped, whose bytes hold this much window
   * @param onAbandoned the reader wants no more, before it reached the end
   */
  constructor(onTaken: (heldBytes: number) => void, onAbandoned?: () => void) {
    this.#onTaken = onTaken;
    this.#onAbandoned = onAbandoned;
  }

  /** No message waits. */
  get isEmpty(): boolean {
    return this.#head === this.#values.length;
  }

  /** Adds a message whose bytes hold `heldBytes` of window until it is taken. */
  push(value: T, heldBytes: number): void {
    if (this.#isEnded) {
      this.#onTaken(heldBytes);
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#values.push(value);
      this.#held.push(heldBytes);
      return;
    }
    this.#onTaken(heldBytes);
    waiter.resolve({ done: false, value });
  }

  /** No more will come. */
  end(): void {
    this.#finish(undefined);
  }

  /** No more will come, and the reader is told why after what already waits. */
  fail(error: Error): void {
    this.#finish(error);
  }

  /** As {@link MessageQueue.fail}, but what waits is dropped: the call is over. */
  abort(error: Error): void {
    this.#dropWaiting();
    this.#isEnded = false;
    this.#finish(error);
  }

  /** As {@link MessageQueue.abort}, but the reader just finds the end. */
  close(): void {
    this.#dropWaiting();
    this.#error = undefined;
    this.#finish(undefined);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#head < this.#values.length) return Promise.resolve(this.#take());
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#isEnded) return Promise.resolve(ENDED);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    const isEarly = !this.#isEnded || this.#head < this.#values.length;
    this.close();
    if (isEarly) this.#onAbandoned?.();
    return Promise.resolve(ENDED);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): IteratorResult<T, undefined> {
    const at = this.#head;
    const value = this.#values[at];
    const held = this.#held[at] ?? 0;
    this.#head += 1;
    if (this.#head === this.#values.length) {
      this.#values = [];
      this.#held = [];
      this.#head = 0;
    } else if (this.#head >= SLACK_MAX && this.#head * 2 >= this.#values.length) {
      this.#values = this.#values.slice(this.#head);
      this.#held = this.#held.slice(this.#head);
      this.#head = 0;
    }
    this.#onTaken(held);
    // The place was filled by `push`, with a T that may itself be undefined.
    return { done: false, value: value as T };
  }

  #finish(error: Error | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const waiters = this.#waiters;
    this.#waiters = [];
    // The first one learns of the error, later ones of the end, as with a generator.
    const [first, ...others] = waiters;
    if (first === undefined) {
      this.#error = error;
      return;
    }
    if (error === undefined) first.resolve(ENDED);
    else first.reject(error);
    for (const waiter of others) waiter.resolve(ENDED);
  }

  #dropWaiting(): void {
    let held = 0;
    for (let at = this.#head; at < this.#held.length; at += 1) held += this.#held[at] ?? 0;
    this.#values = [];
    this.#held = [];
    this.#head = 0;
    if (held > 0) this.#onTaken(held);
  }
}
