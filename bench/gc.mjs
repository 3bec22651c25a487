// How long garbage collection stops a node with five million keys: the apply path under load, entries made in the same process as a leader makes
// them. V8 tells pauses in time, so on a busy machine the longest ones are mostly waits for a core; the median tells them apart.
// `node bench/gc.mjs`; build first.
import { PerformanceObserver } from 'node:perf_hooks';
import { dedicateHeap } from '../packages/server/dist/index.js';
import { openApplyPath } from './lib/apply-path.mjs';
import { fillingEntries, makeEntries, makeKeys, scattered } from './lib/puts.mjs';
import { figure, median, percentile } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const KEYS = 5_000_000;
const PUTS_PER_ROUND = 20_000;
const SECONDS = 10;

dedicateHeap();
await inScratch(async (folder) => {
  const path = await openApplyPath(folder);
  const keys = makeKeys(KEYS);
  await path.apply(fillingEntries(keys));
  const pauses = [0];
  const observer = new PerformanceObserver((list) => pauses.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ entryTypes: ['gc'] });
  const end = performance.now() + SECONDS * 1000;
  let puts = 0;
  while (performance.now() < end) {
    const first = puts;
    await path.apply(makeEntries(keys, PUTS_PER_ROUND, (n) => scattered(n + first, KEYS)));
    puts += PUTS_PER_ROUND;
  }
  await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  await path.close();
  figure('5 M keys under load: longest GC pause', Math.max(...pauses), 'ms', { most: 100 });
  figure('5 M keys under load: GC pause, p99', percentile(pauses, 0.99), 'ms');
  figure('5 M keys under load: GC pause, p50', median(pauses), 'ms');
  figure('5 M keys under load: GC pauses', pauses.length - 1, `in ${SECONDS} s`);
  figure('5 M keys under load: puts', puts / SECONDS, '/s');
  figure('5 M keys under load: memory of the process', process.memoryUsage().rss / 2 ** 20, 'MiB');
});
