/** Arithmetic on key ranges [start, end). Keys are compared as unsigned bytes. */

/**
 * The smallest key greater than every key that starts with `prefix`, or undefined when there is none (empty prefix, or all bytes 0xff),
 * which means: to the end of the keyspace.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  // A copy whatever the caller's class: the `slice` of Node's Buffer is a view.
  const end = new Uint8Array(prefix.subarray(0, length));
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}

/** The key right after `key`: `key` followed by a zero byte. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
