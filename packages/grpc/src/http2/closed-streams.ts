/**
 * How the last streams ended, since what may still come for a closed stream depends on it (RFC 9113 section 5.1): after our reset anything that was on
 * its way, after the peer's end nothing. Bounded: of a stream that closed long ago nothing is known.
 */

const REMEMBERED_MAX = 256;

/** Bits of how a stream closed. */
export const Closing = {
  /** Not in memory. */
  forgotten: 0,
  /** We reset it: the peer may not have known. */
  resetByUs: 1,
  /** The peer reset it. */
  resetByPeer: 2,
  /** Both sides sent their ends. */
  ended: 3,
} as const;

/** A ring of stream numbers, all opened by the same side, with two bits each. */
export class ClosedStreams {
  #ring: Uint32Array | undefined;
  #next = 0;
  /** True from the first stream that was forgotten. */
  #hasForgotten = false;

  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  /** Numbers of one side differ by two, so that half of it and the two bits fit. */
  add(streamId: number, closing: number): void {
    this.#ring ??= new Uint32Array(REMEMBERED_MAX);
    if (this.#ring[this.#next] !== 0) this.#hasForgotten = true;
    this.#ring[this.#next] = ((streamId >>> 1) << 2) | closing | 0;
    this.#next = (this.#next + 1) % REMEMBERED_MAX;
  }

  /** How a stream closed: one of {@link Closing}. */
  find(streamId: number): number {
    const wanted = streamId >>> 1;
    for (const entry of this.#ring ?? []) {
      if (entry !== 0 && entry >>> 2 === wanted) return entry & 3;
    }
    return Closing.forgotten;
  }
}
