/** `grpc-message`: UTF-8 text, percent-encoded into printable ASCII (gRPC over HTTP/2, "Status-Message"). */

const plain = /^[ -$&-~]*$/;
const hex = '0123456789ABCDEF';

/** Octets of an encoded message; longer ones are cut. Trailers over the peer's limit would cost the call its status. */
export const statusMessageBytesMax = 4_096;

/** The header's value for a text, cut after a whole character where it gets too long. A lone surrogate becomes U+FFFD. */
export function encodeStatusMessage(text: string): string {
  // HTTP/2 strips or refuses white space at the ends of a field, so a space there is escaped.
  const isShort = text.length <= statusMessageBytesMax;
  if (isShort && plain.test(text) && !text.startsWith(' ') && !text.endsWith(' ')) return text;
  // Each character of a text gives one octet at least.
  const bytes = Buffer.from(text.slice(0, statusMessageBytesMax + 1), 'utf8');
  let out = '';
  let wholeEnd = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) !== 0x80) wholeEnd = out.length;
    const isEdgeSpace = byte === 0x20 && (at === 0 || at === bytes.length - 1);
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && !isEdgeSpace;
    out += isPlain ? String.fromCharCode(byte) : `%${hex.charAt(byte >> 4)}${hex.charAt(byte & 15)}`;
    if (out.length > statusMessageBytesMax) return out.slice(0, wholeEnd).trimEnd();
  }
  return out;
}

/** The text of a header's value. Never fails: what is no escape stays as it is, what is no UTF-8 becomes U+FFFD. */
export function decodeStatusMessage(header: string): string {
  if (plain.test(header)) return header;
  const bytes = Buffer.allocUnsafe(header.length);
  let end = 0;
  for (let at = 0; at < header.length; at++) {
    const code = header.charCodeAt(at);
    const escaped = code === 0x25 ? escapedByte(header, at + 1) : undefined;
    if (escaped !== undefined) at += 2;
    bytes[end++] = escaped ?? code;
  }
  return bytes.toString('utf8', 0, end);
}

function escapedByte(text: string, at: number): number | undefined {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
