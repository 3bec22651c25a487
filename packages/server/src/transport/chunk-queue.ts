/** Chunks between a socket that pushes and a reader that pulls; the reader's pace is told back, so memory stays bounded. */

/** Above this many bytes the socket is paused, at half of it it goes on. */
export const CHUNK_QUEUE_BYTES_MAX = 2 * 1024 * 1024;

/** For one reader, to be iterated once. */
export class ChunkQueue implements AsyncIterableIterator<Uint8Array> {
  readonly #setPaused: (isPaused: boolean) => void;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #end: 'complete' | Error | undefined;
  #isAbandoned = false;
  #reader: { resolve(result: IteratorResult<Uint8Array, undefined>): void; reject(error: Error): void } | undefined;

  /** `setPaused` is called when the queue is full, and when it has room again. */
  constructor(setPaused: (isPaused: boolean) => void) {
    this.#setPaused = setPaused;
  }

  /** Whether the reader has got everything there was, up to a normal end. */
  get isDrained(): boolean {
    return this.#end === 'complete' && this.#chunks.length === 0 && !this.#isAbandoned;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  /** Adds a chunk, which is the reader's from now on. Dropped when the reader has gone. */
  push(chunk: Uint8Array): void {
    if (this.#isAbandoned || this.#end !== undefined) return;
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= CHUNK_QUEUE_BYTES_MAX) this.#setPaused(true);
  }

  /** Nothing more comes: everything was there, or an error, which also discards what wasn't read. The first call counts. */
  finish(end: 'complete' | Error): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (end !== 'complete') this.#discard();
    const reader = this.#reader;
    this.#reader = undefined;
    if (end === 'complete') reader?.resolve({ done: true, value: undefined });
    else reader?.reject(end);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#chunks.shift();
    if (value !== undefined) {
      this.#bytes -= value.length;
      if (this.#bytes <= CHUNK_QUEUE_BYTES_MAX / 2) this.#setPaused(false);
      return Promise.resolve({ done: false, value });
    }
    if (this.#isAbandoned || this.#end === 'complete') return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  /** The reader wants no more. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#isAbandoned ||= !this.isDrained;
    this.#discard();
    return Promise.resolve({ done: true, value: undefined });
  }

  #discard(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#setPaused(false);
  }
}
