/** A key as it was read. */
import type { GetResponse } from '@kvorum/protocol/kvorum/v1/read.js';
import { copyOf, toText } from './bytes.js';

/** What is known about a key besides its value. */
export interface KeyMeta {
  /** The revision at which the key was created, after it was last absent. */
  readonly createRevision: number;
  /** The revision of the newest write to the key: what `ifModRevision` compares. */
  readonly modRevision: number;
  /** How often the key was written since it was created; the creation counts. */
  readonly version: number;
  /** The revision that the read shows; of a list, the same in all rows. */
  readonly revision: number;
}

/** One key and its value. */
export class KeyValue implements KeyMeta {
  readonly key: Uint8Array;
  /** Empty in a list of keys only. */
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly revision: number;

  constructor(key: Uint8Array, value: Uint8Array, meta: KeyMeta) {
    this.key = key;
    this.value = value;
    this.createRevision = meta.createRevision;
    this.modRevision = meta.modRevision;
    this.version = meta.version;
    this.revision = meta.revision;
  }

  /** The value as text; bytes that are no UTF-8 become U+FFFD. */
  text(): string {
    return toText(this.value);
  }

  /** The key as text. */
  keyText(): string {
    return toText(this.key);
  }
}

/** The value is copied: a response may hold many, and one that is kept must not keep the others. */
export function keyValueOf(key: Uint8Array, response: GetResponse): KeyValue {
  return new KeyValue(key, copyOf(response.value), response);
}
