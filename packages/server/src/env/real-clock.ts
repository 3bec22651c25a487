/** Time of a real machine. */
import type { Clock, Timer } from './env.js';
import type { Turn } from './real-turn.js';

/** Longest delay `setTimeout` takes; above it fires at once. */
const TIMEOUT_MS_MAX = 0x7fffffff;

/** A clock over Node's timers and `performance.now`. */
export function createRealClock(turn: Turn): Clock {
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimer: startTimer,
    setInterval(intervalMs, run): Timer {
      const handle = setInterval(run, Math.min(Math.max(intervalMs, 1), TIMEOUT_MS_MAX));
      return { cancel: () => clearInterval(handle) };
    },
    defer: (run) => turn.defer(run),
  };
}

/** Node's timers run on the loop's cached, truncated time and may fire a fraction early: then the rest is waited for. */
function startTimer(delayMs: number, run: () => void): Timer {
  const dueMs = performance.now() + delayMs;
  let handle = setTimeout(fire, Math.min(delayMs, TIMEOUT_MS_MAX));
  function fire(): void {
    const leftMs = dueMs - performance.now();
    if (leftMs <= 0) run();
    else handle = setTimeout(fire, Math.min(leftMs, TIMEOUT_MS_MAX));
  }
  return { cancel: () => clearTimeout(handle) };
}
