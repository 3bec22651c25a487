/** Time of a real machine. */
import type { Clock, Timer } from '../base/clock.js';

/** Longest delay `setTimeout` takes; above it fires at once. */
const TIMEOUT_MS_MAX = 0x7fffffff;

/**
 * A clock over Node's timers and `performance.now`. Node hands out all input that is ready and then runs immediates: there turns end.
 */
export function createRealClock(): Clock {
  let atEnd: (() => void)[] = [];
  let isScheduled = false;
  const runAll = (): void => {
    let done = 0;
    try {
      // What is asked for meanwhile is appended, and runs in this turn, too.
      for (; done < atEnd.length; done += 1) atEnd[done]?.();
    } finally {
      // After a throw the rest still has its turn.
      atEnd = done < atEnd.length ? atEnd.slice(done + 1) : [];
      isScheduled = atEnd.length > 0;
      if (isScheduled) setImmediate(runAll);
    }
  };
  return {
    now: () => performance.now(),
    setTimer: startTimer,
    endOfTurn(run): void {
      atEnd.push(run);
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(runAll);
    },
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
