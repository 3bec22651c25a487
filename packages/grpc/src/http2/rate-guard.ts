/** A bucket of tokens: how much of what costs us work a peer may do at once and in the long run. */
import type { Clock } from '../base/clock.js';

/** Starts full. The clock is read only when a token is spent. */
export class RateGuard {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #sinceMs: number;

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
    this.#sinceMs = 0;
  }

  /** Takes a token; false when there is none. */
  spend(): boolean {
    if (this.#tokens < 1) this.#refill();
    if (this.#tokens < 1) return false;
    if (this.#tokens === this.#burst) this.#sinceMs = this.#clock.now();
    this.#tokens -= 1;
    return true;
  }

  /** Useful work of the peer gives tokens back. */
  earn(count: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + count);
  }

  #refill(): void {
    const nowMs = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#sinceMs) * this.#perMs);
    this.#sinceMs = nowMs;
  }
}
