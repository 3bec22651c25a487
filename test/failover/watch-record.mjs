/** Holds one watch on all keys from before the first write to after the last, and compares what it told with what was acknowledged. */

export class WatchRecord {
  /** Everything up to here was delivered. */
  revision = 0;
  #events = [];
  #watch;
  #problems;
  #reading;
  #waiting;

  constructor({ client, problems }) {
    this.#watch = client.watch();
    this.#problems = problems;
  }

  /** Resolves when the watch has begun. */
  async start() {
    this.revision = (await this.#watch.started()) - 1;
    this.#reading = this.#read();
  }

  get count() {
    return this.#events.length;
  }

  /** Resolves with true when everything up to a revision was delivered, with false when that does not come in time. */
  async reached(revision, timeoutMs) {
    if (this.revision >= revision) return true;
    const timer = setTimeout(() => this.#waiting?.resolve(false), timeoutMs);
    const isReached = await new Promise((resolve) => {
      this.#waiting = { revision, resolve };
    });
    this.#waiting = undefined;
    clearTimeout(timer);
    return isReached;
  }

  async close() {
    await this.#watch.close();
    await this.#reading;
  }

  /** Every acknowledged write, and every revision, came exactly once and in order. */
  check(acknowledged) {
    const numbers = new Map();
    let last = 0;
    for (const { revision, text } of this.#events) {
      const [key, number] = text.split('=');
      if (revision <= last) this.#problems.report('watch out of order', `${revision} after ${last}`);
      if (last > 0 && revision > last + 1)
        this.#problems.report('watch gap', `nothing between ${last} and ${revision}`);
      if (acknowledged.get(revision) !== text)
        this.#problems.report('watch event', `${revision}: ${text}; acknowledged is ${acknowledged.get(revision)}`);
      const before = numbers.get(key) ?? 0;
      if (Number(number) !== before + 1) this.#problems.report('watch numbers', `${key}: ${number} after ${before}`);
      numbers.set(key, Number(number));
      last = revision;
    }
    if (this.#events.length !== acknowledged.size)
      this.#problems.report('watch count', `${this.#events.length} events, ${acknowledged.size} acknowledged writes`);
  }

  async #read() {
    try {
      for await (const { revision, events } of this.#watch) {
        if (revision < this.revision) this.#problems.report('watch bookmark', `${revision} after ${this.revision}`);
        for (const { kv, revision: at, key } of events)
          this.#events.push({ revision: at, text: `${Buffer.from(key).toString()}=${kv?.text()}` });
        this.revision = revision;
        if (this.#waiting !== undefined && revision >= this.#waiting.revision) this.#waiting.resolve(true);
      }
    } catch (error) {
      this.#problems.report('watch failed', `${error.code} ${error.message}`);
      this.#waiting?.resolve(false);
    }
  }
}
