/** What is asked of a run, and what it tells in the end. */
import type { Violation } from './checkers/violation.js';
import type { FixedKnobs, Knobs } from './knobs.js';

export interface RunReport {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly violations: readonly Violation[];
  /** Times that a node ended by a bug, where the run went on (`goesOnAfterBugs`). */
  readonly endedByBug: number;
  /** Of the event log. */
  readonly digest: string;
  readonly lines: number;
  readonly simulatedMs: number;
  readonly operations: number;
  readonly acknowledged: number;
  /** How many of what a run has to show that it did. */
  readonly counts: readonly (readonly [string, number])[];
  readonly faults: readonly (readonly [string, number])[];
  /** Last lines of the event log. */
  readonly tail: readonly string[];
}

export interface RunOptions {
  readonly fixed?: FixedKnobs | undefined;
  readonly print?: ((line: string) => void) | undefined;
  /** A node that ends by a bug is started again: to see what checkers say (R7). */
  readonly goesOnAfterBugs?: boolean;
}

/** Says that a checker found its invariant broken. */
export type Violate = (checker: string, message: string) => void;
