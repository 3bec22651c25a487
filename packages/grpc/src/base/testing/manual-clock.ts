/** Time that tests move. Nothing runs but inside of `settle` and `advance`. */
import type { Clock, Timer } from '../clock.js';

interface Pending {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Turns of one `settle`; a test that needs more never comes to rest. */
const TURNS_MAX = 1_000_000;

export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: Pending[] = [];
  #endOfTurn: (() => void)[] = [];

  now(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const pending = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.push(pending);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== pending);
      },
    };
  }

  endOfTurn(run: () => void): void {
    this.#endOfTurn.push(run);
  }

  /** Timers that run, for tests that look for forgotten ones. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Ends the turn, and runs timers that are due, until nothing is left to do now. */
  settle(): void {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const run = this.#endOfTurn.shift() ?? this.#takeDue();
      if (run === undefined) return;
      run();
    }
    throw new Error('the clock does not come to rest');
  }

  /** Lets `milliseconds` pass, timer by timer. */
  advance(milliseconds: number): void {
    const untilMs = this.#nowMs + milliseconds;
    this.settle();
    for (;;) {
      const next = Math.min(untilMs, ...this.#timers.map(({ dueMs }) => dueMs));
      this.#nowMs = Math.max(this.#nowMs, next);
      this.settle();
      if (next === untilMs) return;
    }
  }

  #takeDue(): (() => void) | undefined {
    let first: Pending | undefined;
    for (const each of this.#timers) {
      if (each.dueMs <= this.#nowMs && (first === undefined || each.dueMs < first.dueMs)) first = each;
    }
    if (first === undefined) return undefined;
    this.#timers = this.#timers.filter((each) => each !== first);
    return first.run;
  }
}
