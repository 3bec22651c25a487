/** What a checker says when an invariant does not hold. */

export interface Violation {
  /** The name of the checker, after its invariant. */
  readonly checker: string;
  readonly message: string;
}

export type Report = (message: string) => void;
