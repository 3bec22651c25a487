/** A key that several writers want to create at once; at most one may. */
export class Race {
  #ledger;
  #winner;
  #unknown = new Set();

  constructor(key, ledger) {
    this.key = key;
    this.#ledger = ledger;
  }

  begin(contender) {
    return { value: `${this.key}:${contender}`, before: this.#ledger.newestRevision };
  }

  acknowledge({ value, before }, { revision }) {
    const write = this.#ledger.acknowledge({ key: this.key, value, revision, before });
    if (this.#winner !== undefined) {
      this.#ledger.report('twoWinners', `${this.key}: created as ${this.#winner.value} and as ${value}`);
    }
    this.#winner = write;
  }

  fail() {
    this.#ledger.failed += 1;
  }

  leaveUnknown({ value }) {
    this.#ledger.unknown += 1;
    this.#unknown.add(value);
  }

  check(row) {
    const isAllowed =
      this.#winner === undefined
        ? row === undefined || this.#unknown.has(row.value)
        : row?.value === this.#winner.value;
    if (isAllowed) return;
    if (this.#winner === undefined)
      this.#ledger.report('phantom', `${this.key} shows ${row.value}, which was answered as not done`);
    else
      this.#ledger.lose(
        [this.#winner],
        `${this.key} shows ${row?.value ?? 'nothing'} instead of ${this.#winner.value}`,
      );
  }
}
