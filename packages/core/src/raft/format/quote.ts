/**
 * Bytes as a quoted string, escaped the way Go's %q does.
 */
import { byteAt } from '../../base/bytes.js';
import { codePointIn, utf8Length } from '../../base/utf8.js';

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** `"text"`: printable characters as they are, others and bytes that are no UTF-8 escaped. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '"';
  for (let at = 0; at < bytes.length; ) {
    const code = codePointIn(bytes, at);
    text += code < 0 ? hexEscape(byteAt(bytes, at)) : quoteCodePoint(code);
    at += code < 0 ? 1 : utf8Length(code);
  }
  return `${text}"`;
}

function quoteCodePoint(code: number): string {
  const escape = ESCAPES.get(code);
  if (escape !== undefined) return escape;
  const character = String.fromCodePoint(code);
  if (PRINTABLE.test(character)) return character;
  if (code < 0x80) return hexEscape(code);
  const hex = code.toString(16);
  return code < 0x1_0000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
