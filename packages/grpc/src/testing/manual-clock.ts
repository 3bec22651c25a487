/** Time that tests move by hand. */
import type { Clock, Timer } from '../base/clock.js';

interface Waiting {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 1_000;
  #waiting: Waiting[] = [];
  #endOfTurn: (() => void)[] = [];

  now(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const waiting = { atMs: this.#nowMs + delayMs, run };
    this.#waiting.push(waiting);
    return { cancel: () => void (this.#waiting = this.#waiting.filter((each) => each !== waiting)) };
  }

  endOfTurn(run: () => void): void {
    this.#endOfTurn.push(run);
  }

  /** Runs what waits for the end of the turn. */
  endTurn(): void {
    while (this.#endOfTurn.length > 0) for (const run of this.#endOfTurn.splice(0)) run();
  }

  /** Moves time on, timer by timer. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#waiting.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      this.endTurn();
    }
    this.#nowMs = untilMs;
  }
}
