/**
 * The sequence numbers of a session: which one comes next, and up to where outcomes are known. Pure.
 *
 * Invariants: a number is given out once; `firstUnacknowledged` passes a number only after it was released; whoever releases a number never sends it
 * again. So a copy that is still on its way somewhere finds its number refused, and is not carried out late.
 */
export class SessionWindow {
  readonly #size: number;
  /** Whether a number from `firstUnacknowledged` on was released, at its remainder. */
  readonly #released: Uint8Array;
  #first = 1;
  #next = 1;

  /** @param size numbers that may be out at a time, counted from the first unacknowledged one */
  constructor(size: number) {
    this.#size = size;
    this.#released = new Uint8Array(size);
  }

  /** The lowest number whose write has not ended. */
  get firstUnacknowledged(): number {
    return this.#first;
  }

  get isFull(): boolean {
    return this.#next >= this.#first + this.#size;
  }

  /** The next number; undefined while the window is full. */
  take(): number | undefined {
    if (this.isFull) return undefined;
    const sequence = this.#next;
    this.#next += 1;
    return sequence;
  }

  /** The write of this number has ended: its outcome is known, or its caller was told that it isn't. Once for each number. */
  release(sequence: number): void {
    this.#released[sequence % this.#size] = 1;
    for (let at = this.#first % this.#size; this.#first < this.#next && this.#released[at] === 1; ) {
      this.#released[at] = 0;
      this.#first += 1;
      at = this.#first % this.#size;
    }
  }
}
