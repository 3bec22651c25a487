/**
 * Frames, the outer layer of what peers send each other:
 *
 * ```
 * u32 length   of type and body, ≥ 1
 * u32 crc      CRC32 of type and body
 * u8  type     FrameType
 *     body
 * ```
 * All integers are little-endian. TCP's own checksum is 16 bits, too weak for data that must stay right for years, so each frame has a CRC32; since a turn's
 * messages share one frame, it costs one call per turn (0.13 µs, and 0.24 µs per KiB).
 *
 * The decoder must never allocate more than twice what it was given (S1), and never hand out a frame with a wrong checksum.
 */
import { crc32 } from 'node:zlib';
import { readU32, writeU32 } from '@kvorum/core/base/bytes.js';
import { allocateBytes, ProtocolError } from './wire.js';

/** Bytes before the body. */
export const FRAME_HEADER_BYTES = 9;

/** Largest frame, header included. A larger one ends the connection. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;

/** Largest frame before the handshake is done, header included. */
export const HANDSHAKE_FRAME_BYTES_MAX = 4 * 1024;

/** Buffers for cut frames above this size are given back after use. */
const KEPT_BUFFER_BYTES_MAX = 256 * 1024;

/** Numbers are part of the format: never use one again for something else. */
export const FrameType = {
  hello: 1,
  welcome: 2,
  refusal: 3,
  keepAlive: 4,
  /** Records, see records.ts. */
  batch: 5,
  snapshotHeader: 16,
  snapshotChunk: 17,
  snapshotTrailer: 18,
  snapshotResult: 19,
} as const;

/** A whole frame around a copy of `body`. For rare frames; the hot path fills its frames in place ({@link sealFrame}). */
export function encodeFrame(type: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  frame.set(body, FRAME_HEADER_BYTES);
  sealFrame(frame, type, frame.length);
  return frame;
}

/** Writes the header of the frame that fills `frame[0, end)` and whose body is in place. */
export function sealFrame(frame: Uint8Array, type: number, end: number): void {
  frame[FRAME_HEADER_BYTES - 1] = type;
  writeU32(frame, 0, end - FRAME_HEADER_BYTES + 1);
  writeU32(frame, 4, crc32(frame.subarray(FRAME_HEADER_BYTES - 1, end)));
}

/** Gets frames. `body` is a view, valid during the call (N13). Return false to get no more: the connection is given up. */
export type FrameSink = (type: number, body: Uint8Array) => boolean;

/** Cuts a stream into frames. A frame that lies whole in a chunk isn't copied; one that is cut is put together in a buffer of the decoder. */
export class FrameDecoder {
  /** Largest frame accepted, header included. */
  frameBytesMax: number;
  /** The start of a frame that isn't whole yet: `#partial[0, #filled)`. */
  #partial: Uint8Array = new Uint8Array(0);
  #filled = 0;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /** Bytes allocated for cut frames. */
  get allocatedBytes(): number {
    return this.#partial.length;
  }

  /** Hands out the frames that are whole now. Throws {@link ProtocolError} on damage; the decoder must not be used afterwards. */
  push(received: Uint8Array, sink: FrameSink): void {
    // A plain array whatever came, so that `slice` of a view copies.
    const chunk = new Uint8Array(received.buffer, received.byteOffset, received.length);
    let at = this.#filled === 0 ? 0 : this.#complete(chunk, sink);
    while (at >= 0 && chunk.length - at >= FRAME_HEADER_BYTES) {
      const size = this.#frameBytes(chunk, at);
      if (chunk.length - at < size) break;
      if (!deliver(chunk, at, size, sink)) return;
      at += size;
    }
    if (at >= 0 && at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  /** Continues the cut frame with the start of `chunk`. Returns how much of it was used, or -1 when the sink wants no more. */
  #complete(chunk: Uint8Array, sink: FrameSink): number {
    let at = 0;
    if (this.#filled < FRAME_HEADER_BYTES) {
      at = Math.min(FRAME_HEADER_BYTES - this.#filled, chunk.length);
      this.#keep(chunk, 0, at);
      if (this.#filled < FRAME_HEADER_BYTES) return at;
    }
    const size = this.#frameBytes(this.#partial, 0);
    const end = Math.min(at + size - this.#filled, chunk.length);
    this.#keep(chunk, at, end);
    if (this.#filled < size) return end;
    this.#filled = 0;
    const goesOn = deliver(this.#partial, 0, size, sink);
    if (this.#partial.length > KEPT_BUFFER_BYTES_MAX) this.#partial = new Uint8Array(0);
    return goesOn ? end : -1;
  }

  #frameBytes(bytes: Uint8Array, at: number): number {
    const size = readU32(bytes, at) + FRAME_HEADER_BYTES - 1;
    if (size < FRAME_HEADER_BYTES) throw new ProtocolError('a frame without a type');
    if (size > this.frameBytesMax) {
      throw new ProtocolError(`a frame of ${size} bytes, above the limit of ${this.frameBytesMax}`);
    }
    return size;
  }

  /** Appends `chunk[start, end)` to the cut frame. What the frame claims to need decides nothing: room grows with what has really come. */
  #keep(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#filled + end - start;
    if (needed > this.#partial.length) {
      const grown = allocateBytes(Math.min(needed * 2, this.frameBytesMax));
      grown.set(this.#partial.subarray(0, this.#filled));
      this.#partial = grown;
    }
    this.#partial.set(chunk.subarray(start, end), this.#filled);
    this.#filled = needed;
  }
}

function deliver(bytes: Uint8Array, at: number, size: number, sink: FrameSink): boolean {
  const typeAt = at + FRAME_HEADER_BYTES - 1;
  if (crc32(bytes.subarray(typeAt, at + size)) !== readU32(bytes, at + 4)) {
    throw new ProtocolError('the checksum of a frame is wrong');
  }
  return sink(bytes[typeAt] ?? 0, bytes.subarray(typeAt + 1, at + size));
}
