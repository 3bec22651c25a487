/** Builds one batch in memory, exactly as it will lie in its segment. */
import { assert } from '@kvorum/core/base/assert.js';
import {
  type BatchPlace,
  type HeaderFields,
  RECORD_HEADER_BYTES,
  RECORD_TYPE,
  type RecordType,
  recordBytes,
  writeHeader,
} from './record.js';
import type { RecordPlace } from './shard-log.js';

/** No record waits for its header. */
const NONE = -1;

const NO_PLACE: BatchPlace = { segment: 0, batch: 0, batchStart: 0 };

/** Used again and again: `begin`, any number of `add`, `seal`. */
export class BatchEncoder {
  #memory: Uint8Array = new Uint8Array(0);
  #place = NO_PLACE;
  #endMax = 0;
  #used = 0;
  #chain = 0;
  #isOpen = false;
  /** The record added last; its header is written when the next one comes, or at the end, when it is known to be the last. */
  readonly #pending: HeaderFields = {
    payloadBytes: 0,
    offset: 0,
    chain: 0,
    shard: 0,
    type: RECORD_TYPE.opened,
    isLast: false,
  };
  #pendingAt = NONE;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  get place(): BatchPlace {
    return this.#place;
  }

  /** Where the bytes go. Payloads are written at the offsets that {@link add} returns. */
  get memory(): Uint8Array {
    return this.#memory;
  }

  /** CRC of the newest sealed record. */
  get chain(): number {
    return this.#chain;
  }

  /** @param segmentBytes size of the segment, which the batch must not exceed */
  begin(memory: Uint8Array, place: BatchPlace, segmentBytes: number, chain: number): void {
    assert(!this.#isOpen, 'a batch is open');
    this.#memory = memory;
    this.#place = place;
    this.#endMax = Math.min(memory.length, segmentBytes - place.batchStart);
    this.#used = 0;
    this.#chain = chain;
    this.#isOpen = true;
  }

  fits(bytes: number): boolean {
    return this.#used + bytes <= this.#endMax;
  }

  /** Starts a record; the caller writes its payload at the returned offset of {@link memory}. */
  add(type: RecordType, shard: number, payloadBytes: number): number {
    this.#finish(false);
    const at = this.#used;
    const payloadAt = at + RECORD_HEADER_BYTES;
    this.#used = at + recordBytes(payloadBytes);
    assert(this.#used <= this.#endMax, 'a batch beyond its segment');
    for (let pad = payloadAt + payloadBytes; pad < this.#used; pad++) this.#memory[pad] = 0;
    const pending = this.#pending;
    pending.payloadBytes = payloadBytes;
    pending.offset = this.#place.batchStart + at;
    pending.shard = shard;
    pending.type = type;
    this.#pendingAt = at;
    return payloadAt;
  }

  /** Where the record added last will lie. */
  lastPlace(): RecordPlace {
    const at = this.#pendingAt;
    return { segment: this.#place.segment, offset: this.#place.batchStart + at, bytes: this.#used - at };
  }

  /** Gives up a batch without records. */
  abandon(): void {
    assert(this.isEmpty, 'a batch with records');
    this.#isOpen = false;
  }

  /** Ends the batch; the returned bytes stay valid until the memory is used again. */
  seal(): Uint8Array {
    this.#finish(true);
    this.#isOpen = false;
    const bytes = this.#memory.subarray(0, this.#used);
    this.#used = 0;
    return bytes;
  }

  #finish(isLast: boolean): void {
    const at = this.#pendingAt;
    if (at === NONE) return;
    this.#pendingAt = NONE;
    this.#pending.chain = this.#chain;
    this.#pending.isLast = isLast;
    this.#chain = writeHeader(this.#memory, at, this.#place, this.#pending);
  }
}
