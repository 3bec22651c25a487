/** A process probe that measures nothing: for nodes on virtual time, where the figures of the real process would be a hidden clock. */
import type { ProcessProbe } from '../process-probe.js';

export const noProbe: ProcessProbe = {
  read: () => ({
    cpuUserSeconds: 0,
    cpuSystemSeconds: 0,
    residentBytes: 0,
    heapUsedBytes: 0,
    externalBytes: 0,
    loopDelayP50Seconds: 0,
    loopDelayP99Seconds: 0,
    loopDelayMaxSeconds: 0,
    gcPauses: 0,
    gcSeconds: 0,
    gcMaxSeconds: 0,
  }),
  close: () => undefined,
};
