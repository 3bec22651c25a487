/**
 * Many timers on one: a hierarchical wheel with a resolution of one millisecond. Starting and cancelling cost a few steps whatever the
 * number of timers, and nothing is allocated, so that each call can have a deadline. The clock's own timer runs only while some timer does.
 *
 * Level k has 32 slots of 32^k ms. A timer lies on the level of the highest group of five bits in which its time differs from the wheel's;
 * when the wheel reaches a slot above level 0, that slot's timers move down.
 */
import type { Clock, Timer } from './clock.js';

const SLOT_BITS = 5;
const SLOTS = 1 << SLOT_BITS;
const LEVELS = 6;

/** Longest delay of a {@link WheelTimer}; longer ones fire then. Six days. */
export const WHEEL_DELAY_MS_MAX = 2 ** (SLOT_BITS * LEVELS - 1);

/** What a timer calls. */
export interface Expiring {
  /** At or after the time asked for. The timer may be started again in here. */
  onExpired(timer: WheelTimer): void;
}

/** A timer that can be started many times; one start at a time. Make one per purpose, not one per start. */
export class WheelTimer {
  readonly owner: Expiring;
  /** The wheel's own fields. */
  next: WheelTimer | undefined = undefined;
  previous: WheelTimer | undefined = undefined;
  /** Slot number over all levels; -1 when it does not run. */
  slot = -1;
  dueMs = 0;

  constructor(owner: Expiring) {
    this.owner = owner;
  }

  get isRunning(): boolean {
    return this.slot !== -1;
  }
}

/** Timers of one process or simulated machine. */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #originMs: number;
  readonly #heads: (WheelTimer | undefined)[] = new Array<WheelTimer | undefined>(SLOTS * LEVELS).fill(undefined);
  /** One bit per slot that holds timers. */
  readonly #occupied = new Int32Array(LEVELS);
  readonly #onClock = (): void => this.#advance();
  /** All timers due before this have fired. Whole milliseconds since the origin. */
  #nowMs = 0;
  #running = 0;
  #armed: Timer | undefined;
  #armedMs = Number.POSITIVE_INFINITY;
  #isAdvancing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originMs = clock.now();
  }

  /** Starts or restarts `timer`, to fire `delayMs` (≥ 0) from now, never inside this call. */
  start(timer: WheelTimer, delayMs: number): void {
    if (timer.slot !== -1) this.#unlink(timer);
    const nowMs = this.#clock.now() - this.#originMs;
    // Nothing runs: the wheel may follow the clock without a step in between.
    if (!this.#isAdvancing && this.#running === 0) this.#nowMs = Math.max(this.#nowMs, Math.floor(nowMs));
    const dueMs = Math.ceil(nowMs + Math.min(delayMs, WHEEL_DELAY_MS_MAX));
    timer.dueMs = Math.max(dueMs, this.#nowMs + 1);
    this.#link(timer);
    if (!this.#isAdvancing) this.#arm();
  }

  /** Stops `timer`; nothing happens if it does not run. */
  cancel(timer: WheelTimer): void {
    if (timer.slot !== -1) this.#unlink(timer);
  }

  /** Ends the wheel: no timer fires any more. */
  close(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#heads.fill(undefined);
    this.#occupied.fill(0);
    this.#running = 0;
  }

  /** The clock's timer is left alone when it fires earlier: it finds nothing due and is set again. */
  #arm(): void {
    const nextMs = this.#nextMs();
    if (nextMs >= this.#armedMs) return;
    this.#armed?.cancel();
    this.#armedMs = nextMs;
    const delayMs = this.#originMs + nextMs - this.#clock.now();
    this.#armed = this.#clock.setTimer(Math.max(0, delayMs), this.#onClock);
  }

  /** Start of the first slot that holds timers. Lower levels come first: theirs begin before the next slot of any higher one. */
  #nextMs(): number {
    for (let level = 0; level < LEVELS; level += 1) {
      const bits = this.#occupied[level] ?? 0;
      if (bits === 0) continue;
      const slotMs = 2 ** (level * SLOT_BITS);
      const turnMs = slotMs * SLOTS;
      const index = Math.floor(this.#nowMs / slotMs) % SLOTS;
      // Only the highest level wraps around; on the others all timers lie ahead in the current turn.
      const ahead = index === SLOTS - 1 ? 0 : bits & (-1 << (index + 1));
      const turn = Math.floor(this.#nowMs / turnMs) + (ahead === 0 ? 1 : 0);
      const chosen = ahead === 0 ? bits : ahead;
      return turn * turnMs + (31 - Math.clz32(chosen & -chosen)) * slotMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  #advance(): void {
    this.#armed = undefined;
    this.#armedMs = Number.POSITIVE_INFINITY;
    this.#isAdvancing = true;
    try {
      const targetMs = this.#reachedMs();
      for (let nextMs = this.#nextMs(); nextMs <= targetMs; nextMs = this.#nextMs()) {
        const level = this.#lowestLevel();
        this.#nowMs = nextMs;
        this.#empty(level * SLOTS + (Math.floor(nextMs / 2 ** (level * SLOT_BITS)) % SLOTS));
      }
      this.#nowMs = Math.max(this.#nowMs, targetMs);
    } finally {
      this.#isAdvancing = false;
      this.#arm();
    }
  }

  /**
   * Whole milliseconds that have passed, by the very sum that the clock's timer is set by: a difference may be rounded to just below a whole one, and the timer
   * would be set to the same moment again and again.
   */
  #reachedMs(): number {
    const nowMs = this.#clock.now();
    const wholeMs = Math.floor(nowMs - this.#originMs);
    return this.#originMs + wholeMs + 1 <= nowMs ? wholeMs + 1 : wholeMs;
  }

  #lowestLevel(): number {
    return this.#occupied.findIndex((bits) => bits !== 0);
  }

  /** Fires what is due in a slot that the wheel has reached and moves the rest down. Timers may be started and cancelled meanwhile. */
  #empty(slot: number): void {
    for (let timer = this.#heads[slot]; timer !== undefined; timer = this.#heads[slot]) {
      this.#unlink(timer);
      if (timer.dueMs <= this.#nowMs) timer.owner.onExpired(timer);
      else this.#link(timer);
    }
  }

  #link(timer: WheelTimer): void {
    const difference = timer.dueMs ^ this.#nowMs;
    const level = Math.min(LEVELS - 1, ((31 - Math.clz32(difference | 1)) / SLOT_BITS) | 0);
    const index = (timer.dueMs >>> (level * SLOT_BITS)) & (SLOTS - 1);
    const slot = level * SLOTS + index;
    const head = this.#heads[slot];
    this.#running += 1;
    timer.slot = slot;
    timer.next = head;
    timer.previous = undefined;
    if (head !== undefined) head.previous = timer;
    this.#heads[slot] = timer;
    this.#occupied[level] = (this.#occupied[level] ?? 0) | (1 << index);
  }

  #unlink(timer: WheelTimer): void {
    const { slot, next, previous } = timer;
    this.#running -= 1;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else {
      this.#heads[slot] = next;
      const level = (slot / SLOTS) | 0;
      if (next === undefined) this.#occupied[level] = (this.#occupied[level] ?? 0) & ~(1 << (slot & (SLOTS - 1)));
    }
    timer.slot = -1;
    timer.next = undefined;
    timer.previous = undefined;
  }
}
