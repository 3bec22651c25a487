/** Puts together a header block that is spread over HEADERS and CONTINUATION frames (RFC 9113 section 6.10), within limits. */
import { ErrorCode, Http2Error } from './error-code.js';
import type { Http2Limits } from './http2-options.js';

/** The open block of one connection, if any. */
export class HeaderBlock {
  readonly #limits: Http2Limits;
  #bytes: Uint8Array | undefined;
  #length = 0;
  #frames = 0;
  /** Stream and flags of the HEADERS frame. */
  streamId = 0;
  flags = 0;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return this.streamId !== 0;
  }

  /** Throws where a frame of `payloadBytes` more would be too much; called before the payload is kept. */
  check(payloadBytes: number): void {
    const { headerBlockBytesMax, continuationFramesMax } = this.#limits;
    if (this.#length + payloadBytes > headerBlockBytesMax) {
      throw new Http2Error(ErrorCode.enhanceYourCalm, 'a header block over the limit', {
        limit: 'headerBlockBytesMax',
      });
    }
    if (this.#frames > continuationFramesMax) {
      const message = 'a header block of too many frames';
      throw new Http2Error(ErrorCode.enhanceYourCalm, message, { limit: 'continuationFramesMax' });
    }
  }

  begin(streamId: number, flags: number): void {
    this.streamId = streamId;
    this.flags = flags;
    this.#length = 0;
    this.#frames = 0;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (this.#bytes === undefined || this.#bytes.length < length) {
      const larger = new Uint8Array(Math.max(length, (this.#bytes?.length ?? 0) * 2));
      if (this.#bytes !== undefined) larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
    this.#frames += 1;
  }

  /** The whole block; it is closed then. */
  take(): Uint8Array {
    const block = this.#bytes?.subarray(0, this.#length) ?? new Uint8Array(0);
    this.#bytes = undefined;
    this.streamId = 0;
    return block;
  }
}
