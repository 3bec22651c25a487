/** What the connections of one process, or of one simulated machine, share. */
import { BufferPool } from './buffer-pool.js';
import type { Clock } from './clock.js';
import { TimerWheel } from './timer-wheel.js';

export interface Runtime {
  readonly clock: Clock;
  readonly timers: TimerWheel;
  readonly buffers: BufferPool;
}

/** A runtime on `clock`. Make one and pass it to all servers and clients. */
export function createRuntime(clock: Clock): Runtime {
  return { clock, timers: new TimerWheel(clock), buffers: new BufferPool() };
}
