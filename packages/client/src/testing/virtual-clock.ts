/** Time that tests move. */
import type { ClientClock, Scheduled } from '../base/deps.js';

interface Pending {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Microtasks that code may take to come to rest. */
const hops = 40;
/** What a test waits for comes earlier. */
const waitMsMax = 100_000;

export class VirtualClock implements ClientClock {
  #nowMs = 0;
  #pending: Pending[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Scheduled {
    const pending = { dueMs: this.#nowMs + delayMs, run };
    this.#pending.push(pending);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((each) => each !== pending);
      },
    };
  }

  /** Timers that run. */
  get timers(): number {
    return this.#pending.length;
  }

  /** Lets promises run until nothing is left to do at this time. */
  async settle(): Promise<void> {
    for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
  }

  /** Lets time pass, timer by timer. */
  async advance(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds;
    do await this.settle();
    while (this.#runNext(untilMs));
    this.#nowMs = untilMs;
  }

  /** Lets time pass until `promise` is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    const giveUpMs = this.#nowMs + waitMsMax;
    do {
      await this.settle();
      if (isOver) return promise;
    } while (this.#runNext(giveUpMs));
    throw new Error(`nothing came of it in ${waitMsMax} ms`);
  }

  /** Goes to the next timer, unless it is later than `untilMs`. */
  #runNext(untilMs: number): boolean {
    let next: Pending | undefined;
    for (const each of this.#pending) if (next === undefined || each.dueMs < next.dueMs) next = each;
    if (next === undefined || next.dueMs > untilMs) return false;
    this.#pending = this.#pending.filter((each) => each !== next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.run();
    return true;
  }
}
