/** Readiness for many probes at the cost of one: one check runs at a time, and its outcome is given out for a short while. */
import type { NodeInfo } from '../../service/kv-service.js';
import type { Clock } from '../../env/env.js';

export interface ReadyCheckDeps {
  readonly info: NodeInfo;
  readonly clock: Clock;
}

export interface ReadyCheckOptions {
  readonly readyCacheMs: number;
  readonly readyTimeoutMs: number;
}

export class ReadyCheck {
  readonly #deps: ReadyCheckDeps;
  readonly #options: ReadyCheckOptions;
  #outcome: Promise<void> | undefined;
  /** Undefined while the check runs. */
  #settledMs: number | undefined;

  constructor(deps: ReadyCheckDeps, options: ReadyCheckOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Resolves when a linearizable read passed at most `readyCacheMs` ago, rejects with the reason otherwise. */
  check(): Promise<void> {
    const { clock } = this.#deps;
    const isFresh = this.#settledMs === undefined || clock.nowMs() - this.#settledMs < this.#options.readyCacheMs;
    if (this.#outcome !== undefined && isFresh) return this.#outcome;
    this.#settledMs = undefined;
    const outcome = this.#deps.info.checkReady(this.#options.readyTimeoutMs);
    const settle = () => {
      this.#settledMs = clock.nowMs();
    };
    outcome.then(settle, settle);
    this.#outcome = outcome;
    return outcome;
  }
}
