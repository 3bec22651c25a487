/** Keys in URLs: every byte that is not unreserved is percent-encoded, so that any key reaches the node unchanged. */

/** The key as it stands in a request target; slashes stay, for readable logs. */
export function encodeKey(key: Uint8Array): string {
  let text = '';
  for (const byte of key) text += isPlain(byte) ? String.fromCharCode(byte) : percent(byte);
  return text;
}

function isPlain(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  // - . _ ~ and the slash
  return isDigit || isLetter || byte === 0x2d || byte === 0x2e || byte === 0x5f || byte === 0x7e || byte === 0x2f;
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
