import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuSecondsPer1000, dueMs, latencySummary, openLoop } from './open-loop.mjs';

/** Time that passes only when somebody waits. */
function manualClock() {
  let nowMs = 100;
  const timers = [];
  const pass = async (ms) => {
    for (let passed = 0; passed < ms; passed += 1) {
      nowMs += 1;
      for (const timer of timers.splice(0)) {
        if (timer.atMs <= nowMs) timer.resolve();
        else timers.push(timer);
      }
      for (let tick = 0; tick < 5; tick += 1) await Promise.resolve();
    }
  };
  return {
    nowMs: () => nowMs,
    soon: () => pass(1),
    at: (atMs) => new Promise((resolve) => timers.push({ atMs, resolve })),
    pass,
  };
}

async function run(clock, load) {
  const done = openLoop({ ...load, clock });
  let result;
  void done.then((value) => {
    result = value;
  });
  while (result === undefined) await clock.pass(1);
  return result;
}

test('P17: requests are due at a fixed rate', () => {
  assert.deepEqual(
    [0, 1, 500].map((n) => dueMs(1000, n, 500)),
    [1000, 1002, 2000],
  );
});

test('P17: latency counts from when a request was due, so one stall shows in all that were due meanwhile', async () => {
  const clock = manualClock();
  const stallEndMs = clock.nowMs() + 1_000;
  // A server that answers in 2 ms, but nothing before its stall is over.
  const send = () => clock.at(Math.max(clock.nowMs() + 2, stallEndMs));
  const { sent, failed, latenciesMs } = await run(clock, { rate: 100, count: 200, send });
  assert.deepEqual([sent, failed], [200, 0]);
  assert.equal(Math.round(latenciesMs[0]), 1_000);
  assert.equal(Math.round(latenciesMs[50]), 500);
  assert.ok(latenciesMs[150] <= 4, String(latenciesMs[150]));
  const { p50Ms, p99Ms, maxMs } = latencySummary(latenciesMs);
  assert.ok(p50Ms < 20 && p99Ms > 900 && maxMs >= 1_000, JSON.stringify({ p50Ms, p99Ms, maxMs }));
});

test('P17: what failed is counted, and is no short latency', async () => {
  const clock = manualClock();
  const send = (n) => (n % 10 === 0 ? Promise.reject(new Error('refused')) : clock.at(clock.nowMs() + 1));
  const { failed, latenciesMs } = await run(clock, { rate: 1000, count: 100, send });
  assert.equal(failed, 10);
  assert.equal(latencySummary(latenciesMs).p99Ms, Number.POSITIVE_INFINITY);
});

test('P17: CPU-seconds per 1,000 operations', () => {
  assert.equal(cpuSecondsPer1000(30_000_000, 1_000_000), 0.03);
});
