/** Writers that count by compare-and-set: each has a counter of its own, which nobody else writes, and all share one. */

const WRITERS = 8;
/** One increment in so many is of the shared counter. */
const SHARED_EVERY = 10;
const SHARED_KEY = 'shared';

export class Writers {
  /** What each counter must show in the end. */
  expected;
  /** `KEY=NUMBER` that was acknowledged, by revision. */
  acknowledged = new Map();
  /** The newest one that was acknowledged. */
  lastRevision = 0;
  sharedConflicts = 0;
  ownConflicts = 0;
  /** Called with the writer, when its increment began, and the newest revision, for each that is acknowledged. */
  onIncrement = () => undefined;
  #client;
  #history;
  #problems;
  #progress;
  #signal;
  #underWay = 0;
  /** Each writer's counter as it left it. */
  #own = Array.from({ length: WRITERS }, (_, writer) => ({
    key: ownKey(writer),
    number: undefined,
    revision: undefined,
  }));

  constructor({ client, history, problems, progress, signal }) {
    this.#client = client;
    this.#history = history;
    this.#problems = problems;
    this.#progress = progress;
    this.#signal = signal;
    this.expected = new Map(this.keys.map((key) => [key, 0]));
  }

  get keys() {
    return [...this.#own.map(({ key }) => key), SHARED_KEY];
  }

  get count() {
    return WRITERS;
  }

  /** Resolves when `total` increments have been made, by all together, or the run is over. */
  async run(total) {
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => this.#write(writer, total)));
  }

  async #write(writer, total) {
    const own = this.#own[writer];
    for (let turn = writer; this.#progress.done + this.#underWay < total; turn += 1) {
      await this.#progress.mayGoOn(() => this.#underWay);
      if (this.#signal.aborted || this.#progress.done + this.#underWay >= total) return;
      const startedMs = performance.now();
      this.#underWay += 1;
      const isDone = turn % SHARED_EVERY === 0 ? await this.#countShared(writer) : await this.#countOwn(writer, own);
      this.#underWay -= 1;
      if (!isDone) return;
      this.#progress.count();
      this.onIncrement(writer, startedMs, this.lastRevision);
    }
  }

  /** What nobody else writes is as this writer left it: a conflict means that a write of its own happened twice. */
  async #countOwn(writer, own) {
    const result = await this.#compareAndSet(writer, own);
    if (result === 'conflict') {
      this.ownConflicts += 1;
      this.#problems.report(
        'doubled write',
        `${own.key}: ${own.number} was not there any more, though nobody else writes it`,
      );
      return false;
    }
    return result === 'done';
  }

  async #countShared(writer) {
    for (;;) {
      const read = await this.#read(writer, SHARED_KEY);
      if (read === undefined) return false;
      const result = await this.#compareAndSet(writer, { key: SHARED_KEY, ...read });
      if (result !== 'conflict') return result === 'done';
      this.sharedConflicts += 1;
    }
  }

  async #compareAndSet(writer, counter) {
    const { key, number, revision } = counter;
    const next = (number ?? 0) + 1;
    const condition = revision === undefined ? { ifAbsent: true } : { ifModRevision: revision };
    const answered = this.#history.begin(writer, key, 'cas', [number, next]);
    try {
      const result = await this.#client.set(key, String(next), { ...condition, signal: this.#signal });
      answered('ok');
      if (result.version !== next) this.#problems.report('version', `${key}: ${next} has version ${result.version}`);
      this.lastRevision = Math.max(this.lastRevision, result.revision);
      this.acknowledged.set(result.revision, `${key}=${next}`);
      this.expected.set(key, this.expected.get(key) + 1);
      Object.assign(counter, { number: next, revision: result.revision });
      return 'done';
    } catch (error) {
      answered(error.mayHaveHappened === false ? 'fail' : 'info');
      if (error.code === 'CONDITION_FAILED') return 'conflict';
      this.#failed(`set ${key}`, error);
      return 'failed';
    }
  }

  async #read(writer, key) {
    const answered = this.#history.begin(writer, key, 'read');
    try {
      const found = await this.#client.get(key, { signal: this.#signal });
      const number = found === undefined ? undefined : Number(found.text());
      answered('ok', number);
      return { number, revision: found?.modRevision };
    } catch (error) {
      answered('info');
      this.#failed(`get ${key}`, error);
      return undefined;
    }
  }

  #failed(what, error) {
    if (this.#signal.aborted) return;
    const { code, mayHaveHappened, message } = error;
    this.#problems.report(
      'error that reached the caller',
      `${what}: ${code}, mayHaveHappened ${mayHaveHappened}: ${message}`,
    );
  }
}

function ownKey(writer) {
  return `counter-${writer}`;
}
