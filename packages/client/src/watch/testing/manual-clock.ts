/** Time that passes when a test says so. */
import type { ClientClock, Scheduled } from '../../base/deps.js';

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Timers that run before a test gives up waiting. */
const roundsMax = 200;

export class ManualClock implements ClientClock {
  #nowMs = 0;
  #timers: Timer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Scheduled {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  /** Timers that wait. */
  get size(): number {
    return this.#timers.length;
  }

  /** Lets time pass until the next timer runs. Returns by how much, or undefined when none waits. */
  runNext(): number | undefined {
    const next = this.#timers.reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.dueMs < first.dueMs ? timer : first),
      undefined,
    );
    if (next === undefined) return undefined;
    const passedMs = next.dueMs - this.#nowMs;
    this.#nowMs = next.dueMs;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    next.run();
    return passedMs;
  }

  /** Waits for `promise`; whenever nothing else happens, time passes. Fails when nothing is left to wait for. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (let round = 0; round < roundsMax; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isSettled) return promise;
      if (this.runNext() === undefined) throw new Error('nothing is left to wait for');
    }
    throw new Error(`it has not come after ${roundsMax} timers`);
  }
}
