/**
 * The time of one process: its clock, its timers, its loop turns, over the queue of the world. It may run fast or slow, jump on the wall, stand still, and
 * end: then nothing of it ever runs again.
 *
 * What reaches the process from outside comes through `input`, so that a process that stands still gets it when it goes on.
 */
import type { Clock, Random, Timer } from '@kvorum/server/internal/env/env.js';
import { chance } from '../world/chance.js';
import type { EventQueue, Scheduled } from '../world/event-queue.js';

/** How fast a processor is; may be changed while it runs. */
export interface Pace {
  /** Local milliseconds per millisecond of the world. */
  rate: number;
  /** Longest time from the first input of a turn to its end, ms. */
  turnMsMax: number;
  /** Local time that each look at the clock costs at most, ms: an overloaded processor finds that time has passed. */
  lookMsMax: number;
  /** Added to the wall clock, ms. */
  wallOffsetMs: number;
}

export interface ProcessorDeps {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly pace: Pace;
  readonly log: (what: string) => void;
}

interface Held {
  readonly kind: 'timer' | 'input';
  readonly run: () => void;
}

/** Wall time at the start of the world. */
const WALL_START_MS = 1_760_000_000_000;

export class Processor implements Clock {
  readonly #deps: ProcessorDeps;
  #isDead = false;
  /** What waits for the end of a pause; undefined while none is. */
  #held: Held[] | undefined;
  #deferred: (() => void)[] = [];
  #isTurnEnding = false;
  #localMs = 0;
  #localAtMs: number;

  constructor(deps: ProcessorDeps) {
    this.#deps = deps;
    this.#localAtMs = deps.queue.nowMs;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  nowMs(): number {
    this.#follow();
    const { pace, random } = this.#deps;
    if (pace.lookMsMax > 0) this.#localMs += random.float() * pace.lookMsMax;
    return this.#localMs;
  }

  wallMs(): number {
    return WALL_START_MS + this.#deps.queue.nowMs + this.#deps.pace.wallOffsetMs;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    this.#follow();
    return this.#timerAt(this.#localMs + Math.max(0, delayMs), run);
  }

  setInterval(intervalMs: number, run: () => void): Timer {
    this.#follow();
    let dueMs = this.#localMs + intervalMs;
    let timer: Timer;
    const fire = (): void => {
      // Missed periods are not made up.
      dueMs = Math.max(dueMs + intervalMs, this.#localMs);
      timer = this.#timerAt(dueMs, fire);
      run();
    };
    timer = this.#timerAt(dueMs, fire);
    return { cancel: () => timer.cancel() };
  }

  defer(run: () => void): void {
    if (this.#isDead) return;
    this.#deferred.push(run);
    if (this.#isTurnEnding) return;
    this.#isTurnEnding = true;
    const { queue, random, pace } = this.#deps;
    queue.after(random.float() * pace.turnMsMax, () => this.#runOrHold('input', () => this.#endTurn()));
  }

  /** Something from outside: runs now, after the pause, or never. */
  input(run: () => void): void {
    this.#runOrHold('input', run);
  }

  /** Stands still for so long; what is due meanwhile comes after it, in the order of a loop: timers, then input. */
  pause(forMs: number): void {
    if (this.#isDead || this.#held !== undefined) return;
    this.#held = [];
    this.#deps.queue.after(forMs, () => this.resume());
  }

  /** Ends a pause before its time. */
  resume(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    // A process that was stopped while it read its sockets goes on reading.
    const isInputFirst = chance(this.#deps.random, 0.3);
    const first = held.filter(({ kind }) => (kind === 'input') === isInputFirst);
    const second = held.filter(({ kind }) => (kind === 'input') !== isInputFirst);
    for (const { kind, run } of [...first, ...second]) {
      this.#deps.queue.after(0, () => this.#runOrHold(kind, run));
    }
  }

  /** The end of the process. */
  end(): void {
    this.#isDead = true;
    this.#held = undefined;
    this.#deferred = [];
  }

  /** Changes how fast local time runs from now on. */
  setRate(rate: number): void {
    this.#follow();
    this.#deps.pace.rate = rate;
  }

  #timerAt(dueMs: number, run: () => void): Timer {
    let event: Scheduled | undefined;
    let isCancelled = false;
    const wait = (): void => {
      const { queue, pace } = this.#deps;
      event = queue.after(Math.max(0, dueMs - this.#localMs) / pace.rate, () => this.#runOrHold('timer', fire));
    };
    const fire = (): void => {
      if (isCancelled) return;
      this.#follow();
      // The clock has slowed down meanwhile.
      if (this.#localMs < dueMs - 1e-6) return wait();
      // Never early, not by a last bit either: whoever finds that it is not yet time would wait again, for ever.
      this.#localMs = Math.max(this.#localMs, dueMs);
      this.#deps.log('timer');
      run();
    };
    if (!this.#isDead) wait();
    return {
      cancel: () => {
        isCancelled = true;
        event?.cancel();
      },
    };
  }

  #endTurn(): void {
    this.#isTurnEnding = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const run of deferred) {
      // One of them may have come to the end of the process.
      if (this.#isDead) return;
      run();
    }
  }

  #runOrHold(kind: Held['kind'], run: () => void): void {
    if (this.#isDead) return;
    if (this.#held !== undefined) this.#held.push({ kind, run });
    else run();
  }

  /** Brings local time up to the world's. It may be ahead of it, by what looks at the clock have cost. */
  #follow(): void {
    const { queue, pace } = this.#deps;
    this.#localMs += (queue.nowMs - this.#localAtMs) * pace.rate;
    this.#localAtMs = queue.nowMs;
  }
}
