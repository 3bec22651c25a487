/**
 * Flow control of what comes in, for a stream or the whole connection (RFC 9113 section 5.2). A window doubles, up to a cap, when half of it is
 * used up faster than four round trips: then it may be what holds the sender back.
 */

/** Half a window within this time counts as fast whatever the round trip: the loop's own delays. */
const FAST_MS_MIN = 4;

/** What a peer may send. */
export class ReceiveWindow {
  #sizeBytes: number;
  /** Bytes that the peer may send before the next update. */
  #availableBytes: number;
  /** Bytes done with that were not given back yet. */
  #consumedBytes = 0;
  #updatedMs: number;

  constructor(sizeBytes: number, nowMs: number) {
    this.#sizeBytes = sizeBytes;
    this.#availableBytes = sizeBytes;
    this.#updatedMs = nowMs;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes bytes that came; false when the peer sent more than it may. */
  receive(byteCount: number): boolean {
    this.#availableBytes -= byteCount;
    return this.#availableBytes >= 0;
  }

  /** Notes bytes that are done with. True when it is time to call {@link ReceiveWindow.takeIncrement}. */
  consume(byteCount: number): boolean {
    this.#consumedBytes += byteCount;
    return this.#consumedBytes * 2 >= this.#sizeBytes;
  }

  /** The increment of the WINDOW_UPDATE that is now due. */
  takeIncrement(nowMs: number, roundTripMs: number, sizeBytesMax: number): number {
    let increment = this.#consumedBytes;
    const isFast = nowMs - this.#updatedMs < Math.max(FAST_MS_MIN, roundTripMs * 2);
    if (isFast && this.#sizeBytes < sizeBytesMax) {
      const larger = Math.min(this.#sizeBytes * 2, sizeBytesMax);
      increment += larger - this.#sizeBytes;
      this.#sizeBytes = larger;
    }
    this.#consumedBytes = 0;
    this.#availableBytes += increment;
    this.#updatedMs = nowMs;
    return increment;
  }
}
