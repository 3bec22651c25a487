/**
 * UTF-8 without TextEncoder, which `core` doesn't have. Invalid input never throws: it turns into U+FFFD.
 */
import { byteAt } from './bytes.js';

const REPLACEMENT = 0xfffd;
const INVALID = -1;

/** The bytes of `text`; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? REPLACEMENT;
    if (code >= 0xd800 && code <= 0xdfff) code = REPLACEMENT;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code));
    else if (code < 0x1_0000) bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code));
    else bytes.push(0xf0 | (code >> 18), continuation(code >> 12), continuation(code >> 6), continuation(code));
  }
  return Uint8Array.from(bytes);
}

/** The text of `bytes`, each byte that belongs to no character as U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const code = codePointIn(bytes, at);
    text += String.fromCodePoint(code === INVALID ? REPLACEMENT : code);
    at += code === INVALID ? 1 : utf8Length(code);
  }
  return text;
}

/** The code point that starts at `at`, -1 where none does. */
export function codePointIn(bytes: Uint8Array, at: number): number {
  const first = byteAt(bytes, at);
  if (first < 0x80) return first;
  if (first < 0xc2 || first > 0xf4) return INVALID;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > bytes.length) return INVALID;
  let code = first & (0x7f >> length);
  for (let offset = 1; offset < length; offset += 1) {
    const byte = byteAt(bytes, at + offset);
    if ((byte & 0xc0) !== 0x80) return INVALID;
    code = (code << 6) | (byte & 0x3f);
  }
  const isOverlong = utf8Length(code) !== length;
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return isOverlong || isSurrogate || code > 0x10_ffff ? INVALID : code;
}

/** Bytes that a code point takes. */
export function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x1_0000 ? 3 : 4;
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f);
}
