/** What happens next in a simulated world: one queue, one virtual time, ties in the order of their making. Nothing here knows of nodes. */

interface Waiting {
  dueMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Something that is going to happen. */
export interface Scheduled {
  /** Takes it back; nothing happens when it is over. */
  cancel(): void;
}

/** A binary heap of events in virtual milliseconds. */
export class EventQueue {
  readonly #heap: Waiting[] = [];
  #nowMs = 0;
  #order = 0;
  /** Events that have run. */
  steps = 0;

  /** Virtual time: that of the event that runs now. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the next event is due; undefined when there is none. */
  get nextMs(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.dueMs;
  }

  /** Calls `run` at `dueMs`, or now when that is past; never inside this call. */
  at(dueMs: number, run: () => void): Scheduled {
    const waiting: Waiting = { dueMs: Math.max(dueMs, this.#nowMs), order: this.#order++, run };
    this.#heap.push(waiting);
    this.#rise(this.#heap.length - 1);
    return {
      cancel: () => {
        waiting.run = undefined;
      },
    };
  }

  /** Calls `run` after `delayMs`. */
  after(delayMs: number, run: () => void): Scheduled {
    return this.at(this.#nowMs + delayMs, run);
  }

  /** Runs the next event. False when there is none. */
  step(): boolean {
    this.#dropCancelled();
    const next = this.#pop();
    if (next === undefined) return false;
    this.#nowMs = next.dueMs;
    this.steps += 1;
    next.run?.();
    return true;
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) this.#pop();
  }

  #pop(): Waiting | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, parent)) return;
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      const child = isEarlier(this.#heap[left + 1], this.#heap[left]) ? left + 1 : left;
      if (!this.#swapIfEarlier(child, at)) return;
      at = child;
    }
  }

  /** Swaps when the event at `lower` comes before the one at `upper`. */
  #swapIfEarlier(lower: number, upper: number): boolean {
    const a = this.#heap[lower];
    const b = this.#heap[upper];
    if (a === undefined || b === undefined || !isEarlier(a, b)) return false;
    this.#heap[lower] = b;
    this.#heap[upper] = a;
    return true;
  }
}

function isEarlier(a: Waiting | undefined, b: Waiting | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
