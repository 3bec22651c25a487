// CPU time by thread. Targets stand in CPU time, not in seconds on the wall, since other work on the machine moves only the latter (P19).
import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * What `run` uses, in µs: CPU of the main thread (garbage collection on it included), CPU of all threads of the process (libuv's pool, V8's helpers,
 * the log writer, LMDB's writer), and time.
 */
export async function usedBy(run) {
  const before = { all: process.cpuUsage(), main: mainThreadMicros(), wall: performance.now() };
  await run();
  const all = process.cpuUsage(before.all);
  return {
    all: all.user + all.system,
    main: mainThreadMicros() - before.main,
    wall: (performance.now() - before.wall) * 1000,
  };
}

/** The same for synchronous work on the main thread alone: µs of CPU per call, the best of `rounds`, because caches and the machine are shared. */
export function bestOf(rounds, count, run) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const before = mainThreadMicros();
    run(round);
    best = Math.min(best, (mainThreadMicros() - before) / count);
  }
  return best;
}

/**
 * CPU time of the main thread in µs. Node tells it from 23.9 on; before that the Linux scheduler's count (ns on a core, first number of schedstat)
 * serves. Elsewhere nobody tells it: NaN, and such a figure is short rather than guessed.
 */
function mainThreadMicros() {
  if (process.threadCpuUsage !== undefined) {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  }
  try {
    return Number.parseInt(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1'), 10) / 1000;
  } catch {
    return Number.NaN;
  }
}
