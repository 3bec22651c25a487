/** Moments that faults wait for: what a machine says when it comes to something, such as a new role or a snapshot on its way. */
import type { Machine } from '../machine/machine.js';

interface Waiting {
  readonly moment: RegExp;
  readonly strike: (machine: Machine) => void;
}

export class Moments {
  #waiting: readonly Waiting[] = [];
  #isOver = false;

  /** Faults have stopped. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls `strike` once, when a machine says something like this. */
  when(moment: RegExp, strike: (machine: Machine) => void): void {
    this.#waiting = [...this.#waiting, { moment, strike }];
  }

  /** A machine has said something. */
  said(machine: Machine, what: string): void {
    const due = this.#waiting.filter(({ moment }) => moment.test(what));
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !due.includes(one));
    if (!this.#isOver) for (const { strike } of due) strike(machine);
  }

  /** Nothing strikes from now on. */
  stop(): void {
    this.#isOver = true;
  }
}
