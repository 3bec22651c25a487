/**
 * Fixed-width integers and byte strings in place, without a view or an object per access.
 * A u64 is a `number` below 2^53 here: term, index, revision and shard time are asserted so where they enter.
 */
import { assert } from './assert.js';

/** 2^32. */
export const TWO_POW_32 = 0x1_0000_0000;

/** Views on slices above this length are cheaper to copy with `set` than byte by byte (measured on Node 20). */
const COPY_LOOP_BYTES_MAX = 24;

/** An empty byte string, shared. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** Reads a little-endian u32. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (byteAt(bytes, at) |
      (byteAt(bytes, at + 1) << 8) |
      (byteAt(bytes, at + 2) << 16) |
      (byteAt(bytes, at + 3) << 24)) >>>
    0
  );
}

/** Writes a little-endian u32. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Reads a little-endian u64; the result is exact only below 2^53, see {@link isSafeU64}. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * TWO_POW_32;
}

/** Whether the little-endian u64 at `at` is below 2^53. */
export function isSafeU64(bytes: Uint8Array, at: number): boolean {
  return byteAt(bytes, at + 7) === 0 && byteAt(bytes, at + 6) < 0x20;
}

/** Writes a number in [0, 2^53) as a little-endian u64. */
export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  assert(value >= 0 && value <= Number.MAX_SAFE_INTEGER, 'u64 out of [0, 2^53)');
  writeU32(bytes, at, value >>> 0);
  writeU32(bytes, at + 4, (value / TWO_POW_32) >>> 0);
}

/** The byte at `at`; reading outside of `bytes` gives 0, so callers check lengths first. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** Copies `source[start, end)` to `target` at `at`. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start > COPY_LOOP_BYTES_MAX) {
    target.set(source.subarray(start, end), at);
    return;
  }
  for (let from = start, to = at; from < end; from += 1, to += 1) target[to] = byteAt(source, from);
}

/** A copy of `bytes[start, end)`. (`slice` is none when somebody passes Node's Buffer: its `slice` is a view.) */
export function cloneBytes(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/** Order of two byte strings: negative, 0 or positive; unsigned bytes, a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = byteAt(a, at) - byteAt(b, at);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Length of the longest common prefix. */
export function commonPrefixBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < length && byteAt(a, shared) === byteAt(b, shared)) shared += 1;
  return shared;
}
