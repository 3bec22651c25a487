/**
 * Assertions that stay on in production: a broken invariant ends the node before it reaches the data.
 * For bugs only; what a caller, a disk or a peer can cause has a typed error instead.
 */

/** A broken invariant: a bug in this program. */
export class AssertionError extends Error {
  readonly code = 'ASSERTION_FAILED';
}

/** Throws {@link AssertionError} unless `condition` holds. `message` is a constant string: it is evaluated on every call. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
