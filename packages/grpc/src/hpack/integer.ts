/** Writing integers with a prefix (RFC 7541, 5.1). Reading them is part of the block reader. */

/** Octets an integer below 2^32 takes at most. */
export const integerBytesMax = 6;

/**
 * Writes `value` (below 2^32) at `at` behind the flags of its first octet, which leave `prefixBits` free; returns the end. The caller has
 * made room for {@link integerBytesMax}.
 */
export function writeInteger(out: Uint8Array, at: number, flags: number, prefixBits: number, value: number): number {
  const prefixMax = (1 << prefixBits) - 1;
  if (value < prefixMax) {
    out[at] = flags | value;
    return at + 1;
  }
  let end = at;
  out[end++] = flags | prefixMax;
  let rest = value - prefixMax;
  while (rest >= 0x80) {
    out[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[end++] = rest;
  return end;
}
