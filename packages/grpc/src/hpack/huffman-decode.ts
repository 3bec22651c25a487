/**
 * Huffman decoding four bits at a time: a state is an inner node of the code's tree (there are 256), and a table says for each state and
 * each four bits which state follows and which octet was completed, at most one since no code is shorter than five bits.
 */
import { codeBits, codeBitsMin, codes, endOfString } from './huffman-code.js';

const STATES = 256;
const NIBBLES = 16;
/** An entry of the table: next state in the low eight bits, a completed octet above, then these flags. */
const SYMBOL_SHIFT = 8;
const HAS_SYMBOL = 1 << 16;
const IS_INVALID = 1 << 17;
/** Longest padding that may end a string (RFC 7541, 5.2). */
const PADDING_BITS_MAX = 7;

const { table, mayEnd } = buildTable();

/** Octets that a string of `encodedBytes` decodes to at most. */
export function decodedBytesMax(encodedBytes: number): number {
  return Math.floor((encodedBytes * 8) / codeBitsMin);
}

/**
 * Decodes the octets of `bytes` between `from` and `to` into `out`, which has room for {@link decodedBytesMax}. Returns how many there
 * are; -1 if the string holds the end-of-string symbol or its padding is not the shortest run of ones.
 */
export function huffmanDecode(bytes: Uint8Array, from: number, to: number, out: Uint8Array): number {
  let state = 0;
  let end = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    const first = table[state * NIBBLES + (byte >> 4)] ?? IS_INVALID;
    if ((first & HAS_SYMBOL) !== 0) out[end++] = first >> SYMBOL_SHIFT;
    const second = table[(first & 0xff) * NIBBLES + (byte & 0xf)] ?? IS_INVALID;
    if ((second & HAS_SYMBOL) !== 0) out[end++] = second >> SYMBOL_SHIFT;
    if (((first | second) & IS_INVALID) !== 0) return -1;
    state = second & 0xff;
  }
  return mayEnd[state] === 1 ? end : -1;
}

/** Inner nodes by number: what follows a 0 and a 1. A leaf is `STATES + symbol`. */
type Tree = (readonly [number, number])[];

function buildTable(): { table: Uint32Array; mayEnd: Uint8Array } {
  const tree = buildTree();
  const entries = new Uint32Array(STATES * NIBBLES);
  for (let state = 0; state < STATES; state++) {
    for (let nibble = 0; nibble < NIBBLES; nibble++) entries[state * NIBBLES + nibble] = follow(tree, state, nibble);
  }
  // A string may end inside a code only after at most seven ones since the last symbol.
  const ends = new Uint8Array(STATES);
  for (let bits = 0, state = 0; bits <= PADDING_BITS_MAX; bits++, state = tree[state]?.[1] ?? 0) ends[state] = 1;
  return { table: entries, mayEnd: ends };
}

function follow(tree: Tree, start: number, nibble: number): number {
  let state = start;
  let flags = 0;
  for (let bit = 3; bit >= 0; bit--) {
    state = tree[state]?.[((nibble >> bit) & 1) as 0 | 1] ?? 0;
    if (state < STATES) continue;
    const symbol = state - STATES;
    if (symbol === endOfString) return IS_INVALID;
    flags |= HAS_SYMBOL | (symbol << SYMBOL_SHIFT);
    state = 0;
  }
  return flags | state;
}

function buildTree(): Tree {
  const nodes: [number, number][] = [[0, 0]];
  for (let symbol = 0; symbol <= endOfString; symbol++) {
    const bits = codeBits[symbol] ?? 0;
    const code = codes[symbol] ?? 0;
    let node = nodes[0] ?? [0, 0];
    for (let bit = bits - 1; bit >= 0; bit--) {
      const side = ((code >>> bit) & 1) as 0 | 1;
      if (bit === 0) node[side] = STATES + symbol;
      else if (node[side] === 0) node[side] = nodes.push([0, 0]) - 1;
      node = nodes[node[side]] ?? node;
    }
  }
  return nodes;
}
