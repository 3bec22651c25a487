/** Puts the prefix before a message: one flag octet, four octets of length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
import { messagePrefixBytes } from './message-reader.js';

/** Prefix and payload in one array: for messages so small that the copy costs less than a second chunk. */
export function frameMessage(payload: Uint8Array, isCompressed: boolean): Uint8Array {
  const framed = Buffer.allocUnsafe(messagePrefixBytes + payload.length);
  writePrefix(framed, payload.length, isCompressed);
  framed.set(payload, messagePrefixBytes);
  return framed;
}

/** The prefix alone: large payloads follow as they are. */
export function messagePrefix(byteCount: number, isCompressed: boolean): Uint8Array {
  const prefix = new Uint8Array(messagePrefixBytes);
  writePrefix(prefix, byteCount, isCompressed);
  return prefix;
}

function writePrefix(out: Uint8Array, byteCount: number, isCompressed: boolean): void {
  out[0] = isCompressed ? 1 : 0;
  out[1] = byteCount >>> 24;
  out[2] = byteCount >>> 16;
  out[3] = byteCount >>> 8;
  out[4] = byteCount;
}
