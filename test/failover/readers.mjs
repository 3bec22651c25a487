/** Readers of the writers' counters, with linearizable reads. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Processes of the history are numbers; writers have the small ones. */
const FIRST_PROCESS = 100;

export class Readers {
  reads = 0;
  #client;
  #history;
  #problems;
  #chance;
  #keys;
  #signal;
  #processes = FIRST_PROCESS;

  constructor({ client, history, problems, chance, keys, signal }) {
    this.#client = client;
    this.#history = history;
    this.#problems = problems;
    this.#chance = chance;
    this.#keys = keys;
    this.#signal = signal;
  }

  /** So many readers at once, each with a pause between its reads, until `isOver` or, in all, so many reads. */
  async run({ readers, pauseMs = 0, readsMax = Number.POSITIVE_INFINITY, isOver = () => false }) {
    let left = readsMax;
    const read = async () => {
      this.#processes += 1;
      const process = this.#processes;
      while (left > 0 && !isOver() && !this.#signal.aborted) {
        left -= 1;
        if (!(await this.#readOne(process))) return;
        if (pauseMs > 0) await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: readers }, read));
  }

  async #readOne(process) {
    const key = this.#chance.pick(this.#keys);
    const answered = this.#history.begin(process, key, 'read');
    try {
      const found = await this.#client.get(key, { signal: this.#signal });
      answered('ok', found === undefined ? undefined : Number(found.text()));
      this.reads += 1;
      return true;
    } catch (error) {
      answered('info');
      if (!this.#signal.aborted)
        this.#problems.report('error that reached the caller', `get ${key}: ${error.code} ${error.message}`);
      return false;
    }
  }
}
