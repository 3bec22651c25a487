/**
 * Writes protobuf messages in one pass, from the last byte to the first: when the length of a message inside has to be written, all of it
 * is there already, so nothing is measured before or moved afterwards. Fields are therefore given in falling order of their numbers.
 *
 * Messages are cut from the end of a shared block. A message keeps its block, so whoever keeps one for long copies it.
 */
import { ProtoError } from './proto-error.js';
import { utf8Length, writeUtf8 } from './utf8.js';

const BLOCK_BYTES = 1 << 16;
/** Two varints: a field's tag and its value or length. */
const HEAD_BYTES_MAX = 15;
const TWO_28 = 0x1000_0000;
const TWO_32 = 0x1_0000_0000;

/** A writer; used for one message at a time. */
export class ProtoWriter {
  #block = new Uint8Array(BLOCK_BYTES);
  /** The first byte of the block that is in use. */
  #used = BLOCK_BYTES;
  #buffer = this.#block;
  /** The first byte of the message, so far. */
  #at = BLOCK_BYTES;
  /** After the last byte of the message. */
  #end = BLOCK_BYTES;

  /** The bytes of one message, which belong to the caller. */
  encode<M>(message: M, write: (writer: ProtoWriter, message: M) => void): Uint8Array {
    this.#buffer = this.#block;
    this.#at = this.#used;
    this.#end = this.#used;
    write(this, message);
    const bytes = this.#buffer.subarray(this.#at, this.#end);
    if (this.#buffer === this.#block) this.#used = this.#at;
    return bytes;
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#reserve(value.length + HEAD_BYTES_MAX);
    this.#at -= value.length;
    this.#buffer.set(value, this.#at);
    this.#varint(value.length);
    this.#varint(tag);
  }

  string(tag: number, value: string): void {
    const length = utf8Length(value);
    this.#reserve(length + HEAD_BYTES_MAX);
    this.#at -= length;
    writeUtf8(value, this.#buffer, this.#at);
    this.#varint(length);
    this.#varint(tag);
  }

  bool(tag: number, value: boolean): void {
    this.#reserve(HEAD_BYTES_MAX);
    this.#varint(value ? 1 : 0);
    this.#varint(tag);
  }

  uint32(tag: number, value: number): void {
    if (value >>> 0 !== value) throw new ProtoError(`${value} is no unsigned 32-bit number`);
    this.#reserve(HEAD_BYTES_MAX);
    this.#varint(value);
    this.#varint(tag);
  }

  /** Also enumerations. A negative number takes ten bytes. */
  int32(tag: number, value: number): void {
    if ((value | 0) !== value) throw new ProtoError(`${value} is no 32-bit number`);
    this.int64Number(tag, value);
  }

  uint64(tag: number, value: bigint): void {
    if (value < 0n || value >> 64n !== 0n) throw new ProtoError(`${value} is no unsigned 64-bit number`);
    this.#reserve(HEAD_BYTES_MAX);
    this.#varint64(Number(value >> 32n), Number(value & 0xffff_ffffn));
    this.#varint(tag);
  }

  int64(tag: number, value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new ProtoError(`${value} is no 64-bit number`);
    this.uint64(tag, BigInt.asUintN(64, value));
  }

  uint64Number(tag: number, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new ProtoError(`${value} is no counter below 2^53`);
    this.#reserve(HEAD_BYTES_MAX);
    this.#varint(value);
    this.#varint(tag);
  }

  int64Number(tag: number, value: number): void {
    if (!Number.isSafeInteger(value)) throw new ProtoError(`${value} is no number below 2^53`);
    this.#reserve(HEAD_BYTES_MAX);
    if (value >= 0) this.#varint(value);
    else this.#varint64(Math.floor(value / TWO_32) >>> 0, value >>> 0);
    this.#varint(tag);
  }

  fixed64(tag: number, value: bigint): void {
    if (value < 0n || value >> 64n !== 0n) throw new ProtoError(`${value} is no unsigned 64-bit number`);
    this.#reserve(HEAD_BYTES_MAX);
    this.#fixed32(Number(value >> 32n));
    this.#fixed32(Number(value & 0xffff_ffffn));
    this.#varint(tag);
  }

  /** A message inside this one, or any other field that starts with its length. */
  message<M>(tag: number, message: M, write: (writer: ProtoWriter, message: M) => void): void {
    const before = this.#end - this.#at;
    write(this, message);
    this.#reserve(HEAD_BYTES_MAX);
    this.#varint(this.#end - this.#at - before);
    this.#varint(tag);
  }

  /** All items of a repeated field of messages. */
  messages<M>(tag: number, items: readonly M[], write: (writer: ProtoWriter, message: M) => void): void {
    for (let index = items.length - 1; index >= 0; index -= 1) {
      const item = items[index];
      if (item !== undefined) this.message(tag, item, write);
    }
  }

  /** All items of a repeated field of numbers below 2^53 or truth values, packed. */
  packed(tag: number, items: readonly (number | boolean)[]): void {
    if (items.length === 0) return;
    const before = this.#end - this.#at;
    for (let index = items.length - 1; index >= 0; index -= 1) {
      this.#reserve(HEAD_BYTES_MAX);
      const value = Number(items[index] ?? 0);
      if (!Number.isSafeInteger(value) || value < 0) throw new ProtoError(`${value} is no counter below 2^53`);
      this.#varint(value);
    }
    this.#reserve(HEAD_BYTES_MAX);
    this.#varint(this.#end - this.#at - before);
    this.#varint(tag);
  }

  /** Makes room for this many bytes before those that are written. */
  #reserve(byteCount: number): void {
    if (byteCount <= this.#at) return;
    const written = this.#end - this.#at;
    const wanted = written + byteCount;
    const isSmall = wanted <= BLOCK_BYTES >>> 2;
    const next = new Uint8Array(isSmall ? BLOCK_BYTES : wanted + (wanted >>> 1));
    next.set(this.#buffer.subarray(this.#at, this.#end), next.length - written);
    // A large message has a buffer of its own, and the next one goes on in the block.
    if (isSmall) this.#block = next;
    this.#buffer = next;
    this.#end = next.length;
    this.#at = next.length - written;
  }

  #varint(value: number): void {
    if (value < 0x80) {
      this.#at -= 1;
      this.#buffer[this.#at] = value;
      return;
    }
    if (value < TWO_28) this.#put(value, value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4);
    else this.#varint64(Math.floor(value / TWO_32), value >>> 0);
  }

  #put(value: number, length: number): void {
    const buffer = this.#buffer;
    this.#at -= length;
    let at = this.#at;
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
    buffer[at] = rest;
  }

  #varint64(high: number, low: number): void {
    const length = varintLength(high, low);
    this.#at -= length;
    let restLow = low;
    let restHigh = high;
    for (let index = 0; index < length; index += 1) {
      const more = index === length - 1 ? 0 : 0x80;
      this.#buffer[this.#at + index] = (restLow & 0x7f) | more;
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
  }

  #fixed32(value: number): void {
    this.#at -= 4;
    for (let index = 0; index < 4; index += 1) this.#buffer[this.#at + index] = (value >>> (8 * index)) & 0xff;
  }
}

/** Bytes of a varint. The first four hold 28 bits of the low half, the fifth holds the rest of it and three bits of the high one. */
function varintLength(high: number, low: number): number {
  let length = high === 0 ? 1 : 5;
  for (let rest = high === 0 ? low >>> 7 : high >>> 3; rest !== 0; rest >>>= 7) length += 1;
  return length;
}

/**
 * The writer of all encoders. One is enough, since encoding is synchronous and never begins within another; between two messages it holds
 * nothing but room.
 */
export const sharedWriter = new ProtoWriter();
