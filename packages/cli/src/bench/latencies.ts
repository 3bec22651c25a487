/**
 * How long requests took, as a histogram of high dynamic range: Node's own, in native code, so counting costs 50 ns and nothing has to be
 * installed for it. Times are exact to three digits from a microsecond to ten minutes.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** The longest time that is told apart from longer ones. */
const latencyMicrosMax = 600_000_000;

/** Times in milliseconds; zeros when nothing was counted. */
export interface LatencySummary {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly meanMs: number;
}

export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: latencyMicrosMax, figures: 3 });

  get count(): number {
    return this.#histogram.count;
  }

  /** Counts one request. */
  add(ms: number): void {
    const micros = Math.round(ms * 1000);
    this.#histogram.record(Math.min(latencyMicrosMax, Math.max(1, micros)));
  }

  /** What a person wants to know of them. */
  summary(): LatencySummary {
    const at = (percent: number): number => (this.count === 0 ? 0 : this.#histogram.percentile(percent) / 1000);
    const [maxMs, meanMs] = this.count === 0 ? [0, 0] : [this.#histogram.max / 1000, this.#histogram.mean / 1000];
    return { p50Ms: at(50), p90Ms: at(90), p99Ms: at(99), p999Ms: at(99.9), maxMs, meanMs };
  }
}
