/** As much of the protobuf wire format as health checks and reflection need: varints below 2^53, strings, bytes, messages. */
import { GrpcError, Status } from '../grpc/status.js';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const VARINT_BYTES_MAX = 10;
const nothing = new Uint8Array(0);

/** One field of a message. */
export interface WireField {
  readonly number: number;
  /** A varint's value, negative for the ten octets of a negative int32; 0 for all other wire types. */
  readonly int: number;
  /** A view of what a length-delimited field holds; empty for all other wire types. */
  readonly bytes: Uint8Array;
}

/** The fields of a message, in order, one at a time. Throws GrpcError INTERNAL if the bytes are no message. */
export function* readFields(message: Uint8Array): Generator<WireField, void, undefined> {
  const reader = new FieldReader(message);
  while (!reader.isAtEnd) yield reader.field();
}

/** The text of a string field. What is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** A varint field; left out if 0, as proto3 has it. */
export function intField(number: number, value: number): Uint8Array {
  return value === 0 ? nothing : Uint8Array.from([...varint(number * 8 + VARINT), ...varint(value)]);
}

/** A string, bytes or message field, also an empty one. */
export function bytesField(number: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([Uint8Array.from([...varint(number * 8 + LENGTH_DELIMITED), ...varint(bytes.length)]), bytes]);
}

/** A message of the given fields. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** Negative numbers as int32 has them: ten octets of two's complement. */
function varint(value: number): number[] {
  const octets: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    octets.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  octets.push(Number(rest));
  return octets;
}

class FieldReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  field(): WireField {
    const tag = this.#varint();
    const number = Math.floor(tag / 8);
    if (number < 1) throw malformed();
    switch (tag % 8) {
      case VARINT:
        return { number, int: this.#varint(), bytes: nothing };
      case FIXED64:
        this.#take(8);
        return { number, int: 0, bytes: nothing };
      case LENGTH_DELIMITED:
        return { number, int: 0, bytes: this.#take(this.#varint()) };
      case FIXED32:
        this.#take(4);
        return { number, int: 0, bytes: nothing };
      default:
        // Groups are of another age; nothing here uses them.
        throw malformed();
    }
  }

  #varint(): number {
    let value = 0n;
    for (let octets = 0; octets < VARINT_BYTES_MAX; octets++) {
      const octet = this.#bytes[this.#at++];
      if (octet === undefined) throw malformed();
      value |= BigInt(octet & 0x7f) << BigInt(7 * octets);
      if (octet < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw malformed();
  }

  #take(byteCount: number): Uint8Array {
    if (byteCount < 0 || byteCount > this.#bytes.length - this.#at) throw malformed();
    const from = this.#at;
    this.#at += byteCount;
    return this.#bytes.subarray(from, this.#at);
  }
}

function malformed(): GrpcError {
  return new GrpcError(Status.INTERNAL, 'malformed protobuf message');
}
