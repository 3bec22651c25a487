/**
 * Rebuilds a state machine in one pass over the records of a store or of a snapshot in revision order, and verifies the content hash.
 * The caller drives it, so a long pass can yield.
 *
 * A snapshot is just that: a meta row and the records of the same store transaction in revision order. Installing one is writing both to a
 * new store and rebuilding from it.
 */
import { assert } from '../base/assert.js';
import { CorruptError } from './errors.js';
import { KeyValueReader } from './key-value.js';
import type { ShardMeta } from './meta.js';
import { isRecordHeader, isTombstone, RECORD_HEADER_BYTES } from './record.js';
import { SIDE_ROW_MAIN } from './side-row.js';
import { ShardState } from './shard-state.js';
import { RING_BYTES_MAX, StateMachine, type StateMachineDeps, type StateMachineOptions } from './state-machine.js';

/** One rebuild: the meta row, then `add` for each record, then `finish`. */
export class Rebuild {
  readonly #state: ShardState;
  readonly #options: StateMachineOptions;
  readonly #meta: ShardMeta;
  readonly #keyValue = new KeyValueReader();
  #lastMain = 0;
  #lastSub = -1;
  #isFinished = false;

  constructor(deps: StateMachineDeps, meta: ShardMeta, options: StateMachineOptions = {}) {
    this.#state = new ShardState(deps.store, options.ringBytesMax ?? RING_BYTES_MAX, meta, { low: 0, high: 0 });
    this.#meta = meta;
    this.#options = options;
  }

  /** Adds the next record, or row of a side table, which come first. Nothing of it is kept. @throws CorruptError */
  add(main: number, sub: number, record: Uint8Array): void {
    if (main < this.#lastMain || (main === this.#lastMain && sub <= this.#lastSub)) fail(main, sub, 'is out of order');
    this.#lastMain = main;
    this.#lastSub = sub;
    if (main === SIDE_ROW_MAIN) {
      if (!this.#state.sessions.restore(sub, record)) fail(main, sub, 'is no row of a session');
      return;
    }
    const fields = this.#keyValue;
    if (!isRecordHeader(record) || !fields.read(record, RECORD_HEADER_BYTES, record.length))
      fail(main, sub, 'is malformed');
    if (fields.modRevision !== main) fail(main, sub, `says it is revision ${fields.modRevision}`);
    if (main > this.#meta.currentRevision)
      fail(main, sub, `is above the current revision ${this.#meta.currentRevision}`);
    const isDeletion = isTombstone(record);
    if (isDeletion !== (fields.version === 0) || isDeletion !== (fields.createRevision === 0))
      fail(main, sub, 'contradicts its flags');
    const { index, content } = this.#state;
    const isKnown = index.locate(record, fields.keyStart, fields.keyEnd);
    const key = index.state;
    key.main = main;
    key.sub = sub;
    key.createRevision = fields.createRevision;
    key.version = fields.version;
    key.leaseLow = fields.leaseLow;
    key.leaseHigh = fields.leaseHigh;
    key.isTombstone = isDeletion;
    if (isKnown) index.update();
    else index.insert(record, fields.keyStart, fields.keyEnd);
    content.add(main, sub, record, 0, record.length);
  }

  /** Verifies the content hash against the meta row and hands the state machine over. @throws CorruptError */
  finish(): StateMachine {
    assert(!this.#isFinished, 'a rebuild finishes once');
    this.#isFinished = true;
    const { low, high } = this.#state.contentHash();
    if (low !== this.#meta.contentHash.low || high !== this.#meta.contentHash.high) {
      throw new CorruptError('the content hash of the records differs from the one in the meta row');
    }
    return new StateMachine(this.#state, this.#options);
  }
}

function fail(main: number, sub: number, what: string): never {
  throw new CorruptError(`record ${main}.${sub} ${what}`);
}
