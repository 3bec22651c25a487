/**
 * Reads protobuf fields from bytes that nobody can trust, front to back and once. Allocates nothing in proportion to a length that the
 * bytes only claim: byte fields are views, and what expands (text, items of lists) is bounded (S1). Must never read past `end`.
 */
import { ProtoError } from './proto-error.js';
import { decodeUtf8 } from './utf8.js';

/** Messages inside of messages, counted from the outermost; deeper ones are refused. */
export const messageDepthMax = 64;
/** Items of all repeated fields of one message together; more are refused. An item of two bytes becomes an object of a hundred. */
export const messageItemsMax = 65_536;

/** No bytes; the default of byte fields. */
export const EMPTY_BYTES = new Uint8Array(0);

const TWO_32 = 0x1_0000_0000;

/** A reader of one message and all that are inside of it. */
export class ProtoReader {
  /** Where the next field starts. */
  at = 0;
  /** Where the message that is being read ends. */
  end: number;
  readonly #bytes: Uint8Array;
  #depth = 0;
  #items = 0;
  /** The halves of the last varint, unsigned. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.end = bytes.length;
  }

  /** Field number and wire type of the next field, as one number. */
  tag(): number {
    this.#varint();
    if (this.#high !== 0 || this.#low < 8) throw new ProtoError('a field has no valid number');
    return this.#low;
  }

  /** Leaves out a field that is not known, or that has another wire type than it should. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#varint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#advance(this.#length());
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new ProtoError(`wire type ${tag & 7} is not supported`);
    }
  }

  /** A view; it lives as long as the bytes it was read from. */
  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.at;
    this.at = start + length;
    return length === 0 ? EMPTY_BYTES : this.#bytes.subarray(start, start + length);
  }

  string(): string {
    const length = this.#length();
    const start = this.at;
    this.at = start + length;
    if (length === 0) return '';
    const text = decodeUtf8(this.#bytes, start, this.at);
    if (text === undefined) throw new ProtoError('text is not UTF-8');
    return text;
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  uint32(): number {
    this.#varint();
    return this.#low;
  }

  /** Also enumerations, whose unknown values are kept. */
  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  uint64(): bigint {
    this.#varint();
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  /** A counter below 2^53. */
  uint64Number(): number {
    this.#varint();
    if (this.#high > 0x1f_ffff) throw new ProtoError('a number is above 2^53 - 1');
    return this.#high * TWO_32 + this.#low;
  }

  /** A number between -2^53 and 2^53. */
  int64Number(): number {
    this.#varint();
    const value = (this.#high | 0) * TWO_32 + this.#low;
    if (!Number.isSafeInteger(value)) throw new ProtoError('a number is beyond 2^53 - 1');
    return value;
  }

  fixed64(): bigint {
    const start = this.at;
    this.#advance(8);
    return (BigInt(this.#fixed32At(start + 4)) << 32n) | BigInt(this.#fixed32At(start));
  }

  /** A message inside this one. Where the field was there before, `base` is what it held, since protobuf merges the two. */
  message<T>(read: (reader: ProtoReader, base?: T) => T, base?: T): T {
    const outer = this.open();
    const value = read(this, base);
    this.close(outer);
    return value;
  }

  /** Enters a length-delimited field; returns what {@link close} needs. */
  open(): number {
    const length = this.#length();
    const outer = this.end;
    this.#depth += 1;
    if (this.#depth > messageDepthMax) throw new ProtoError(`more than ${messageDepthMax} messages inside each other`);
    this.end = this.at + length;
    return outer;
  }

  close(outer: number): void {
    this.end = outer;
    this.#depth -= 1;
  }

  /** Counts an item of a repeated field, before it is read. */
  item(): this {
    this.#items += 1;
    if (this.#items > messageItemsMax) throw new ProtoError(`more than ${messageItemsMax} items`);
    return this;
  }

  #length(): number {
    this.#varint();
    if (this.#high !== 0 || this.#low > this.end - this.at) throw new ProtoError('a field is longer than its message');
    return this.#low;
  }

  #advance(byteCount: number): void {
    if (byteCount > this.end - this.at) throw new ProtoError('a field is longer than its message');
    this.at += byteCount;
  }

  #byte(): number {
    if (this.at >= this.end) throw new ProtoError('a number is cut off');
    return this.#bytes[this.at++] ?? 0;
  }

  #varint(): void {
    const first = this.#byte();
    this.#high = 0;
    this.#low = first;
    if (first >= 0x80) this.#longVarint(first & 0x7f);
  }

  /** Goes on after the first byte. Bits beyond the 64th are dropped, as protobuf asks. */
  #longVarint(first: number): void {
    let low = first;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#low = low;
        return;
      }
    }
    let byte = this.#byte();
    this.#low = (low | (byte << 28)) >>> 0;
    let high = (byte & 0x7f) >> 4;
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (shift > 31) throw new ProtoError('a number has more than ten bytes');
      byte = this.#byte();
      high |= (byte & 0x7f) << shift;
    }
    this.#high = high >>> 0;
  }

  #fixed32At(at: number): number {
    const bytes = this.#bytes;
    const high = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    return ((high << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0)) >>> 0;
  }
}
