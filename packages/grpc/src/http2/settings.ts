/** SETTINGS (RFC 9113 section 6.5): what we announce, and what the peer does. */
import { ErrorCode, Http2Error } from './error-code.js';
import {
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_LIMIT,
  readU32,
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_LIMIT,
  writeU32,
} from './frame.js';
import type { Http2Limits, Http2Options } from './http2-options.js';

const SETTING_BYTES = 6;
const Setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

/** Streams a client opens before it has seen the server's SETTINGS. */
const CONCURRENT_STREAMS_ASSUMED = 100;

/** The peer's settings; before its SETTINGS the values of section 6.5.2. */
export class PeerSettings {
  headerTableBytes = 4096;
  concurrentStreamsMax = CONCURRENT_STREAMS_ASSUMED;
  initialWindowBytes = WINDOW_BYTES_DEFAULT;
  frameBytesMax = FRAME_BYTES_DEFAULT;
  isReceived = false;

  /** Applies the payload of one SETTINGS frame, in its order. Throws {@link Http2Error} for values that no peer may send. */
  apply(bytes: Uint8Array, start: number, end: number): void {
    if (!this.isReceived) this.concurrentStreamsMax = Number.POSITIVE_INFINITY;
    this.isReceived = true;
    for (let at = start; at < end; at += SETTING_BYTES) {
      this.#set(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0), readU32(bytes, at + 2));
    }
  }

  #set(id: number, value: number): void {
    if (id === Setting.headerTableSize) this.headerTableBytes = value;
    else if (id === Setting.maxConcurrentStreams) this.concurrentStreamsMax = value;
    else if (id === Setting.initialWindowSize) {
      if (value > WINDOW_BYTES_LIMIT)
        throw new Http2Error(ErrorCode.flowControlError, 'SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1');
      this.initialWindowBytes = value;
    } else if (id === Setting.maxFrameSize) {
      if (value < FRAME_BYTES_DEFAULT || value > FRAME_BYTES_LIMIT)
        throw protocolError('SETTINGS_MAX_FRAME_SIZE out of range');
      this.frameBytesMax = value;
    } else if (id === Setting.enablePush && value > 1) throw protocolError('SETTINGS_ENABLE_PUSH above 1');
  }
}

/** Payload of our own SETTINGS. */
export function encodeSettings(role: Http2Options['role'], limits: Http2Limits): Uint8Array {
  const values: [number, number][] = [
    [Setting.headerTableSize, limits.headerTableBytesMax],
    [Setting.initialWindowSize, limits.streamWindowBytes],
    [Setting.maxFrameSize, limits.frameBytesMax],
    [Setting.maxHeaderListSize, limits.headerListBytesMax],
  ];
  if (role === 'client') values.push([Setting.enablePush, 0]);
  else values.push([Setting.maxConcurrentStreams, limits.concurrentStreamsMax]);
  const payload = new Uint8Array(values.length * SETTING_BYTES);
  for (const [index, [id, value]] of values.entries()) {
    payload[index * SETTING_BYTES + 1] = id;
    writeU32(payload, index * SETTING_BYTES + 2, value);
  }
  return payload;
}

function protocolError(message: string): Http2Error {
  return new Http2Error(ErrorCode.protocolError, message);
}
