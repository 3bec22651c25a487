/** The chance of a random group: everything is drawn from one seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1;
  }

  /** An integer in [0, bound), from a 32-bit mixing generator. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  /** True for so many of 1000 times. Nothing is drawn for what never happens. */
  hits(of1000: number): boolean {
    return of1000 > 0 && this.below(1000) < of1000;
  }
}
