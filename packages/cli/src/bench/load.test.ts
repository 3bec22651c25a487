import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { failuresInRowMax, type LoadClock, type LoadDeps, type LoadPlan, type LoadTarget, runLoad } from './load.js';

/** Time that moves only when every worker waits. */
class TestClock implements LoadClock {
  #nowMs = 0;
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ atMs: this.#nowMs + ms, wake }));
  }

  /** Moves on until the promise settles. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    for (;;) {
      await nextTurn();
      if (isSettled) return settled;
      this.#nowMs = Math.min(...this.#sleepers.map(({ atMs }) => atMs));
      const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#nowMs);
      this.#sleepers = this.#sleepers.filter(({ atMs }) => atMs > this.#nowMs);
      for (const { wake } of due) wake();
    }
  }
}

const aborted = new AbortController();
const keys = [1, 2, 3].map((byte) => Uint8Array.of(byte));

function deps(clock: TestClock, target: LoadTarget, given: Partial<LoadDeps> = {}): LoadDeps {
  const { signal } = aborted;
  const codeOf = (error: unknown): string => (error instanceof Error ? error.message : '');
  return { targets: [target], clock, chance: () => 0.5, signal, codeOf, onDone: () => undefined, ...given };
}

function plan(given: Partial<LoadPlan>): LoadPlan {
  return { readPercent: 0, inFlight: 2, keys, value: Uint8Array.of(9), ...given };
}

/** Puts and gets that take a time of their own. */
function slowTarget(clock: TestClock, putMs: number, getMs: number): LoadTarget & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    put: (key) => {
      seen.push(`put ${key[0]}`);
      return clock.sleep(putMs);
    },
    get: (key) => {
      seen.push(`get ${key[0]}`);
      return clock.sleep(getMs);
    },
  };
}

test('a closed loop keeps its requests under way and ends after the number asked for', async () => {
  const clock = new TestClock();
  const target = slowTarget(clock, 100, 0);
  const progress: number[][] = [];
  const onDone = (elapsedMs: number, done: number): void => void progress.push([elapsedMs, done]);
  const result = await clock.run(runLoad(plan({ requests: 5 }), deps(clock, target, { onDone })));
  assert.deepEqual(target.seen, ['put 1', 'put 2', 'put 3', 'put 1', 'put 2']);
  assert.deepEqual([result.elapsedMs, result.puts.count, result.gets.count], [300, 5, 0]);
  const { p50Ms, maxMs, meanMs } = result.puts.summary();
  for (const ms of [p50Ms, maxMs, meanMs]) assert.ok(Math.abs(ms - 100) < 0.2, `${ms}`);
  assert.deepEqual(progress.at(-1), [300, 5]);
});

test('a load by time starts nothing after it, and counts requests in the second in which they were answered', async () => {
  const clock = new TestClock();
  const result = await clock.run(runLoad(plan({ durationMs: 2500 }), deps(clock, slowTarget(clock, 400, 0))));
  assert.deepEqual(result.perSecond, [4, 4, 6]);
  assert.equal(result.elapsedMs, 2800);
});

test('a mixed load takes gets by chance', async () => {
  const clock = new TestClock();
  const target = slowTarget(clock, 10, 10);
  const chances = [0.1, 0.9, 0.95, 0.2, 0];
  const chance = (): number => chances.shift() ?? 1;
  const load = plan({ readPercent: 90, requests: 3, inFlight: 1 });
  const result = await clock.run(runLoad(load, deps(clock, target, { chance })));
  assert.deepEqual(target.seen, ['get 3', 'put 2', 'get 1']);
  assert.deepEqual([result.gets.count, result.puts.count], [2, 1]);
});

test('an open loop sends at its rate, and what waits for a free worker counts from when it was due', async () => {
  const clock = new TestClock();
  const calm = await clock.run(
    runLoad(plan({ rate: 100, durationMs: 1000, inFlight: 5 }), deps(clock, slowTarget(clock, 5, 0))),
  );
  assert.equal(calm.puts.count, 100);
  assert.ok(calm.puts.summary().maxMs < 5.1);
  const slowClock = new TestClock();
  const load = plan({ rate: 100, requests: 10, inFlight: 1 });
  const behind = await slowClock.run(runLoad(load, deps(slowClock, slowTarget(slowClock, 50, 0))));
  // The last was due after 90 ms and answered after 500.
  const { maxMs } = behind.puts.summary();
  assert.ok(maxMs > 409 && maxMs < 411, `${maxMs}`);
});

test('failures are counted by code and do not count as requests', async () => {
  const clock = new TestClock();
  const target: LoadTarget = {
    put: () => clock.sleep(10).then(() => Promise.reject(new Error('TIMEOUT'))),
    get: () => clock.sleep(10),
  };
  const chances = [0.5, 0.5, 0.99, 0.5, 0.5];
  const chance = (): number => chances.shift() ?? 1;
  const load = plan({ readPercent: 90, requests: 3, inFlight: 1 });
  const result = await clock.run(runLoad(load, deps(clock, target, { chance })));
  assert.deepEqual([...result.failures], [['TIMEOUT', 1]]);
  assert.deepEqual([result.gets.count, result.puts.count, result.isGivenUp], [2, 0, false]);
});

test('a store that refuses everything is left alone after a thousand failures in a row', async () => {
  const clock = new TestClock();
  let asked = 0;
  const refuse = (): Promise<never> => {
    asked += 1;
    return Promise.reject(new Error('NO_SPACE'));
  };
  const load = plan({ durationMs: 60_000, inFlight: 4 });
  const result = await clock.run(runLoad(load, deps(clock, { put: refuse, get: refuse })));
  assert.equal(result.isGivenUp, true);
  assert.ok(asked >= failuresInRowMax && asked < failuresInRowMax + 4, `${asked}`);
});

test('an aborted load ends after the requests under way', async () => {
  const clock = new TestClock();
  const abort = new AbortController();
  const onDone = (): void => abort.abort();
  const load = plan({ durationMs: 60_000 });
  const result = await clock.run(
    runLoad(load, deps(clock, slowTarget(clock, 10, 0), { signal: abort.signal, onDone })),
  );
  assert.deepEqual([result.puts.count, result.elapsedMs], [2, 10]);
});
