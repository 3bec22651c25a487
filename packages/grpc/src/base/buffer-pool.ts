/** Memory for what is being written, lent for a loop turn, so that a connection which is idle holds none. */

/** Bytes of each lent buffer. */
export const POOLED_BUFFER_BYTES = 16 * 1024;
/** Buffers kept for the next turn; more are left to the garbage collector. */
const POOLED_BUFFERS_MAX = 256;

/** A pool, shared by the connections of one process. What is lent holds old bytes. */
export class BufferPool {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(POOLED_BUFFER_BYTES);
  }

  /** Gives a buffer back that nobody will read again. One of another size is dropped. */
  give(bytes: Uint8Array): void {
    if (bytes.length === POOLED_BUFFER_BYTES && this.#free.length < POOLED_BUFFERS_MAX) this.#free.push(bytes);
  }
}
