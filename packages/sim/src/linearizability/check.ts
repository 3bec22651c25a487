// Whether a history is linearizable: split into parts that don't touch each other (P-compositionality: Herlihy & Wing 1990, locality),
// each part searched for an order.
import type { Model, Operation } from './model.js';
import { type SearchBounds, type SearchResult, searchOrder, type Verdict } from './search.js';

/** How to check a history. */
export interface CheckOptions<Input> {
  /** Inputs of different parts never touch the same state; one part when absent. */
  readonly partOf?: (input: Input) => string;
  readonly bounds?: Partial<SearchBounds>;
}

/** What is wrong, or not known, of one part. */
export interface PartFinding<Input, Output> {
  readonly part: string;
  readonly bound: SearchResult['bound'];
  /** The longest order found. */
  readonly order: readonly Operation<Input, Output>[];
  /** The operation whose return no order gets past. */
  readonly blockedBy: Operation<Input, Output> | undefined;
}

/** The verdict on a history. */
export interface CheckResult<Input, Output> {
  readonly verdict: Verdict;
  /** The part that gave the verdict, unless linearizable. */
  readonly finding: PartFinding<Input, Output> | undefined;
  readonly operations: number;
  readonly configurations: number;
}

/** Bounds of one part's search unless told otherwise. */
export const DEFAULT_BOUNDS: SearchBounds = {
  configurationsMax: 10_000_000,
  memoBytesMax: 512 * 1024 * 1024,
  isOverdue: () => false,
};

function partsOf<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  partOf: (input: Input) => string,
): Map<string, Operation<Input, Output>[]> {
  const parts = new Map<string, Operation<Input, Output>[]>();
  for (const operation of [...operations].sort((a, b) => a.call - b.call)) {
    const part = partOf(operation.input);
    const known = parts.get(part);
    if (known === undefined) parts.set(part, [operation]);
    else known.push(operation);
  }
  return parts;
}

function findingOf<Input, Output>(
  part: string,
  operations: readonly Operation<Input, Output>[],
  { bound, order, blockedBy }: SearchResult,
): PartFinding<Input, Output> {
  return {
    part,
    bound,
    order: order.flatMap((index) => operations[index] ?? []),
    blockedBy: blockedBy === undefined ? undefined : operations[blockedBy],
  };
}

/**
 * Checks a history against a model. Not linearizable as soon as one part is not; otherwise unknown when a bound ended the search of a part.
 *
 * @example
 * checkHistory(registerModel('nil'), operations).verdict; // 'linearizable'
 */
export function checkHistory<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOptions<Input> = {},
): CheckResult<Input, Output> {
  const bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
  let configurations = 0;
  let unknown: PartFinding<Input, Output> | undefined;
  for (const [part, own] of partsOf(operations, options.partOf ?? (() => ''))) {
    const result = searchOrder(model, own, bounds);
    configurations += result.configurations;
    if (result.verdict === 'linearizable') continue;
    const finding = findingOf(part, own, result);
    if (result.verdict === 'not-linearizable') {
      return { verdict: 'not-linearizable', finding, operations: operations.length, configurations };
    }
    unknown ??= finding;
  }
  const verdict = unknown === undefined ? 'linearizable' : 'unknown';
  return { verdict, finding: unknown, operations: operations.length, configurations };
}
