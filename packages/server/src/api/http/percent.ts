/**
 * Percent-decoding to bytes. A request target arrives as one character per byte (latin1), so a key can hold any bytes; nothing here
 * ever makes a UTF-8 string of it. `+` is a plus sign. Paths are never normalised: `//`, `.` and `..` are bytes of the key.
 */
import { Buffer } from 'node:buffer';
import { KvorumError } from '@kvorum/protocol';

const percent = 0x25;

/** The bytes that `text` (one character per byte) stands for. Fails with INVALID_ARGUMENT naming `field` on a broken escape. */
export function decodePercent(text: string, field: string): Uint8Array {
  const first = text.indexOf('%');
  const bytes = Buffer.from(text, 'latin1');
  return first < 0 ? bytes : unescapeInPlace(bytes, first, field);
}

function unescapeInPlace(bytes: Buffer, first: number, field: string): Uint8Array {
  let to = first;
  for (let from = first; from < bytes.length; from += 1, to += 1) {
    let byte = bytes[from] ?? 0;
    if (byte === percent) {
      const high = hexDigit(bytes[from + 1]);
      const low = hexDigit(bytes[from + 2]);
      if (high < 0 || low < 0) throw brokenEscape(bytes, from, field);
      byte = high * 16 + low;
      from += 2;
    }
    bytes[to] = byte;
  }
  return bytes.subarray(0, to);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** `bytes` is decoded up to `at` only, so what follows is still as it came. */
function brokenEscape(bytes: Buffer, at: number, field: string): KvorumError {
  const shown = JSON.stringify(bytes.toString('latin1', at, at + 3));
  return new KvorumError('INVALID_ARGUMENT', `broken percent-encoding ${shown} at byte ${at} of ${field}`, {
    field,
    allowed: '% followed by two hex digits; a literal % is written %25',
  });
}
