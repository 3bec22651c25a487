/** What a load came to, in words for a person and as a value for a program. */
import { formatTable } from '../output.js';
import type { Latencies, LatencySummary } from './latencies.js';
import type { LoadResult } from './load.js';
import { plotPerSecond, showCount } from './plot.js';

/** One kind of request. */
export interface KindReport extends LatencySummary {
  readonly requests: number;
  readonly perSecond: number;
}

/** What one node got of it; a request that was sent again counts again. */
export interface ServerReport {
  readonly address: string;
  readonly reads: number;
  readonly writes: number;
  /** Attempts that failed for reasons of the node or its connection. */
  readonly failures: number;
}

export interface BenchReport {
  readonly elapsedMs: number;
  readonly requests: number;
  /** Of all that succeeded. */
  readonly perSecond: number;
  readonly put?: KindReport;
  readonly get?: KindReport;
  /** Requests that failed, by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that succeeded in each whole second. */
  readonly seconds: readonly number[];
  /** Processor time of this process for each request; the nodes' is not in it. */
  readonly clientCpuMicrosPerRequest: number;
  readonly servers: readonly ServerReport[];
}

/** The figures of a result; `cpuMicros` is what this process used for it. */
export function reportOf(result: LoadResult, cpuMicros: number, servers: readonly ServerReport[]): BenchReport {
  const { elapsedMs, puts, gets, perSecond, failures } = result;
  const requests = puts.count + gets.count;
  return {
    elapsedMs: round(elapsedMs),
    requests,
    perSecond: perSecondOf(requests, elapsedMs),
    ...(puts.count === 0 ? {} : { put: kindOf(puts, elapsedMs) }),
    ...(gets.count === 0 ? {} : { get: kindOf(gets, elapsedMs) }),
    failures: Object.fromEntries(failures),
    seconds: perSecond.slice(0, Math.floor(elapsedMs / 1000)),
    clientCpuMicrosPerRequest: requests === 0 ? 0 : round(cpuMicros / requests),
    servers,
  };
}

/** The report as lines; `width` is that of the terminal. */
export function reportLines(report: BenchReport, width: number, isUnicode: boolean): readonly string[] {
  const { put, get, requests, elapsedMs, perSecond, failures, clientCpuMicrosPerRequest } = report;
  const plot = plotPerSecond(report.seconds, { width: Math.max(20, width - 14), height: 8, isUnicode });
  const kinds = [
    ['put', put],
    ['get', get],
  ] as const;
  const rows = kinds.flatMap(([name, kind]) => (kind === undefined ? [] : [kindRow(name, kind)]));
  const failed = Object.entries(failures).map(([code, count]) => `${showCount(count)} ${code}`);
  return [
    ...(plot.length === 0 ? [] : [...plot, '']),
    ...(rows.length === 0 ? [] : [...formatTable(header, rows), '']),
    ...(report.servers.length < 2 ? [] : [...formatTable(serverHeader, report.servers.map(serverRow)), '']),
    `${showCount(requests)} requests in ${(elapsedMs / 1000).toFixed(1)} s: ${showCount(perSecond)} per second`,
    `${clientCpuMicrosPerRequest.toFixed(1)} µs of this process's CPU each`,
    failed.length === 0 ? 'none failed' : `failed: ${failed.join(', ')}`,
  ];
}

const header = ['', 'REQUESTS', 'PER SECOND', 'P50', 'P90', 'P99', 'P99.9', 'MAX', 'MEAN'];

const serverHeader = ['NODE', 'READS', 'WRITES', 'FAILURES'];

function serverRow({ address, reads, writes, failures }: ServerReport): string[] {
  return [address, ...[reads, writes, failures].map(showCount)];
}

function kindRow(name: string, kind: KindReport): string[] {
  const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs, meanMs } = kind;
  return [
    name,
    showCount(kind.requests),
    showCount(kind.perSecond),
    ...[p50Ms, p90Ms, p99Ms, p999Ms, maxMs, meanMs].map(showMs),
  ];
}

function kindOf(latencies: Latencies, elapsedMs: number): KindReport {
  const requests = latencies.count;
  return { requests, perSecond: perSecondOf(requests, elapsedMs), ...roundAll(latencies.summary()) };
}

function roundAll({ p50Ms, p90Ms, p99Ms, p999Ms, maxMs, meanMs }: LatencySummary): LatencySummary {
  return {
    p50Ms: round(p50Ms),
    p90Ms: round(p90Ms),
    p99Ms: round(p99Ms),
    p999Ms: round(p999Ms),
    maxMs: round(maxMs),
    meanMs: round(meanMs),
  };
}

function perSecondOf(count: number, elapsedMs: number): number {
  return elapsedMs === 0 ? 0 : round((count * 1000) / elapsedMs);
}

/** Three digits after the point say all that was measured. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A time with three digits that count. */
function showMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return `${ms >= 100 ? Math.round(ms) : ms.toPrecision(ms < 1 ? 2 : 3)} ms`;
}
