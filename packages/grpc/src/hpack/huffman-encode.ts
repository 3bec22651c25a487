/** Huffman encoding of strings that hold one octet per character. */
import { codeBits, codes } from './huffman-code.js';

/** Codes longer than this are put out in two parts, so that the bits in hand (at most 7) and a code stay within 31. */
const PART_BITS_MAX = 24;
const SECOND_PART_BITS = 16;

/** Octets of the encoded text. Characters must be below 256. */
export function huffmanBytes(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits += codeBits[text.charCodeAt(at)] ?? 0;
  return (bits + 7) >>> 3;
}

/** Writes the encoded text at `at`; returns its end. */
export function huffmanEncode(text: string, out: Uint8Array, at: number): number {
  let end = at;
  let hand = 0;
  let handBits = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index);
    let code = codes[symbol] ?? 0;
    let bits = codeBits[symbol] ?? 0;
    if (bits > PART_BITS_MAX) {
      hand = (hand << (bits - SECOND_PART_BITS)) | (code >>> SECOND_PART_BITS);
      handBits += bits - SECOND_PART_BITS;
      while (handBits >= 8) out[end++] = hand >>> (handBits -= 8);
      hand &= (1 << handBits) - 1;
      code &= (1 << SECOND_PART_BITS) - 1;
      bits = SECOND_PART_BITS;
    }
    hand = (hand << bits) | code;
    handBits += bits;
    while (handBits >= 8) out[end++] = hand >>> (handBits -= 8);
    hand &= (1 << handBits) - 1;
  }
  // The rest of the last octet is filled with ones, the start of the end-of-string code (RFC 7541, 5.2).
  if (handBits > 0) out[end++] = (hand << (8 - handBits)) | (0xff >> handBits);
  return end;
}
