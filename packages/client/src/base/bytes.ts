/** Keys and values as bytes. */
import { keyBytesMax, requestBytesMax } from '@kvorum/protocol';
import { ClientError, invalidArgument } from './errors.js';

/** Text is UTF-8. Bytes must stay untouched until the call they are given to has ended. */
export type Bytes = string | Uint8Array;

const encoder = new TextEncoder();
/** A byte order mark is part of a value as anything else. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text up to this long is looked at for characters beyond ASCII; crossing into the encoder costs as much as a few dozen of them. */
const shortText = 64;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Throws ClientError INVALID_ARGUMENT that names `field` for half a character, and for what is neither text nor bytes: of an array, or of numbers wider than a byte, silently another value would
 * be stored.
 */
export function toBytes(field: string, data: Bytes): Uint8Array {
  if (typeof data !== 'string') {
    if (ArrayBuffer.isView(data) && data.BYTES_PER_ELEMENT === 1) return data;
    throw invalidArgument(field, `${field} is no text and no Uint8Array`);
  }
  return data.length <= shortText ? encodeShort(field, data) : encode(field, data);
}

/** Half a character has no UTF-8: another text would be stored. What is as long in bytes as in characters has none, and is not searched. */
function encode(field: string, text: string): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length !== text.length && loneSurrogate.test(text)) {
    throw invalidArgument(field, `${field} holds half a surrogate pair, which has no UTF-8`);
  }
  return bytes;
}

function encodeShort(field: string, text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return encode(field, text);
    bytes[at] = unit;
  }
  return bytes;
}

/** The same in memory of its own. Not `slice`: that of a Buffer is a view, which keeps all that came with it from a socket, up to 64 KiB (N13). */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Bytes that are no UTF-8 become U+FFFD. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Throws ClientError INVALID_ARGUMENT or KEY_TOO_LARGE, as the server would. */
export function keyBytes(key: Bytes): Uint8Array {
  const bytes = toBytes('key', key);
  if (bytes.length >= 1 && bytes.length <= keyBytesMax) return bytes;
  const message = `the key has ${bytes.length} bytes; allowed are 1 to ${keyBytesMax}`;
  throw new ClientError(bytes.length === 0 ? 'INVALID_ARGUMENT' : 'KEY_TOO_LARGE', message, { field: 'key' });
}

/** Throws ClientError INVALID_ARGUMENT or REQUEST_TOO_LARGE, as the server would for key and value together. */
export function valueBytes(value: Bytes): Uint8Array {
  const bytes = toBytes('value', value);
  if (bytes.length <= requestBytesMax) return bytes;
  const message = `the value has ${bytes.length} bytes; a request has at most ${requestBytesMax}`;
  throw new ClientError('REQUEST_TOO_LARGE', message, { field: 'value' });
}

/** Throws ClientError INVALID_ARGUMENT unless `value` is a revision. */
export function checkRevision(field: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidArgument(field, `${field} is ${String(value)}; allowed are integers from 0 to 2^53 - 1`);
}
