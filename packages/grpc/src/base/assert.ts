/**
 * Assertions that stay on in production. For bugs of this program only: what a peer or a caller can cause has a typed error instead.
 */

/** A broken invariant: a bug in this program. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ASSERTION_FAILED';
}

/** Throws {@link AssertionError} unless `condition` holds. `message` is a constant string: it is evaluated on every call. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
