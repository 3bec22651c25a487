/**
 * The Huffman code of RFC 7541, appendix B. The code is canonical: counted upwards through the symbols of each length, shortest length first.
 * So the lengths say everything.
 */

/** One base-36 digit per symbol: the bits of its code, for the 256 octets and the end of string. */
const lengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';

/** Number of the end-of-string symbol, which never occurs in a string. */
export const endOfString = 256;
/** Bits of the shortest code: a string decodes to at most 8 / 5 of its octets. */
export const codeBitsMin = 5;
/** Bits of the longest code. */
export const codeBitsMax = 30;

/** Bits of each symbol's code. */
export const codeBits: Uint8Array = Uint8Array.from(lengths, (digit) => Number.parseInt(digit, 36));
/** Each symbol's code, in the low bits. */
export const codes: Uint32Array = canonicalCodes();

function canonicalCodes(): Uint32Array {
  const result = new Uint32Array(codeBits.length);
  let code = 0;
  for (let bits = codeBitsMin; bits <= codeBitsMax; bits++) {
    for (let symbol = 0; symbol < codeBits.length; symbol++) if (codeBits[symbol] === bits) result[symbol] = code++;
    code *= 2;
  }
  return result;
}
