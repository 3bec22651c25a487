/** How far the writers may go, how far they are, and who waits for that. */

export class Progress {
  done = 0;
  limit = 0;
  #waiting = new Set();

  /** Writers may make so many increments. */
  raise(limit) {
    this.limit = Math.max(this.limit, limit);
    this.#look();
  }

  /** One more has been made. */
  count() {
    this.done += 1;
    this.#look();
  }

  /** Resolves when so many have been made. */
  reached(done) {
    return this.#until(() => this.done >= done);
  }

  /** Resolves when one more may be made. The increments under way count. */
  mayGoOn(underWay) {
    return this.#until(() => this.done + underWay() < this.limit);
  }

  /** Lets go of all who wait: nothing more will happen. */
  end() {
    for (const { resolve } of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #until(isSo) {
    if (isSo()) return undefined;
    return new Promise((resolve) => {
      this.#waiting.add({ isSo, resolve });
    });
  }

  #look() {
    for (const waiting of this.#waiting) {
      if (!waiting.isSo()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
