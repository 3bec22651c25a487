/**
 * One at a time per node: store flushes, and the opening of a store, whose synchronous transactions would stall the loop behind a flush's sync.
 */

/** Runs work one after the other, in the order in which it was asked for. */
export class FlushGate {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all that was asked for before has settled; a failure stays with its caller. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
