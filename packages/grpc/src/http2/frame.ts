/** Constants of RFC 9113 sections 3.4, 4.1 and 6. */

export const FrameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const Flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const FRAME_HEADER_BYTES = 9;
/** Largest frame that every peer takes (RFC 9113 section 4.2). */
export const FRAME_BYTES_DEFAULT = 16_384;
/** Largest value of SETTINGS_MAX_FRAME_SIZE. */
export const FRAME_BYTES_LIMIT = 2 ** 24 - 1;
/** Window of a connection, and of each stream without a setting, at the start (section 6.9.2). */
export const WINDOW_BYTES_DEFAULT = 65_535;
/** No window may be larger (section 6.9.1). */
export const WINDOW_BYTES_LIMIT = 2 ** 31 - 1;
export const STREAM_ID_MAX = 2 ** 31 - 1;

/** What a client sends first (section 3.4): `PRI * HTTP/2.0`, two line ends, `SM`, two line ends. */
export const PREFACE: Uint8Array = Uint8Array.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', (char) => char.charCodeAt(0));

/** Reads a big-endian u32. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

/** Writes a big-endian u32. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Writes the nine bytes that begin a frame. */
export function writeFrameHeader(
  bytes: Uint8Array,
  at: number,
  payloadBytes: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  bytes[at] = payloadBytes >>> 16;
  bytes[at + 1] = payloadBytes >>> 8;
  bytes[at + 2] = payloadBytes;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  writeU32(bytes, at + 5, streamId);
}
