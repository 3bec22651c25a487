/** Keys and values as commands print them: text where they are UTF-8, else base64. */
import { isUtf8 } from 'node:buffer';

/** Bytes as a field of a JSON object: text, or base64 under another name. */
export function byteField(name: 'key' | 'value', bytes: Uint8Array): Record<string, string> {
  const buffer = viewOf(bytes);
  return isUtf8(buffer) ? { [name]: buffer.toString('utf8') } : { [`${name}Base64`]: buffer.toString('base64') };
}

/** Bytes as a person reads them. */
export function showBytesAsText(bytes: Uint8Array): string {
  const buffer = viewOf(bytes);
  return isUtf8(buffer) ? buffer.toString('utf8') : `base64:${buffer.toString('base64')}`;
}

/** As {@link showBytesAsText}, on one line: text with control characters is written as JSON writes it. */
export function showOnOneLine(bytes: Uint8Array): string {
  const text = showBytesAsText(bytes);
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : text;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
