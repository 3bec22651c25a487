/**
 * What the loop's thread and the log writer's thread share: a few words of memory and the bytes to write. Posting a message to the
 * worker would wake it through its event loop; a wait on a word of memory costs one futex.
 */

/** Words of the Int32Array. The request is written first, then `request` is raised by one and notified. */
export const WORD = { request: 0, fd: 1, memory: 2, offset: 3, length: 4, isClosing: 5 } as const;

/** The position lies as a float64 behind the words. */
export const POSITION_BYTE = 24;
export const CONTROL_BYTES = 32;

/** Memory number of bytes that were posted for a single append. */
export const ONE_SHOT = 0;

/** Posted to the worker before a request refers to it. */
export interface MemoryMessage {
  readonly memory: number;
  readonly buffer: SharedArrayBuffer;
}

/** Posted by the worker after each append, and once (`ready`) when it can take the first. */
export type WorkerMessage = { readonly kind: 'ready' } | { readonly kind: 'done' } | WorkerFailure;

export interface WorkerFailure {
  readonly kind: 'failed';
  readonly operation: string;
  readonly code: string;
  readonly message: string;
}
