/**
 * What every decoder of peer bytes shares: the one error they may throw and a reader that checks each bound. A peer's bytes are never trusted (S1): whatever
 * they hold, the outcome is a value or a {@link ProtocolError}, which ends the connection they came on.
 */
import { isSafeU64, readU32, readU64 } from '@kvorum/core/base/bytes.js';

/** A peer broke the protocol, or its bytes were damaged on the way. Ends the connection, never the node. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'PEER_PROTOCOL';
  readonly retryable = true;
}

/** A plain byte array with arbitrary content. Not a Buffer, whose `slice` doesn't copy. */
export function allocateBytes(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

const textDecoder = new TextDecoder('utf-8', { fatal: true });
const textEncoder = new TextEncoder();

/** UTF-8 bytes of a text. */
export function encodeText(text: string): Uint8Array {
  return textEncoder.encode(text);
}

/** Reads fields one after another. Byte fields are views (N13). Every method throws {@link ProtocolError} beyond the end. */
export class ByteReader {
  #bytes: Uint8Array;
  #at: number;
  #end: number;

  /** Reads `bytes[start, end)`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    const at = this.#take(1);
    return this.#bytes[at] ?? 0;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#bytes[at] ?? 0) | ((this.#bytes[at + 1] ?? 0) << 8);
  }

  u32(): number {
    return readU32(this.#bytes, this.#take(4));
  }

  /** A u64 that must be below 2^53. */
  u64(): number {
    const at = this.#take(8);
    if (!isSafeU64(this.#bytes, at)) throw new ProtocolError('a number is 2^53 or more');
    return readU64(this.#bytes, at);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A view of a byte string behind its u32 length. */
  sizedBytes(): Uint8Array {
    return this.bytes(this.u32());
  }

  /** UTF-8 text of `length` bytes. */
  text(length: number): string {
    const bytes = this.bytes(length);
    try {
      return textDecoder.decode(bytes);
    } catch (cause) {
      throw new ProtocolError('a text is not UTF-8', { cause });
    }
  }

  /** `length` bytes as hex digits. */
  hex(length: number): string {
    let text = '';
    for (const byte of this.bytes(length)) text += byte.toString(16).padStart(2, '0');
    return text;
  }

  /** A reader of the next `length` bytes, which this one skips. */
  part(length: number): ByteReader {
    const at = this.#take(length);
    return new ByteReader(this.#bytes, at, at + length);
  }

  /** Throws unless everything was read. */
  expectEnd(): void {
    if (this.#at !== this.#end) throw new ProtocolError(`${this.#end - this.#at} bytes too many`);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw new ProtocolError(`cut short: ${length} bytes asked, ${this.#end - at} left`);
    this.#at = at + length;
    return at;
  }
}

/** Writes hex digits (an even number of them) as bytes and returns the position behind. */
export function writeHex(bytes: Uint8Array, at: number, digits: string): number {
  for (let digit = 0; digit < digits.length; digit += 2) {
    bytes[at + digit / 2] = Number.parseInt(digits.slice(digit, digit + 2), 16);
  }
  return at + digits.length / 2;
}
