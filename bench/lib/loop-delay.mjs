// How long the event loop of this process kept others waiting (N11), and how much of that it worked itself: on a busy machine other programs hold it up, too.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const EVERY_MS = 2;

/**
 * A timer that should come every 2 ms. Each time that it is late counts for all the times that it should have come meanwhile, so that a long stop weighs as
 * much as it lasts.
 * @returns a function that stops it and gives `{ count, p999Ms, longestMs, longestWithWaitMs }`; of the middle two no more counts of a stop than the thread
 * used its core meanwhile (Linux; elsewhere nobody tells, and all counts)
 */
export function sampleLoopDelay() {
  const delaysMs = [];
  let longestWithWaitMs = 0;
  let lastMs = performance.now();
  let lastRanMs = ranMs();
  let timer;
  const look = () => {
    const nowMs = performance.now();
    const nowRanMs = ranMs();
    const lateMs = Math.max(0, nowMs - lastMs - EVERY_MS);
    longestWithWaitMs = Math.max(longestWithWaitMs, lateMs);
    delaysMs.push(...delaysOf(Math.min(lateMs, nowRanMs - lastRanMs)));
    lastMs = nowMs;
    lastRanMs = nowRanMs;
    timer = setTimeout(look, EVERY_MS);
  };
  timer = setTimeout(look, EVERY_MS);
  return () => {
    clearTimeout(timer);
    const sorted = Float64Array.from(delaysMs).sort();
    const at = Math.min(sorted.length - 1, Math.floor(sorted.length * 0.999));
    return {
      count: sorted.length,
      p999Ms: sorted[at] ?? Number.NaN,
      longestMs: sorted.at(-1) ?? Number.NaN,
      longestWithWaitMs,
    };
  };
}

/** What timers would have seen that came every 2 ms during a stop. */
export function delaysOf(stopMs) {
  const delays = [Math.max(0, stopMs)];
  for (let left = stopMs - EVERY_MS; left > 0; left -= EVERY_MS) delays.push(left);
  return delays;
}

/** CPU time of the main thread: first number of schedstat, in ns. */
function ranMs() {
  try {
    return Number.parseInt(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1'), 10) / 1e6;
  } catch {
    return performance.now();
  }
}
