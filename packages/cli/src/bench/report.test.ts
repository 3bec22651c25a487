import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latencies } from './latencies.js';
import type { LoadResult } from './load.js';
import { plotPerSecond } from './plot.js';
import { reportLines, reportOf } from './report.js';

function latenciesOf(...times: number[]): Latencies {
  const latencies = new Latencies();
  for (const ms of times) latencies.add(ms);
  return latencies;
}

function result(given: Partial<LoadResult>): LoadResult {
  const none = { puts: new Latencies(), gets: new Latencies(), perSecond: [], failures: new Map(), isGivenUp: false };
  return { elapsedMs: 0, ...none, ...given };
}

test('percentiles are exact to three digits, from a microsecond to ten minutes', () => {
  const latencies = latenciesOf(...Array.from({ length: 1000 }, (_, at) => at + 1));
  const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs, meanMs } = latencies.summary();
  const wanted = [500, 900, 990, 999, 1000, 500.5];
  for (const [at, ms] of [p50Ms, p90Ms, p99Ms, p999Ms, maxMs, meanMs].entries()) {
    const expected = wanted[at] ?? 0;
    assert.ok(Math.abs(ms - expected) <= expected / 1000, `${ms} for ${expected}`);
  }
  assert.equal(latenciesOf(0).summary().p50Ms, 0.001);
  assert.ok(latenciesOf(1e9).summary().maxMs >= 600_000);
  assert.equal(new Latencies().summary().p99Ms, 0);
});

test('a plot has one column for a second', () => {
  const options = { width: 60, height: 4, isUnicode: true };
  assert.deepEqual(plotPerSecond([0, 1, 250, 500, 1000, 990], options), [
    '1,000 ┤    ██',
    '      ┤    ██',
    '      ┤   ███',
    '    0 ┤ ▁████',
    '       requests per second, one column is a second',
  ]);
  assert.deepEqual(plotPerSecond([0, 1, 250, 500, 1000, 990], { ...options, isUnicode: false }), [
    '1,000 |    ##',
    '      |    ##',
    '      |   ###',
    '    0 |  ####',
    '       requests per second, one column is a second',
  ]);
  assert.deepEqual(plotPerSecond([5], options), []);
});

test('a plot of more seconds than columns shows averages', () => {
  const lines = plotPerSecond([10, 20, 30, 40, 7], { width: 3, height: 1, isUnicode: true });
  assert.deepEqual(lines, ['40 ┤▃▇▁', '    requests per second, one column is 2 seconds']);
});

test('a report of two kinds, in words and as a value', () => {
  const puts = latenciesOf(...Array.from({ length: 99 }, () => 2), 50);
  const gets = latenciesOf(0.5, 0.5, 0.5);
  const failures = new Map([['TIMEOUT', 2]]);
  const servers = [
    { address: '10.0.0.1:2379', reads: 3, writes: 0, failures: 0 },
    { address: '10.0.0.2:2379', reads: 0, writes: 1101, failures: 2 },
  ];
  const report = reportOf(result({ elapsedMs: 2500, puts, gets, failures, perSecond: [50, 50, 3] }), 2060, servers);
  assert.deepEqual([report.requests, report.perSecond, report.clientCpuMicrosPerRequest], [103, 41.2, 20]);
  assert.deepEqual([report.seconds, report.failures], [[50, 50], { TIMEOUT: 2 }]);
  assert.deepEqual([report.put?.requests, report.put?.perSecond, report.get?.perSecond], [100, 40, 1.2]);
  assert.deepEqual(reportLines(report, 80, true).slice(-11), [
    '     REQUESTS  PER SECOND  P50      P90      P99      P99.9    MAX      MEAN',
    'put  100       40          2.00 ms  2.00 ms  2.00 ms  50.0 ms  50.0 ms  2.48 ms',
    'get  3         1           0.50 ms  0.50 ms  0.50 ms  0.50 ms  0.50 ms  0.50 ms',
    '',
    'NODE           READS  WRITES  FAILURES',
    '10.0.0.1:2379  3      0       0',
    '10.0.0.2:2379  0      1,101   2',
    '',
    '103 requests in 2.5 s: 41 per second',
    "20.0 µs of this process's CPU each",
    'failed: 2 TIMEOUT',
  ]);
});

test('a report of nothing', () => {
  const report = reportOf(result({}), 0, []);
  assert.equal(report.perSecond, 0);
  assert.deepEqual(reportLines(report, 80, false), [
    '0 requests in 0.0 s: 0 per second',
    "0.0 µs of this process's CPU each",
    'none failed',
  ]);
});
