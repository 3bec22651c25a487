/**
 * The canonical mvccpb.KeyValue encoding: fields in order of their number, zero and empty ones left out. These bytes go verbatim into answers,
 * watch events and hashes, so there is exactly one encoding of each KeyValue, and the decoder accepts no other.
 *
 * 1 key bytes, 2 create_revision, 3 mod_revision, 4 version, 5 value bytes, 6 lease. A tombstone's KeyValue is key and mod_revision.
 */
import { byteAt, copyBytes, EMPTY_BYTES } from '../base/bytes.js';
import { VarintReader, varintBytes, varintBytes64, writeVarint, writeVarint64 } from '../base/varint.js';

const TAG_KEY = 0x0a;
const TAG_CREATE_REVISION = 0x10;
const TAG_MOD_REVISION = 0x18;
const TAG_VERSION = 0x20;
const TAG_VALUE = 0x2a;
const TAG_LEASE = 0x30;

/** A KeyValue whose key and value lie in other byte strings; one object is filled again and again. */
export class KeyValueSource {
  keyBytes: Uint8Array = EMPTY_BYTES;
  keyStart = 0;
  keyEnd = 0;
  createRevision = 0;
  modRevision = 0;
  version = 0;
  valueBytes: Uint8Array = EMPTY_BYTES;
  valueStart = 0;
  valueEnd = 0;
  leaseLow = 0;
  leaseHigh = 0;
}

/** Length of the encoding of `source`. */
export function keyValueBytes(source: KeyValueSource): number {
  const key = source.keyEnd - source.keyStart;
  const value = source.valueEnd - source.valueStart;
  let length = 1 + varintBytes(key) + key + 1 + varintBytes(source.modRevision);
  if (source.createRevision !== 0) length += 1 + varintBytes(source.createRevision);
  if (source.version !== 0) length += 1 + varintBytes(source.version);
  if (value !== 0) length += 1 + varintBytes(value) + value;
  if ((source.leaseLow | source.leaseHigh) !== 0) length += 1 + varintBytes64(source.leaseLow, source.leaseHigh);
  return length;
}

/** Writes the encoding of `source` at `at`; returns the offset after it. */
export function writeKeyValue(target: Uint8Array, at: number, source: KeyValueSource): number {
  const { keyStart, keyEnd, valueStart, valueEnd } = source;
  target[at] = TAG_KEY;
  let to = writeVarint(target, at + 1, keyEnd - keyStart);
  copyBytes(target, to, source.keyBytes, keyStart, keyEnd);
  to += keyEnd - keyStart;
  if (source.createRevision !== 0) {
    target[to] = TAG_CREATE_REVISION;
    to = writeVarint(target, to + 1, source.createRevision);
  }
  target[to] = TAG_MOD_REVISION;
  to = writeVarint(target, to + 1, source.modRevision);
  if (source.version !== 0) {
    target[to] = TAG_VERSION;
    to = writeVarint(target, to + 1, source.version);
  }
  if (valueEnd !== valueStart) {
    target[to] = TAG_VALUE;
    to = writeVarint(target, to + 1, valueEnd - valueStart);
    copyBytes(target, to, source.valueBytes, valueStart, valueEnd);
    to += valueEnd - valueStart;
  }
  if ((source.leaseLow | source.leaseHigh) === 0) return to;
  target[to] = TAG_LEASE;
  return writeVarint64(target, to + 1, source.leaseLow, source.leaseHigh);
}

/** Reads one KeyValue at a time, showing where key and value lie. */
export class KeyValueReader {
  keyStart = 0;
  keyEnd = 0;
  createRevision = 0;
  modRevision = 0;
  version = 0;
  valueStart = 0;
  valueEnd = 0;
  leaseLow = 0;
  leaseHigh = 0;
  readonly #varint = new VarintReader();

  /** Decodes `bytes[start, end)`. False when that is not the canonical encoding of a KeyValue with a key and a mod_revision. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.createRevision = 0;
    this.version = 0;
    this.leaseLow = 0;
    this.leaseHigh = 0;
    let at = this.#length(bytes, start, end, TAG_KEY);
    if (at < 0) return false;
    this.keyStart = at;
    at += this.#varint.low;
    this.keyEnd = at;
    if (byteAt(bytes, at) === TAG_CREATE_REVISION) {
      at = this.#number(bytes, at, end, TAG_CREATE_REVISION);
      if (at < 0) return false;
      this.createRevision = this.#varint.value;
    }
    at = this.#number(bytes, at, end, TAG_MOD_REVISION);
    if (at < 0) return false;
    this.modRevision = this.#varint.value;
    if (at < end && byteAt(bytes, at) === TAG_VERSION) {
      at = this.#number(bytes, at, end, TAG_VERSION);
      if (at < 0) return false;
      this.version = this.#varint.value;
    }
    return this.#readRest(bytes, at, end);
  }

  /** Value and lease, the optional fields at the end. */
  #readRest(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    this.valueStart = at;
    this.valueEnd = at;
    if (at < end && byteAt(bytes, at) === TAG_VALUE) {
      at = this.#length(bytes, at, end, TAG_VALUE);
      if (at < 0) return false;
      this.valueStart = at;
      at += this.#varint.low;
      this.valueEnd = at;
    }
    if (at === end) return true;
    if (byteAt(bytes, at) !== TAG_LEASE) return false;
    at = this.#varint.read(bytes, at + 1, end);
    this.leaseLow = this.#varint.low;
    this.leaseHigh = this.#varint.high;
    return at === end && (this.leaseLow | this.leaseHigh) !== 0;
  }

  #number(bytes: Uint8Array, at: number, end: number, tag: number): number {
    if (at >= end || byteAt(bytes, at) !== tag) return -1;
    const after = this.#varint.read(bytes, at + 1, end);
    return after > 0 && this.#varint.isSafe && this.#varint.value > 0 ? after : -1;
  }

  #length(bytes: Uint8Array, at: number, end: number, tag: number): number {
    const after = this.#number(bytes, at, end, tag);
    return after > 0 && this.#varint.value <= end - after ? after : -1;
  }
}
