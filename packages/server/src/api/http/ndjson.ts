/** Keys and values as JSON: the lines of lists, the data of watches. A key or value that is valid UTF-8 is a JSON string, any other is base64 under `keyBase64` / `valueBase64`. */
import { Buffer, isUtf8 } from 'node:buffer';
import type { KeyValue } from '../../service/kv-service.js';

/** One row with its newline. */
export function rowLine(kv: KeyValue, isKeysOnly: boolean): string {
  const value = isKeysOnly ? '' : `${byteField('value', kv.value)},`;
  return `{${byteField('key', kv.key)},${value}${revisionFields(kv)}}\n`;
}

/** Which write made this version of a key. */
export function revisionFields({ modRevision, createRevision, version }: KeyValue): string {
  return `"modRevision":${modRevision},"createRevision":${createRevision},"version":${version}`;
}

/** A field of a JSON object. */
export function byteField(name: 'key' | 'value', bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return `"${name}":${JSON.stringify(buffer.toString('utf8'))}`;
  return `"${name}Base64":"${buffer.toString('base64')}"`;
}
