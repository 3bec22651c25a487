/**
 * A key that one writer writes, one operation after the other, each with a value of its own. After an operation with unknown outcome the writer
 * leaves the key alone for good: that operation may still happen at any later time, and with nothing after it the key has two allowed
 * states for ever.
 */

const LARGE_EVERY = 64;
const LARGE_BYTES = 32 * 1024;
const SMALL_BYTES_MAX = 300;
const DELETE_EVERY = 13;

/** The value of an operation, found again from key and number alone. */
export function valueOf(key, number) {
  const size = number % LARGE_EVERY === LARGE_EVERY - 1 ? LARGE_BYTES : (number * 7919) % SMALL_BYTES_MAX;
  return `${key}=${number};${'x'.repeat(size)}`;
}

export class Register {
  #ledger;
  /** Operation 0 is the key's absence. Outcomes: pending, acknowledged, failed, unknown. */
  #operations = [{ number: 0, value: undefined, version: 0, outcome: 'acknowledged', isSeen: true }];
  /** Number of the newest operation known to have happened, by acknowledgement or by a linearizable read. */
  #floor = 0;

  constructor(key, ledger) {
    this.key = key;
    this.#ledger = ledger;
  }

  get floor() {
    return this.#floor;
  }

  /** The writer must not use the key any more. */
  get isRetired() {
    return this.#operations.at(-1).outcome === 'unknown';
  }

  /** The next operation: a put, or now and then a delete of what is there. */
  begin() {
    const number = this.#operations.length;
    const happened = this.#lastHappened();
    const isDelete = number % DELETE_EVERY === 0 && happened.value !== undefined;
    const operation = {
      number,
      value: isDelete ? undefined : valueOf(this.key, number),
      version: isDelete ? 0 : happened.version + 1,
      outcome: 'pending',
      isSeen: false,
      before: this.#ledger.newestRevision,
    };
    this.#operations.push(operation);
    return operation;
  }

  /** `answer`: the revision, and the version that a put tells or the count that a delete tells. */
  acknowledge(operation, { revision, version, deleted }) {
    const { value, before, number } = operation;
    operation.outcome = 'acknowledged';
    operation.revision = revision;
    operation.write = this.#ledger.acknowledge({ key: this.key, value, revision, before });
    this.#floor = Math.max(this.#floor, number);
    const isAsExpected = value === undefined ? deleted === 1 : version === operation.version;
    if (isAsExpected) return;
    const told = value === undefined ? `deleted ${deleted}` : `version ${version} instead of ${operation.version}`;
    this.#ledger.lose(
      [this.#operations[number - 1].write].filter(Boolean),
      `${this.key}: operation ${number} tells ${told}`,
    );
  }

  /** The node said that it has not happened and won't. */
  fail(operation) {
    operation.outcome = 'failed';
    this.#ledger.failed += 1;
    if (operation.isSeen) this.#phantom(operation);
  }

  leaveUnknown(operation) {
    operation.outcome = 'unknown';
    this.#ledger.unknown += 1;
  }

  /** A linearizable read was answered; `floor` is that of the moment when it was sent. */
  observe({ value, modRevision, floor }) {
    const shown = this.#operations.find(
      (one) => one.number >= floor && one.outcome !== 'failed' && matches(one, value, modRevision),
    );
    if (shown !== undefined) {
      shown.isSeen = true;
      this.#floor = Math.max(this.#floor, shown.number);
      return;
    }
    const failed = this.#operations.find(
      (one) => one.outcome === 'failed' && one.value === value && value !== undefined,
    );
    if (failed !== undefined) return this.#phantom(failed);
    this.#ledger.report('stale', `a read of ${this.key} shows ${head(value)}, operation ${floor} had happened before`);
  }

  /** What is stored when nothing is under way. */
  check(row) {
    const allowed = this.#operations.filter((one) => one.number >= this.#floor && one.outcome !== 'failed');
    const shown = allowed.find(
      (one) => matches(one, row?.value, row?.modRevision) && one.version === (row?.version ?? 0),
    );
    if (shown !== undefined) return;
    const found = this.#operations.find((one) => matches(one, row?.value, row?.modRevision));
    if (found?.outcome === 'failed') return this.#phantom(found);
    const missing = this.#operations.filter((one) => one.number > (found?.number ?? 0) && one.write !== undefined);
    const version = row === undefined ? '' : ` of version ${row.version}`;
    const text = `${this.key} shows ${head(row?.value)}${version}, operation ${this.#floor} had happened`;
    this.#ledger.lose(
      missing.map(({ write }) => write),
      text,
    );
  }

  #lastHappened() {
    return this.#operations.findLast(({ outcome }) => outcome === 'acknowledged');
  }

  #phantom({ number }) {
    this.#ledger.report('phantom', `${this.key}: operation ${number} was answered as not done, and is there`);
  }
}

function matches(operation, value, modRevision) {
  if (operation.value !== value) return false;
  return value === undefined || operation.revision === undefined || operation.revision === modRevision;
}

function head(value) {
  return value === undefined ? 'nothing' : value.slice(0, value.indexOf(';'));
}
