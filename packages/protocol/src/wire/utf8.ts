/** UTF-8 without TextEncoder, which this package doesn't have. Decoding is strict, as proto3 asks of its strings. */

const REPLACEMENT = 0xfffd;
/** Character codes given to one call; more arguments than this could overflow the stack. */
const CHUNK = 4096;

/** Bytes that `text` takes; a lone surrogate counts as U+FFFD. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (isPairAt(text, at)) {
      length += 2;
      at += 1;
    } else length += 2;
  }
  return length;
}

/** Writes `text` at `at`, where {@link utf8Length} bytes have room; a lone surrogate becomes U+FFFD. */
export function writeUtf8(text: string, target: Uint8Array, at: number): void {
  let to = at;
  for (let from = 0; from < text.length; from += 1) {
    let code = text.charCodeAt(from);
    if (code < 0x80) {
      target[to++] = code;
      continue;
    }
    if (code >= 0xd800 && code <= 0xdfff) {
      const isPair = isPairAt(text, from);
      code = isPair ? (text.codePointAt(from) ?? REPLACEMENT) : REPLACEMENT;
      if (isPair) from += 1;
    }
    to = writeCode(code, target, to);
  }
}

/** The text of `bytes[start, end)`, or undefined when that is no UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let at = start;
  while (at < end && (bytes[at] ?? 0) < 0x80) at += 1;
  let text = asciiText(bytes, start, at);
  while (at < end) {
    const code = codePointIn(bytes, at, end);
    if (code < 0) return undefined;
    text += String.fromCodePoint(code);
    at += codeLength(code);
  }
  return text;
}

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= CHUNK) return String.fromCharCode(...bytes.subarray(start, end));
  let text = '';
  for (let at = start; at < end; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + CHUNK, end)));
  }
  return text;
}

/** The code point that starts at `at`, -1 where none does. */
function codePointIn(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return first;
  if (first < 0xc2 || first > 0xf4) return -1;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > end) return -1;
  let code = first & (0x7f >> length);
  for (let offset = 1; offset < length; offset += 1) {
    const byte = bytes[at + offset] ?? 0;
    if ((byte & 0xc0) !== 0x80) return -1;
    code = (code << 6) | (byte & 0x3f);
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return codeLength(code) !== length || isSurrogate || code > 0x10_ffff ? -1 : code;
}

function codeLength(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x1_0000 ? 3 : 4;
}

function isPairAt(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

function writeCode(code: number, target: Uint8Array, at: number): number {
  const length = codeLength(code);
  let rest = code;
  for (let to = at + length - 1; to > at; to -= 1) {
    target[to] = 0x80 | (rest & 0x3f);
    rest >>>= 6;
  }
  target[at] = length === 1 ? rest : ((0xf00 >> length) & 0xff) | rest;
  return at + length;
}
