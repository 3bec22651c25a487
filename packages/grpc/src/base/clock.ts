/** Time as this package sees it: injected, so that a simulation can drive it. Types only. */

/** A running timer; `cancel` is idempotent and may be called after it fired. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds (fractions allowed) since an arbitrary origin. */
  now(): number;
  /** Calls `run` once, at least `delayMs` (≥ 0) from now; never inside this call. */
  setTimer(delayMs: number, run: () => void): Timer;
  /**
   * Calls `run` once when all input that is ready in this loop turn has been handled. What is asked for while such calls run is run
   * after them, in the same turn.
   */
  endOfTurn(run: () => void): void;
}
