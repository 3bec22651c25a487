/** Timing of the simulated network (R3): latency with jitter per link, links that are slow for a while, chunks cut anywhere. */
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { NetworkTiming } from '@kvorum/server/internal/env/testing/memory-network.js';
import { chance, integerIn } from './chance.js';
import type { EventQueue } from './event-queue.js';

/** Who takes input on a host: nobody when its process has ended. */
export type InputOf = (host: string) => ((run: () => void) => void) | undefined;

export interface NetworkWeather {
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly splitProbability: number;
}

/** Slower than this a link is hardly a link. */
const SPIKE_FACTOR = 20;
const SPIKE_PROBABILITY = 0.005;

export class SimTiming implements NetworkTiming {
  /** Extra latency by `from to`. */
  readonly slow = new Map<string, number>();
  splits = 0;
  spikes = 0;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #inputOf: InputOf;
  readonly #weather: NetworkWeather;

  constructor(queue: EventQueue, random: Random, inputOf: InputOf, weather: NetworkWeather) {
    this.#queue = queue;
    this.#random = random;
    this.#inputOf = inputOf;
    this.#weather = weather;
  }

  after(from: string, to: string, run: () => void): void {
    const { latencyMs, jitterMs } = this.#weather;
    let ms = latencyMs + this.#random.float() * jitterMs;
    if (chance(this.#random, SPIKE_PROBABILITY)) {
      this.spikes += 1;
      ms *= SPIKE_FACTOR;
    }
    ms += this.slow.get(`${from} ${to}`) ?? 0;
    this.#queue.after(ms, () => {
      const input = this.#inputOf(to);
      // Where no process is, the system answers: nobody listens, and connections are reset.
      if (input === undefined) run();
      else input(run);
    });
  }

  later(host: string, delayMs: number, run: () => void): void {
    this.#inputOf(host)?.(() => this.#queue.after(delayMs, () => this.#inputOf(host)?.(run)));
  }

  chunkBytes(arrivedBytes: number): number {
    if (arrivedBytes < 2 || !chance(this.#random, this.#weather.splitProbability)) return arrivedBytes;
    this.splits += 1;
    return integerIn(this.#random, 1, arrivedBytes - 1);
  }
}
