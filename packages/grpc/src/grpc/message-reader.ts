/**
 * Cuts the length-prefixed messages out of the bytes of DATA frames: one flag octet, four octets of length, the message (gRPC over
 * HTTP/2, "Length-Prefixed-Message"). A message that lies whole within one chunk is a view of it, any other is assembled in memory
 * that grows with what really came, never with what a prefix claims.
 */
import { GrpcError, Status } from './status.js';

/** Octets before each message. */
export const messagePrefixBytes = 5;
const FIRST_CAPACITY = 4_096;

/**
 * Takes one message. `payload` is a view that ends with the call, unless `isOwned`: then it was assembled for the receiver.
 */
export type OnMessage = (payload: Uint8Array, isCompressed: boolean, isOwned: boolean) => void;

/** The payload of a chunk that is exactly one uncompressed message, as most unary calls send it; otherwise undefined. */
export function wholeMessage(chunk: Uint8Array): Uint8Array | undefined {
  if (chunk.length < messagePrefixBytes || chunk[0] !== 0) return undefined;
  return lengthAt(chunk, 1) === chunk.length - messagePrefixBytes ? chunk.subarray(messagePrefixBytes) : undefined;
}

/** The reader of one direction of one call. */
export class MessageReader {
  readonly #messageBytesMax: number;
  readonly #prefix = new Uint8Array(messagePrefixBytes);
  #prefixEnd = 0;
  #messageBytes = 0;
  #message: Uint8Array | undefined;
  #messageEnd = 0;

  constructor(options: { readonly messageBytesMax: number }) {
    this.#messageBytesMax = options.messageBytesMax;
  }

  /** True between messages: what the end of a stream must find. */
  get isEmpty(): boolean {
    return this.#prefixEnd === 0;
  }

  /**
   * Takes the next bytes, cut anywhere. Throws GrpcError RESOURCE_EXHAUSTED when a message is over the limit, before any of it is
   * stored, and INTERNAL on an unknown flag; nothing may be pushed afterwards.
   */
  push(bytes: Uint8Array, onMessage: OnMessage): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#prefixEnd === 0 && bytes.length - at >= messagePrefixBytes) {
        const length = this.#checkPrefix(bytes, at);
        const start = at + messagePrefixBytes;
        if (start + length <= bytes.length) {
          at = start + length;
          onMessage(bytes.subarray(start, at), bytes[start - messagePrefixBytes] === 1, false);
          continue;
        }
      }
      at = this.#fillPrefix(bytes, at);
      if (this.#prefixEnd < messagePrefixBytes) return;
      at = this.#fillMessage(bytes, at);
      if (this.#messageEnd < this.#messageBytes) return;
      this.#finish(onMessage);
    }
  }

  #fillPrefix(bytes: Uint8Array, from: number): number {
    if (this.#prefixEnd === messagePrefixBytes) return from;
    let at = from;
    while (this.#prefixEnd < messagePrefixBytes && at < bytes.length)
      this.#prefix[this.#prefixEnd++] = bytes[at++] ?? 0;
    if (this.#prefixEnd === messagePrefixBytes) this.#messageBytes = this.#checkPrefix(this.#prefix, 0);
    return at;
  }

  #fillMessage(bytes: Uint8Array, from: number): number {
    const take = Math.min(this.#messageBytes - this.#messageEnd, bytes.length - from);
    const message = this.#withRoom(this.#messageEnd + take);
    message.set(bytes.subarray(from, from + take), this.#messageEnd);
    this.#messageEnd += take;
    return from + take;
  }

  /** Doubling keeps the memory below twice of what came, and the copies of a large message below its size. */
  #withRoom(byteCount: number): Uint8Array {
    const old = this.#message;
    if (old !== undefined && old.length >= byteCount) return old;
    const capacity = Math.min(this.#messageBytes, Math.max(FIRST_CAPACITY, byteCount, 2 * (old?.length ?? 0)));
    const grown = new Uint8Array(capacity);
    if (old !== undefined) grown.set(old.subarray(0, this.#messageEnd));
    this.#message = grown;
    return grown;
  }

  #finish(onMessage: OnMessage): void {
    const payload = this.#message ?? new Uint8Array(0);
    const isCompressed = this.#prefix[0] === 1;
    this.#prefixEnd = 0;
    this.#message = undefined;
    this.#messageEnd = 0;
    onMessage(payload, isCompressed, true);
  }

  #checkPrefix(bytes: Uint8Array, at: number): number {
    const flag = bytes[at] ?? 0;
    if (flag > 1) throw new GrpcError(Status.INTERNAL, `message with unknown compression flag ${flag}`);
    const length = lengthAt(bytes, at + 1);
    if (length > this.#messageBytesMax) {
      throw new GrpcError(
        Status.RESOURCE_EXHAUSTED,
        `message of ${length} bytes is over the limit of ${this.#messageBytesMax}`,
      );
    }
    return length;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}
