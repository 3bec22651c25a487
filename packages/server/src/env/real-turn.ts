/**
 * The end of a loop turn. Node hands out all input that is ready (poll phase) and then runs immediates (check phase): there the deferred
 * work of the node runs, and after it the corked sockets send. So what arrived together is handled together (P1), and whatever was
 * written meanwhile, by deferred work too, leaves as one write per socket (P12).
 */
export class Turn {
  #deferred: (() => void)[] = [];
  #flushes: (() => void)[] = [];
  #isScheduled = false;

  /** Runs `run` at the end of this turn; called from deferred work: at the end of the next one. */
  defer(run: () => void): void {
    this.#deferred.push(run);
    this.#schedule();
  }

  /** Runs `flush` after the deferred work of this turn, or, called from it, of the turn that is ending. */
  atEnd(flush: () => void): void {
    this.#flushes.push(flush);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#end());
  }

  #end(): void {
    this.#isScheduled = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    // A throw below is a bug that ends the process; embedded, the host may survive it, so nothing queued may be lost.
    let done = 0;
    try {
      for (const run of deferred) {
        done++;
        run();
      }
    } finally {
      if (done < deferred.length) this.#deferred = deferred.slice(done).concat(this.#deferred);
      if (this.#deferred.length > 0) this.#schedule();
      const flushes = this.#flushes;
      this.#flushes = [];
      for (const flush of flushes) flush();
    }
  }
}
