/** Spreads bytes over time, for all snapshots that a node sends together. */
import type { Clock } from '../env/env.js';

/** One per transport. Waiting is up to the caller. */
export class Pacer {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  #freeAtMs: number;

  /** `bytesPerSecond` 0: no limit. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#freeAtMs = clock.nowMs();
  }

  /** Takes the next place for so many bytes and tells when, by the clock, they may leave. Time that nobody used isn't saved up. */
  reserve(bytes: number): number {
    const nowMs = this.#clock.nowMs();
    if (this.#bytesPerSecond === 0) return nowMs;
    const atMs = Math.max(this.#freeAtMs, nowMs);
    this.#freeAtMs = atMs + (bytes * 1000) / this.#bytesPerSecond;
    return atMs;
  }
}
