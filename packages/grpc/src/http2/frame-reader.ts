/**
 * Cuts what arrives into frames, however it is chunked. Payloads are not copied: DATA is passed on in the pieces in which it arrives, and any
 * other frame as a view, unless it is spread over chunks, when its bytes are collected first.
 *
 * Knows lengths and padding of DATA; everything else about frames is its handler's.
 */
import { ErrorCode, Http2Error } from './error-code.js';
import { Flag, FRAME_HEADER_BYTES, FrameType, readU32, STREAM_ID_MAX } from './frame.js';

const EMPTY = new Uint8Array(0);

/** Told of frames. Throwing {@link Http2Error} ends the reading. */
export interface FrameHandler {
  /** A frame's header has come. Called before any of its payload is looked at or kept, so that a wrong one costs nothing. */
  onFrameStart(type: number, flags: number, streamId: number, payloadBytes: number): void;
  /** A whole frame other than DATA; its payload is `bytes[start, end)`, valid during the call. */
  onFrame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void;
  /** A piece of a DATA frame without its padding, at least one per frame; `isLast` with the last one, which may be empty. */
  onDataPiece(streamId: number, flags: number, piece: Uint8Array, isLast: boolean): void;
}

/** One direction of one connection. */
export class FrameReader {
  readonly #handler: FrameHandler;
  #isStopped = false;
  /** Bytes of a header or payload that is spread over chunks; undefined between them, so that idle connections hold none. */
  #partial: Uint8Array | undefined;
  #partialLength = 0;
  /** The frame whose payload is being read; type -1 while the header is. */
  #type = -1;
  #flags = 0;
  #streamId = 0;
  /** Payload bytes that have not come, padding and its length left out. */
  #left = 0;
  #paddingLeft = 0;
  #needsPaddingLength = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** True when the bytes so far end inside of a frame other than DATA. */
  get isInsideFrame(): boolean {
    return this.#type !== FrameType.data && (this.#type !== -1 || this.#partialLength > 0);
  }

  /** Ignores everything from now on; may be called by the handler. */
  stop(): void {
    this.#isStopped = true;
    this.#partial = undefined;
  }

  /** Reads a chunk from `at` on. */
  push(chunk: Uint8Array, at = 0): void {
    const end = chunk.length;
    let next = at;
    while (next < end && !this.#isStopped) {
      if (this.#type === -1) next = this.#readHeader(chunk, next);
      else if (this.#type === FrameType.data) next = this.#readData(chunk, next);
      else next = this.#readPayload(chunk, next);
    }
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    if (this.#partialLength === 0 && chunk.length - at >= FRAME_HEADER_BYTES) {
      this.#begin(chunk, at);
      return at + FRAME_HEADER_BYTES;
    }
    const next = this.#collect(chunk, at, FRAME_HEADER_BYTES);
    if (this.#partial !== undefined && this.#partialLength === FRAME_HEADER_BYTES) {
      const header = this.#partial;
      this.#dropPartial();
      this.#begin(header, 0);
    }
    return next;
  }

  #begin(header: Uint8Array, at: number): void {
    const word = readU32(header, at);
    const payloadBytes = word >>> 8;
    const type = word & 0xff;
    const flags = header[at + 4] ?? 0;
    const streamId = readU32(header, at + 5) & STREAM_ID_MAX;
    this.#handler.onFrameStart(type, flags, streamId, payloadBytes);
    if (this.#isStopped) return;
    if (payloadBytes === 0 && type !== FrameType.data) {
      this.#handler.onFrame(type, flags, streamId, EMPTY, 0, 0);
      return;
    }
    this.#type = type;
    this.#flags = flags;
    this.#streamId = streamId;
    this.#left = payloadBytes;
    if (type === FrameType.data) this.#beginData(payloadBytes);
  }

  #beginData(payloadBytes: number): void {
    this.#paddingLeft = 0;
    this.#needsPaddingLength = (this.#flags & Flag.padded) !== 0;
    if (this.#needsPaddingLength && payloadBytes === 0)
      throw frameSizeError('a padded DATA frame without padding length');
    if (payloadBytes === 0) this.#endData(EMPTY);
  }

  #readData(chunk: Uint8Array, at: number): number {
    let next = at;
    if (this.#needsPaddingLength) {
      this.#needsPaddingLength = false;
      const padding = chunk[next] ?? 0;
      next += 1;
      this.#left -= 1 + padding;
      if (this.#left < 0)
        throw new Http2Error(ErrorCode.protocolError, 'padding of a DATA frame as long as its payload');
      this.#paddingLeft = padding;
      if (this.#left === 0) {
        this.#endData(EMPTY);
        return next;
      }
      if (next === chunk.length) return next;
    }
    if (this.#left === 0) return this.#skipPadding(chunk, next);
    const end = Math.min(chunk.length, next + this.#left);
    const piece = chunk.subarray(next, end);
    this.#left -= piece.length;
    if (this.#left === 0) this.#endData(piece);
    else this.#handler.onDataPiece(this.#streamId, this.#flags, piece, false);
    return end;
  }

  /** The state is set before the handler is told, which may stop the reader or throw. */
  #endData(piece: Uint8Array): void {
    const { streamId, flags } = { streamId: this.#streamId, flags: this.#flags };
    if (this.#paddingLeft === 0) this.#type = -1;
    this.#handler.onDataPiece(streamId, flags, piece, true);
  }

  #skipPadding(chunk: Uint8Array, at: number): number {
    const skipped = Math.min(chunk.length - at, this.#paddingLeft);
    this.#paddingLeft -= skipped;
    if (this.#paddingLeft === 0) this.#type = -1;
    return at + skipped;
  }

  #readPayload(chunk: Uint8Array, at: number): number {
    const length = this.#left;
    if (this.#partialLength === 0 && chunk.length - at >= length) {
      this.#deliver(chunk, at, at + length);
      return at + length;
    }
    const next = this.#collect(chunk, at, length);
    if (this.#partial !== undefined && this.#partialLength === length) {
      const payload = this.#partial;
      this.#dropPartial();
      this.#deliver(payload, 0, length);
    }
    return next;
  }

  #deliver(bytes: Uint8Array, start: number, end: number): void {
    const type = this.#type;
    this.#type = -1;
    this.#handler.onFrame(type, this.#flags, this.#streamId, bytes, start, end);
  }

  /** Copies up to `wanted` bytes in all into the partial buffer, which grows with what really arrives. */
  #collect(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted - this.#partialLength);
    const length = this.#partialLength + end - at;
    if (this.#partial === undefined || this.#partial.length < length) {
      const larger = new Uint8Array(Math.min(wanted, Math.max(length, (this.#partial?.length ?? 0) * 2)));
      if (this.#partial !== undefined) larger.set(this.#partial.subarray(0, this.#partialLength));
      this.#partial = larger;
    }
    this.#partial.set(chunk.subarray(at, end), this.#partialLength);
    this.#partialLength = length;
    return end;
  }

  #dropPartial(): void {
    this.#partial = undefined;
    this.#partialLength = 0;
  }
}

function frameSizeError(message: string): Http2Error {
  return new Http2Error(ErrorCode.frameSizeError, message);
}
