/**
 * Protobuf's base-128 varints. Numbers below 2^53 travel as `number`, full 64-bit ids as two unsigned halves.
 */
import { byteAt, TWO_POW_32 } from './bytes.js';

/** Bytes of the varint of a number in [0, 2^53). */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  return varintBytes(Math.floor(value / 0x1000_0000)) + 4;
}

/** Writes a number in [0, 2^53); returns the offset after it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  while (rest >= 0x8000_0000) {
    target[to] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
    to += 1;
  }
  while (rest >= 0x80) {
    target[to] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    to += 1;
  }
  target[to] = rest;
  return to + 1;
}

/** Bytes of the varint of a 64-bit number given as unsigned halves. */
export function varintBytes64(low: number, high: number): number {
  if (high === 0) return varintBytes(low);
  if (high < 0x8) return 5;
  return 5 + varintBytes(high >>> 3);
}

/** Writes a 64-bit number given as unsigned halves; returns the offset after it. */
export function writeVarint64(target: Uint8Array, at: number, low: number, high: number): number {
  if (high === 0) return writeVarint(target, at, low);
  for (let index = 0; index < 4; index += 1) target[at + index] = ((low >>> (7 * index)) & 0x7f) | 0x80;
  const fifth = (low >>> 28) | ((high & 0x7) << 4);
  if (high < 0x8) {
    target[at + 4] = fifth;
    return at + 5;
  }
  target[at + 4] = fifth | 0x80;
  return writeVarint(target, at + 5, high >>> 3);
}

/** Reads varints; the last one is in `low` and `high`. */
export class VarintReader {
  low = 0;
  high = 0;

  /** The last varint as a number; exact below 2^53, see {@link isSafe}. */
  get value(): number {
    return this.low + this.high * TWO_POW_32;
  }

  /** Whether the last varint is below 2^53. */
  get isSafe(): boolean {
    return this.high < 0x20_0000;
  }

  /** Reads the varint at `at`; returns the offset after it, or -1 when it is cut short by `end`, too long or not canonical. */
  read(bytes: Uint8Array, at: number, end: number): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      if (at + index >= end) return -1;
      const byte = byteAt(bytes, at + index);
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index > 4) high |= bits << (7 * index - 32);
      else {
        low |= bits << 28;
        high = bits >>> 4;
      }
      if (byte >= 0x80) continue;
      if ((byte === 0 && index > 0) || (index === 9 && byte > 1)) return -1;
      this.low = low >>> 0;
      this.high = high >>> 0;
      return at + index + 1;
    }
    return -1;
  }
}
