/**
 * What was promised: every acknowledged write with its revision, and the checks that hold over all keys together. What belongs to one key is
 * in the models beside (register, counter, race).
 */

/** Problems of one kind beyond this are counted, not kept. */
const PROBLEMS_KEPT = 10;

export class Ledger {
  /** Acknowledged writes, oldest first: `{key, value, revision}`; the value is undefined after a delete. */
  acknowledged = [];
  lost = new Set();
  unknown = 0;
  failed = 0;
  reads = 0;
  #problems = new Map();
  #newestRevision = 0;
  #revisions = new Set();

  /** The newest revision that was acknowledged: to be taken before a request is sent, and given with what came of it. */
  get newestRevision() {
    return this.#newestRevision;
  }

  /** A write was acknowledged. `before`: the newest revision when it was sent; whatever was acknowledged by then must have come first. */
  acknowledge({ key, value, revision, before }) {
    const write = { key, value, revision };
    this.acknowledged.push(write);
    if (this.#revisions.has(revision))
      this.report('order', `revision ${revision} was acknowledged twice, now for ${key}`);
    if (revision <= before) {
      this.report('order', `${key} got revision ${revision} after revision ${before} had been acknowledged`);
    }
    this.#revisions.add(revision);
    this.#newestRevision = Math.max(this.#newestRevision, revision);
    return write;
  }

  /** A linearizable read was answered as of this revision. */
  readAt({ key, revision, before }) {
    this.reads += 1;
    if (revision < before)
      this.report('stale', `a read of ${key} shows revision ${revision}, ${before} was acknowledged`);
  }

  /** Acknowledged writes that are not there any more. */
  lose(writes, text) {
    for (const write of writes) this.lost.add(write);
    this.report('lost', text);
  }

  /** Something is wrong. Kinds: lost, phantom, stale, order, twoWinners, diverged, ended, stuck, answer. */
  report(kind, text) {
    const entry = this.#problems.get(kind) ?? { count: 0, texts: [] };
    entry.count += 1;
    if (entry.texts.length < PROBLEMS_KEPT) entry.texts.push(text);
    this.#problems.set(kind, entry);
  }

  /** By kind: `{count, texts}`. */
  get problems() {
    return this.#problems;
  }

  get isClean() {
    return this.#problems.size === 0;
  }
}
