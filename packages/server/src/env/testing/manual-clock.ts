/** Time that only moves when a test moves it. */
import type { Clock, Timer } from '../env.js';

interface Waiting {
  dueMs: number;
  readonly order: number;
  readonly intervalMs: number | undefined;
  readonly run: () => void;
}

/** Timers fire in `advance`, in the order of their due times; deferred work runs in `runDeferred`, or as a microtask when not `isStepped`. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Waiting>();
  readonly #isStepped: boolean;
  #deferred: (() => void)[] = [];
  #nowMs = 0;
  #order = 0;

  constructor(options: { readonly isStepped?: boolean } = {}) {
    this.#isStepped = options.isStepped ?? false;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    return this.#add(delayMs, undefined, run);
  }

  setInterval(intervalMs: number, run: () => void): Timer {
    return this.#add(intervalMs, intervalMs, run);
  }

  defer(run: () => void): void {
    if (!this.#isStepped) queueMicrotask(run);
    else this.#deferred.push(run);
  }

  /** Ends a loop turn. */
  runDeferred(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const run of deferred) run();
  }

  /** Moves time on and fires what is due meanwhile. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.dueMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.intervalMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.intervalMs;
      next.run();
    }
    this.#nowMs = endMs;
  }

  #next(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const timer of this.#timers) {
      const isEarlier = first === undefined || timer.dueMs < first.dueMs;
      if (isEarlier || (timer.dueMs === first?.dueMs && timer.order < first.order)) first = timer;
    }
    return first;
  }

  #add(delayMs: number, intervalMs: number | undefined, run: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, order: this.#order++, intervalMs, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }
}
