/**
 * The one border between a node and the machine. Everything above `env/` gets its time, chance, disk, network and log from here,
 * so the same files run on a real machine (`real-env.ts`) and in a deterministic simulation.
 *
 * This file holds types only. Nothing here may import `node:*`.
 */
import type { Disk } from './disk.js';
import type { Failpoints } from './failpoints.js';
import type { Network } from './network.js';

/** All that a node may know of the world outside its own memory. */
export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly log: Log;
  /** For tests and the simulator (R6); a real machine has none. */
  readonly failpoints?: Failpoints | undefined;
}

/** A running timer; `cancel` is idempotent and may be called after it fired. */
export interface Timer {
  cancel(): void;
}

/** Time. Timers never fire inside the call that made them. */
export interface Clock {
  /** Monotonic milliseconds (fractions allowed) since an arbitrary origin. The only clock that decisions may use. */
  nowMs(): number;
  /** Wall-clock milliseconds since 1970. For people only (logs, `wallClockMs`); may jump. Decides nothing (R21). */
  wallMs(): number;
  /** Calls `run` once, at least `delayMs` (≥ 0) from now. */
  setTimer(delayMs: number, run: () => void): Timer;
  /** Calls `run` every `intervalMs` (> 0). Missed periods are not made up: after a stall it fires once. */
  setInterval(intervalMs: number, run: () => void): Timer;
  /** Calls `run` after the input that is ready in this loop turn was handed out: the end of the turn. */
  defer(run: () => void): void;
}

/** Chance. Seeded in simulation, `crypto` on a real machine. */
export interface Random {
  /** An integer in [0, 2^32). */
  uint32(): number;
  /** A number in [0, 1). */
  float(): number;
  /** `length` random bytes, for ids and incarnations. */
  bytes(length: number): Uint8Array;
}

/** Levels as they are ordered; `silent` switches a log off. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Structured log. `fields` must hold no secret (S3). A library never prints: the default of `startNode` is silent. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** True when `debug` goes anywhere, so that callers can skip building costly fields. */
  readonly isDebug: boolean;
  /** A log that adds `fields` to each line. */
  child(fields: LogFields): Log;
}

export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;
