/**
 * A batch taken out of its iterables before the first row reaches a store. An iterable that throws, or a row that is malformed, so changes
 * nothing at all: LMDB would commit the half that was already queued.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { REVISION_KEY_BYTES } from '@kvorum/core/kv/revision.js';
import type { StoreBatch } from './revision-store.js';

/** Longest record a store takes. Above 16 MiB LMDB would hand out views of its mapped file. */
export const RECORD_BYTES_MAX = 8 * 1024 * 1024;

/** Rows ready to be queued; nothing in here can fail any more. */
export interface GatheredBatch {
  /** One key after another, 12 bytes each: first the puts', then the deletes'. */
  readonly keys: Uint8Array;
  /** Records of the puts, in order; not copied. */
  readonly records: readonly Uint8Array[];
  readonly deletes: number;
  readonly meta: Uint8Array;
}

/** Reads both iterables to their end and copies the keys. */
export function gatherBatch(batch: StoreBatch): GatheredBatch {
  assert(batch.meta.length > 0, 'a commit needs a meta row');
  const keys = new KeyList();
  const records: Uint8Array[] = [];
  for (const { key, record } of batch.puts) {
    assert(record.length > 0 && record.length <= RECORD_BYTES_MAX, 'record size out of range');
    keys.add(key);
    records.push(record);
  }
  let deletes = 0;
  for (const key of batch.deletes) {
    keys.add(key);
    deletes += 1;
  }
  return { keys: keys.bytes(), records, deletes, meta: batch.meta };
}

/** Keys appended to one growing buffer. */
class KeyList {
  #buffer = new Uint8Array(1024 * REVISION_KEY_BYTES);
  #used = 0;

  add(key: Uint8Array): void {
    assert(key.length === REVISION_KEY_BYTES, 'store key must have 12 bytes');
    if (this.#used === this.#buffer.length) this.#grow();
    this.#buffer.set(key, this.#used);
    this.#used += REVISION_KEY_BYTES;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#buffer.length * 2);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
