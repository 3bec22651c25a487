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

/** As {@link showBytesAsText}, on one line: text with control characters is written as JSON writes it, with all of them escaped. */
export function showOnOneLine(bytes: Uint8Array): string {
  const text = showBytesAsText(bytes);
  if (!/\p{Cc}/u.test(text)) return text;
  // JSON leaves DEL and the C1 controls as they are, which some terminals obey.
  return JSON.stringify(text).replace(/\p{Cc}/gu, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
