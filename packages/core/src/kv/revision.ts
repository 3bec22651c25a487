/**
 * Revisions and the 12-byte store key that orders records: main u64, sub u32, big-endian, so that byte order is revision order.
 */
import { byteAt, TWO_POW_32 } from '../base/bytes.js';
import { assert } from '../base/assert.js';

/** Position in a shard's history: `main` counts commands that changed something, `sub` the records of one command. */
export interface Revision {
  readonly main: number;
  readonly sub: number;
}

/** Bytes of a store key. */
export const REVISION_KEY_BYTES = 12;

/** Writes the store key of {main, sub} at `at`. */
export function writeRevisionKey(target: Uint8Array, at: number, main: number, sub: number): void {
  assert(main >= 0 && main <= Number.MAX_SAFE_INTEGER, 'revision out of range');
  writeU32BigEndian(target, at, (main / TWO_POW_32) >>> 0);
  writeU32BigEndian(target, at + 4, main >>> 0);
  writeU32BigEndian(target, at + 8, sub);
}

/** The store key of {main, sub}, newly allocated. */
export function encodeRevisionKey(main: number, sub: number): Uint8Array {
  const key = new Uint8Array(REVISION_KEY_BYTES);
  writeRevisionKey(key, 0, main, sub);
  return key;
}

/** `main` of a store key. */
export function revisionKeyMain(key: Uint8Array, at = 0): number {
  return readU32BigEndian(key, at) * TWO_POW_32 + readU32BigEndian(key, at + 4);
}

/** `sub` of a store key. */
export function revisionKeySub(key: Uint8Array, at = 0): number {
  return readU32BigEndian(key, at + 8);
}

function writeU32BigEndian(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function readU32BigEndian(bytes: Uint8Array, at: number): number {
  return (
    ((byteAt(bytes, at) << 24) |
      (byteAt(bytes, at + 1) << 16) |
      (byteAt(bytes, at + 2) << 8) |
      byteAt(bytes, at + 3)) >>>
    0
  );
}
