/**
 * A node's metrics as Prometheus text. Each node has a registry of its own, never the library's global one; everything is read when
 * somebody scrapes, so nothing of this is on a hot path.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HistogramCounts, NodeMetrics } from '../env/node-metrics.js';
import type { ProcessProbe } from '../env/process-probe.js';
import type { NodeStatus } from '../service/kv-service.js';
import { type HistogramMetric, type Labels, type MetricSource, metricList, type NumberMetric } from './metric-list.js';

export interface MetricsDeps {
  readonly counts: NodeMetrics;
  readonly status: () => NodeStatus;
  readonly probe: ProcessProbe;
}

export class MetricsRegistry {
  readonly #deps: MetricsDeps;
  readonly #registry = new Registry();
  #source: MetricSource;

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
    this.#source = this.#take();
    for (const row of metricList) {
      if (row.type === 'histogram') this.#addHistogram(row);
      else this.#addNumber(row);
    }
  }

  /** The Prometheus text of now. */
  async text(): Promise<string> {
    this.#source = this.#take();
    return await this.#registry.metrics();
  }

  #take(): MetricSource {
    const { counts, status, probe } = this.#deps;
    return { counts, status: status(), process: probe.read() };
  }

  #addNumber(row: NumberMetric): void {
    const { name, help } = row;
    const options = { name, help, labelNames: [...row.labels], registers: [this.#registry] };
    const samples = () => row.read(this.#source);
    if (row.type === 'gauge') {
      const gauge = new Gauge({
        ...options,
        collect() {
          gauge.reset();
          for (const [labels, value] of samples()) gauge.set({ ...labels }, value);
        },
      });
      return;
    }
    const counter = new Counter({
      ...options,
      collect() {
        counter.reset();
        for (const [labels, value] of samples()) counter.inc({ ...labels }, value);
      },
    });
  }

  /** The library can only observe single values; our counts are made already, so we answer for it. */
  #addHistogram(row: HistogramMetric): void {
    const { name, help } = row;
    const histogram = new Histogram({ name, help, labelNames: [...row.labels], registers: [this.#registry] });
    const get = () => {
      const values = row.read(this.#source).flatMap(([labels, counts]) => histogramValues(row, labels, counts));
      return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' });
    };
    Object.assign(histogram, { get, getForPromString: get });
  }
}

interface HistogramValue {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function histogramValues(row: HistogramMetric, labels: Labels, counts: HistogramCounts): HistogramValue[] {
  let total = 0;
  const values: HistogramValue[] = counts.counts.map((count, bucket) => {
    total += count;
    const bound = counts.bounds[bucket];
    const le = bound === undefined ? '+Inf' : Number((bound * row.scale).toPrecision(6));
    return { metricName: `${row.name}_bucket`, labels: { le, ...labels }, value: total };
  });
  values.push({ metricName: `${row.name}_sum`, labels, value: counts.sum * row.scale });
  values.push({ metricName: `${row.name}_count`, labels, value: total });
  return values;
}
