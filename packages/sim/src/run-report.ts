/** What is asked of a run, and what it tells in the end. */
import type { Failpoint } from '@kvorum/server/internal/env/failpoints.js';
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
  /** Events of the world: messages that arrive, disk calls that end, timers, whatever happens at a moment. */
  readonly steps: number;
  readonly simulatedMs: number;
  readonly operations: number;
  readonly acknowledged: number;
  /** How many of what a run has to show that it did. */
  readonly counts: readonly (readonly [string, number])[];
  readonly faults: readonly (readonly [string, number])[];
  /** Every failpoint: how often it was reached, and how often the power was cut there (R6). */
  readonly failpoints: readonly FailpointCount[];
  /** Last lines of the event log. */
  readonly tail: readonly string[];
}

export interface RunOptions {
  readonly fixed?: FixedKnobs | undefined;
  readonly print?: ((line: string) => void) | undefined;
  /** The run ends after so many steps: what it shows is a beginning of the whole run. */
  readonly steps?: number | undefined;
  /** A node that ends by a bug is started again: to see what checkers say (R7). */
  readonly goesOnAfterBugs?: boolean;
}

/** What became of a failpoint. */
export interface FailpointCount {
  readonly name: Failpoint;
  readonly hits: number;
  readonly cuts: number;
}

/** Says that a checker found its invariant broken. */
export type Violate = (checker: string, message: string) => void;
