/**
 * A key that several writers count up by compare-and-set. Its number must equal its version: two writers that both replaced the same revision, or
 * one that replaced another than it named, would part them.
 */
export class Counter {
  #ledger;
  /** Tag of the write that made a number, once an acknowledgement or a read told it. */
  #makers = new Map();
  #failedTags = new Set();
  #writes = new Map();
  #floor = 0;
  #attempts = 0;

  constructor(key, ledger) {
    this.key = key;
    this.#ledger = ledger;
  }

  get floor() {
    return this.#floor;
  }

  /** An attempt to count from what was read (undefined: absent). */
  begin(read) {
    const number = (read?.version ?? 0) + 1;
    this.#attempts += 1;
    const tag = `${number}:${this.#attempts}`;
    return { number, tag, value: tag, before: this.#ledger.newestRevision };
  }

  acknowledge({ number, tag, value, before }, { revision, version }) {
    const write = this.#ledger.acknowledge({ key: this.key, value, revision, before });
    this.#writes.set(number, write);
    this.#floor = Math.max(this.#floor, number);
    if (version !== number) this.#ledger.report('twoWinners', `${this.key}: number ${number} has version ${version}`);
    this.#made(number, tag);
  }

  fail({ tag }) {
    this.#ledger.failed += 1;
    this.#failedTags.add(tag);
    const number = Number.parseInt(tag, 10);
    if (this.#makers.get(number) === tag) this.#phantom(tag);
  }

  leaveUnknown() {
    this.#ledger.unknown += 1;
  }

  observe({ value, version, floor }) {
    const number = value === undefined ? 0 : Number.parseInt(value, 10);
    if (number < floor)
      this.#ledger.report('stale', `a read of ${this.key} shows ${number}, ${floor} had happened before`);
    this.#look(number, value, version ?? 0);
    this.#floor = Math.max(this.#floor, number);
  }

  check(row) {
    const number = row === undefined ? 0 : Number.parseInt(row.value, 10);
    if (number < this.#floor) {
      const missing = [...this.#writes].filter(([one]) => one > number).map(([, write]) => write);
      this.#ledger.lose(missing, `${this.key} shows ${number}, ${this.#floor} had happened`);
    }
    this.#look(number, row?.value, row?.version ?? 0);
  }

  #look(number, tag, version) {
    if (number !== version) this.#ledger.report('twoWinners', `${this.key}: number ${number} has version ${version}`);
    if (tag === undefined) return;
    if (this.#failedTags.has(tag)) this.#phantom(tag);
    this.#made(number, tag);
  }

  #made(number, tag) {
    const maker = this.#makers.get(number);
    if (maker === undefined) this.#makers.set(number, tag);
    else if (maker !== tag) this.#ledger.report('twoWinners', `${this.key}: both ${maker} and ${tag} happened`);
  }

  #phantom(tag) {
    this.#ledger.report('phantom', `${this.key}: ${tag} was answered as not done, and is there`);
  }
}
