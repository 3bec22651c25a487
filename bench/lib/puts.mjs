// The load that most benches apply: puts of 256-byte values to distinct keys of 16 bytes, in entries of 100.
import { buildBatch } from '../../packages/core/dist/kv/entry-codec.js';
import { encodePut } from '../../packages/core/dist/kv/command.js';

export const KEY_BYTES = 16;
export const VALUE = new Uint8Array(256).fill(120);
const HEX = '0123456789abcdef';
const PUTS_PER_ENTRY = 100;

/** `count` distinct keys of 16 bytes in no order, one after the other. */
export function makeKeys(count) {
  const keys = new Uint8Array(count * KEY_BYTES);
  for (let n = 0; n < count; n += 1) {
    // An odd factor makes the first half different for every n.
    const first = Math.imul(n, 0x9e3779b1) >>> 0;
    const second = Math.imul(n ^ 0x55555, 0x85ebca77) >>> 0;
    for (let at = 0; at < 8; at += 1) {
      keys[n * KEY_BYTES + at] = HEX.charCodeAt((first >>> (4 * at)) & 15);
      keys[n * KEY_BYTES + 8 + at] = HEX.charCodeAt((second >>> (4 * at)) & 15);
    }
  }
  return keys;
}

/** The key at position `n`, a view. */
export function keyAt(keys, n) {
  return keys.subarray(n * KEY_BYTES, (n + 1) * KEY_BYTES);
}

/** A position that jumps through `count` keys as `n` counts up, so that neighbours in time are far apart in the index. */
export function scattered(n, count) {
  return (Math.imul(n, 245_389) >>> 0) % count;
}

/** Entries that put `puts` keys; `position(n)` says which key the n-th put takes. */
export function makeEntries(keys, puts, position) {
  const entries = [];
  for (let n = 0; n < puts; n += PUTS_PER_ENTRY) {
    const commands = [];
    for (let at = n; at < n + PUTS_PER_ENTRY; at += 1) commands.push(encodePut(keyAt(keys, position(at)), VALUE));
    entries.push(buildBatch({ shardTimeMs: n, wallClockMs: 0 }, commands));
  }
  return entries;
}

/** Entries that put each key once, made piece by piece to keep memory small. */
export function* fillingEntries(keys) {
  const piece = 100_000;
  const count = keys.length / KEY_BYTES;
  for (let first = 0; first < count; first += piece) {
    yield* makeEntries(keys, Math.min(piece, count - first), (n) => first + n);
  }
}
