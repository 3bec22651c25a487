/** How long the calls of one machine's disk take, and which of them fail: latency, spells of slowness, stalls, errors on command (R2). */
import { DiskError } from '@kvorum/server/internal/env/disk.js';
import type { Random } from '@kvorum/server/internal/env/env.js';
import { chance, exponential } from '../world/chance.js';
import type { EventQueue } from '../world/event-queue.js';
import type { Processor } from './processor.js';

/** Share of calls that take ten times as long. */
const SPIKE_PROBABILITY = 0.01;

/** Calls that are to fail, or at which something else is to happen. */
export interface PlannedFailure {
  /** Kinds of calls; all when empty. */
  readonly operations: readonly string[];
  /** Of the error; undefined: the call goes on, if its process still lives after `onHit`. */
  readonly code: string | undefined;
  /** Matching calls that pass first. */
  skip: number;
  readonly onHit: (operation: string) => void;
}

export class DiskWeather {
  /** Calls take so many times as long. */
  slowness = 1;
  /** No call ends before this time of the world. */
  stalledUntilMs = 0;
  /** Commits of stores alone wait until then. */
  storeStalledUntilMs = 0;
  spikes = 0;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #meanMs: number;
  #failures: PlannedFailure[] = [];
  /** Calls under way. */
  readonly #waiting = new Set<{ end: () => void }>();

  constructor(queue: EventQueue, random: Random, meanMs: number) {
    this.#queue = queue;
    this.#random = random;
    this.#meanMs = meanMs;
  }

  fail(failure: PlannedFailure): void {
    this.#failures.push(failure);
  }

  /** Good weather from now on. */
  clear(): void {
    this.#failures = [];
    this.slowness = 1;
    this.stalledUntilMs = 0;
    this.storeStalledUntilMs = 0;
    for (const waiting of this.#waiting) waiting.end();
    this.#waiting.clear();
  }

  /** Resolves, or fails, when a call of this process has done its work. */
  pass(processor: Processor, operation: string, path: string, log: (what: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void =>
        processor.input(() => {
          const code = this.#takeFailure(operation);
          log(`disk ${operation} ${path} ${code ?? ''}`);
          if (processor.isDead) return;
          if (code === undefined) resolve();
          else reject(new DiskError(operation, path, code));
        });
      const event = this.#queue.at(this.#dueMs(operation), () => {
        this.#waiting.delete(waiting);
        end();
      });
      const waiting = {
        end: (): void => {
          event.cancel();
          this.#queue.after(0, end);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  #dueMs(operation: string): number {
    const isSpike = chance(this.#random, SPIKE_PROBABILITY);
    if (isSpike) this.spikes += 1;
    const needsDisk = operation !== 'space' && operation !== 'list' && operation !== 'lock';
    const ms = (needsDisk ? exponential(this.#random, this.#meanMs) : 0.001) * this.slowness * (isSpike ? 10 : 1);
    const isStore = operation.startsWith('store');
    return Math.max(this.#queue.nowMs + ms, this.stalledUntilMs, isStore ? this.storeStalledUntilMs : 0);
  }

  #takeFailure(operation: string): string | undefined {
    for (const failure of this.#failures) {
      if (failure.operations.length > 0 && !failure.operations.includes(operation)) continue;
      if (failure.skip > 0) {
        failure.skip -= 1;
        continue;
      }
      this.#failures = this.#failures.filter((other) => other !== failure);
      failure.onHit(operation);
      return failure.code;
    }
    return undefined;
  }
}
