/** Reads the primitive types of a field block: integers and strings (RFC 7541, section 5). */
import { HpackError } from './hpack-error.js';
import { codeBitsMax } from './huffman-code.js';
import { decodedBytesMax, huffmanDecode } from './huffman-decode.js';

/** Octets after the prefix: with four of them an integer stays below 2^28 + 128, far above any length or index here. */
const INTEGER_EXTRA_BYTES_MAX = 4;
/** Longer strings are decoded in memory of their own, so that a quiet connection keeps little. */
const SCRATCH_BYTES = 256;
/** Up to here a string is put together from its characters; above, a call into the engine's native code costs less. */
const SHORT_BYTES = 8;
const nothing = new Uint8Array(0);

/** A position in a block, reused for all blocks of a connection. */
export class BlockReader {
  readonly #stringBytesMax: number;
  #bytes: Uint8Array = nothing;
  #at = 0;
  #end = 0;
  #scratch: Buffer | undefined;

  constructor(stringBytesMax: number) {
    this.#stringBytesMax = stringBytesMax;
  }

  /** Goes to the start of a block, which must stay unchanged until `clear`. */
  start(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  /** Lets go of the block. */
  clear(): void {
    this.#bytes = nothing;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** The next octet, without moving on; 0 at the end. */
  peek(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : 0;
  }

  /** An integer whose first octet leaves it `prefixBits`. */
  integer(prefixBits: number): number {
    const prefixMax = (1 << prefixBits) - 1;
    const first = this.#octet() & prefixMax;
    if (first < prefixMax) return first;
    let value = prefixMax;
    for (let extra = 0; extra < INTEGER_EXTRA_BYTES_MAX; extra++) {
      const octet = this.#octet();
      value += (octet & 0x7f) << (7 * extra);
      if (octet < 0x80) return value;
    }
    throw new HpackError('INTEGER_TOO_LARGE', `integer of more than ${INTEGER_EXTRA_BYTES_MAX + 1} octets`);
  }

  /** A string, Huffman coded or not, as latin1. */
  string(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const from = this.#at;
    if (length > this.#end - from) throw new HpackError('TRUNCATED', 'the block ends within a string');
    this.#at = from + length;
    if (!isHuffman) {
      if (length > this.#stringBytesMax) throw this.#tooLong();
      return this.#plain(from, length);
    }
    // Decoding what must come out too long is not worth starting.
    if (length > (this.#stringBytesMax * codeBitsMax) / 8 + 1) throw this.#tooLong();
    const room = decodedBytesMax(length);
    const scratch = this.#room(room);
    const decoded = huffmanDecode(this.#bytes, from, from + length, scratch);
    if (decoded === -1) throw new HpackError('BAD_HUFFMAN', 'string with an end-of-string symbol or wrong padding');
    if (decoded > this.#stringBytesMax) throw this.#tooLong();
    return latin1(scratch, decoded);
  }

  #plain(from: number, length: number): string {
    const bytes = this.#bytes;
    if (length > SCRATCH_BYTES) return Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('latin1');
    const scratch = this.#room(length);
    for (let at = 0; at < length; at++) scratch[at] = bytes[from + at] ?? 0;
    return latin1(scratch, length);
  }

  #room(byteCount: number): Buffer {
    if (byteCount > SCRATCH_BYTES) return Buffer.allocUnsafe(byteCount);
    this.#scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    return this.#scratch;
  }

  #octet(): number {
    if (this.#at >= this.#end) throw new HpackError('TRUNCATED', 'the block ends within a field');
    return this.#bytes[this.#at++] ?? 0;
  }

  #tooLong(): HpackError {
    return new HpackError('STRING_TOO_LONG', `string of more than ${this.#stringBytesMax} octets`);
  }
}

function latin1(bytes: Buffer, length: number): string {
  if (length > SHORT_BYTES) return bytes.toString('latin1', 0, length);
  let text = '';
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    text += String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
  }
  for (; at < length; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
