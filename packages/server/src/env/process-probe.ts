/** What the process of a node costs: CPU, memory, delays of its event loop, garbage collection. Shared by all nodes of the process. */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';

export interface ProcessFigures {
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** Since the read before. */
  readonly loopDelayP50Seconds: number;
  readonly loopDelayP99Seconds: number;
  readonly loopDelayMaxSeconds: number;
  /** Since the probe was made. */
  readonly gcPauses: number;
  readonly gcSeconds: number;
  /** Longest pause since the read before. */
  readonly gcMaxSeconds: number;
}

export interface ProcessProbe {
  read(): ProcessFigures;
  /** Stops measuring. Idempotent. */
  close(): void;
}

const nanosPerSecond = 1e9;
/** The delay is sampled this often; shorter delays than this don't show. */
const sampleMs = 10;

export function createProcessProbe(): ProcessProbe {
  const delay = monitorEventLoopDelay({ resolution: sampleMs });
  delay.enable();
  const gc = { pauses: 0, seconds: 0, max: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gc.pauses += 1;
      gc.seconds += duration / 1000;
      gc.max = Math.max(gc.max, duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const memory = process.memoryUsage();
      const figures: ProcessFigures = {
        cpuUserSeconds: user / 1e6,
        cpuSystemSeconds: system / 1e6,
        residentBytes: memory.rss,
        heapUsedBytes: memory.heapUsed,
        externalBytes: memory.external,
        loopDelayP50Seconds: lateness(delay.percentile(50)),
        loopDelayP99Seconds: lateness(delay.percentile(99)),
        loopDelayMaxSeconds: lateness(delay.max),
        gcPauses: gc.pauses,
        gcSeconds: gc.seconds,
        gcMaxSeconds: gc.max,
      };
      delay.reset();
      gc.max = 0;
      return figures;
    },
    close() {
      delay.disable();
      observer.disconnect();
    },
  };
}

/** The monitor records the time between two samples, so an idle loop shows the sampling period itself; we want what is beyond it. */
function lateness(nanos: number): number {
  return Math.max(0, nanos / nanosPerSecond - sampleMs / 1000);
}
