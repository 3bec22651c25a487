/** What one seed showed of a bug. */
import type { Violation } from '../checkers/violation.js';

export interface HuntedRun {
  /** The first invariant that a checker found broken. */
  readonly violation: Violation | undefined;
  /** Times that the code under test ended by itself, by an assertion or another error: no proof that a checker sees. */
  readonly bugs: number;
}
