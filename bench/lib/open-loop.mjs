/**
 * Open-loop load: requests are sent at a fixed rate whether or not earlier ones were answered, and each latency counts from the time at which its request
 * was due. So a server that stands still for a second shows a second to all that were due meanwhile; a closed loop would have sent just one (P17).
 */
import { percentile } from './report.mjs';

/** When request `n` is due. */
export function dueMs(startMs, n, rate) {
  return startMs + (n * 1000) / rate;
}

/**
 * @param load.send starts request `n`; resolves when it is answered, rejects when it failed
 * @param load.clock `nowMs()`, and `soon()` that resolves after a moment
 * @returns {Promise<{ sent: number, failed: number, latenciesMs: Float64Array, lateMs: number }>} `lateMs`: how late a request was sent at worst, for the
 * load generator's own stalls count too
 */
export async function openLoop({ rate, count, send, clock = realClock }) {
  const latenciesMs = new Float64Array(count);
  const startMs = clock.nowMs();
  const open = [];
  let failed = 0;
  let lateMs = 0;
  for (let n = 0; n < count; ) {
    const nowMs = clock.nowMs();
    for (; n < count && dueMs(startMs, n, rate) <= nowMs; n += 1) {
      const at = n;
      const due = dueMs(startMs, at, rate);
      lateMs = Math.max(lateMs, nowMs - due);
      open.push(
        send(at).then(
          () => {
            latenciesMs[at] = clock.nowMs() - due;
          },
          () => {
            latenciesMs[at] = Number.POSITIVE_INFINITY;
            failed += 1;
          },
        ),
      );
    }
    if (n < count) await clock.soon();
  }
  await Promise.all(open);
  return { sent: count, failed, latenciesMs, lateMs };
}

/** CPU-seconds per 1,000 operations. */
export function cpuSecondsPer1000(cpuMicros, operations) {
  return cpuMicros / 1e6 / (operations / 1000);
}

/** The percentiles that are printed, in ms. What failed counts as never answered. */
export function latencySummary(latenciesMs) {
  return { p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99), maxMs: Math.max(...latenciesMs) };
}

const realClock = {
  nowMs: () => performance.now(),
  soon: () => new Promise((resolve) => setTimeout(resolve, 1)),
};
