/**
 * The load of `kvorum bench`: workers that each have one request under way. In a closed loop a worker sends its next request after the answer. In an
 * open loop (`rate`) requests are due at fixed times whatever the answers do, and one that had to wait for a free worker counts from when
 * it was due: a slow store does not get fewer samples by being slow. Knows no network, clock or chance: all is handed in.
 */
import { Latencies } from './latencies.js';

/** The store under load. Both reject when the request failed. */
export interface LoadTarget {
  put(key: Uint8Array, value: Uint8Array): Promise<unknown>;
  get(key: Uint8Array): Promise<unknown>;
}

export interface LoadClock {
  /** Milliseconds, only forward. */
  nowMs(): number;
  /** Resolves after the time or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface LoadPlan {
  /** How many of 100 requests are gets, the others puts. */
  readonly readPercent: number;
  /** Requests under way, for each target. */
  readonly inFlight: number;
  /** The keys, used in turn by puts and by chance by gets. */
  readonly keys: readonly Uint8Array[];
  readonly value: Uint8Array;
  /** Requests that are due each second over all targets; undefined: a closed loop. */
  readonly rate?: number | undefined;
  /** When it ends, whichever comes first. */
  readonly durationMs?: number | undefined;
  readonly requests?: number | undefined;
}

export interface LoadDeps {
  readonly targets: readonly LoadTarget[];
  readonly clock: LoadClock;
  /** From 0 to below 1. */
  readonly chance: () => number;
  /** Ends the load early; requests under way are waited for. */
  readonly signal: AbortSignal;
  /** The code by which a failure is counted. */
  readonly codeOf: (error: unknown) => string;
  /** Told after every request. */
  readonly onDone: (elapsedMs: number, done: number) => void;
}

export interface LoadResult {
  readonly elapsedMs: number;
  readonly puts: Latencies;
  readonly gets: Latencies;
  /** Requests that succeeded in each second since the start. */
  readonly perSecond: readonly number[];
  /** Failures by code. */
  readonly failures: ReadonlyMap<string, number>;
  /** True when nothing but failures came, and it was given up. */
  readonly isGivenUp: boolean;
}

/** Failures in a row after which a load is given up: a store that refuses at once would be flooded for nothing. */
export const failuresInRowMax = 1000;

/** Runs the load to its end; never rejects. */
export async function runLoad(plan: LoadPlan, deps: LoadDeps): Promise<LoadResult> {
  const load = new Load(plan, deps);
  await Promise.all(deps.targets.flatMap((target) => Array.from({ length: plan.inFlight }, () => load.work(target))));
  return load.result();
}

class Load {
  readonly #plan: LoadPlan;
  readonly #deps: LoadDeps;
  readonly #startMs: number;
  readonly #requestsMax: number;
  readonly #endMs: number;
  readonly #puts = new Latencies();
  readonly #gets = new Latencies();
  readonly #perSecond: number[] = [];
  readonly #failures = new Map<string, number>();
  #taken = 0;
  #done = 0;
  #failedInRow = 0;

  constructor(plan: LoadPlan, deps: LoadDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#startMs = deps.clock.nowMs();
    this.#requestsMax = plan.requests ?? Number.POSITIVE_INFINITY;
    this.#endMs = this.#startMs + (plan.durationMs ?? Number.POSITIVE_INFINITY);
  }

  /** One worker. */
  async work(target: LoadTarget): Promise<void> {
    for (;;) {
      const number = this.#take();
      if (number === undefined) return;
      const fromMs = await this.#untilDue(number);
      if (fromMs === undefined) return;
      await this.#request(target, number, fromMs);
    }
  }

  result(): LoadResult {
    const elapsedMs = this.#deps.clock.nowMs() - this.#startMs;
    const perSecond = Array.from(this.#perSecond, (count) => count ?? 0);
    const isGivenUp = this.#failedInRow >= failuresInRowMax;
    return { elapsedMs, puts: this.#puts, gets: this.#gets, perSecond, failures: this.#failures, isGivenUp };
  }

  /** The number of the next request, undefined when there is none. */
  #take(): number | undefined {
    if (this.#taken >= this.#requestsMax || this.#isOver(this.#deps.clock.nowMs())) return undefined;
    this.#taken += 1;
    return this.#taken - 1;
  }

  #isOver(nowMs: number): boolean {
    return nowMs >= this.#endMs || this.#deps.signal.aborted || this.#failedInRow >= failuresInRowMax;
  }

  /** When the request's time begins to count; undefined when the load ends before it is due. */
  async #untilDue(number: number): Promise<number | undefined> {
    const { clock, signal } = this.#deps;
    const nowMs = clock.nowMs();
    if (this.#plan.rate === undefined) return nowMs;
    const dueMs = this.#startMs + (number * 1000) / this.#plan.rate;
    if (dueMs <= nowMs) return dueMs;
    await clock.sleep(Math.min(dueMs, this.#endMs) - nowMs, signal);
    // A timer that came late is no fault of the store's.
    const wokenMs = clock.nowMs();
    return dueMs >= this.#endMs || this.#isOver(wokenMs) ? undefined : wokenMs;
  }

  async #request(target: LoadTarget, number: number, fromMs: number): Promise<void> {
    const { keys, value, readPercent } = this.#plan;
    const { chance, clock, codeOf, onDone } = this.#deps;
    const isGet = readPercent > 0 && chance() * 100 < readPercent;
    const key = keys[isGet ? Math.floor(chance() * keys.length) : number % keys.length] ?? value;
    try {
      await (isGet ? target.get(key) : target.put(key, value));
      const nowMs = clock.nowMs();
      (isGet ? this.#gets : this.#puts).add(nowMs - fromMs);
      const second = Math.floor((nowMs - this.#startMs) / 1000);
      this.#perSecond[second] = (this.#perSecond[second] ?? 0) + 1;
      this.#failedInRow = 0;
    } catch (error) {
      const code = codeOf(error);
      this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
      this.#failedInRow += 1;
    }
    this.#done += 1;
    onDone(clock.nowMs() - this.#startMs, this.#done);
  }
}
