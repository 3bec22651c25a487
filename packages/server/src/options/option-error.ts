/** What is wrong with given options, and the error that says so. */

/** One thing wrong with one option. */
export interface OptionProblem {
  /** The option's name, or the unknown name that was given. */
  readonly option: string;
  /** What was given. */
  readonly value: unknown;
  /** What is allowed, in words or as a range. */
  readonly allowed: string;
  /** A sentence that names the option, the value and what is allowed. */
  readonly message: string;
}

/** Options that cannot be used. `option`, `value` and `allowed` are those of the first problem; `problems` holds all. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code = 'INVALID_OPTION';
  readonly retryable = false;
  readonly option: string;
  readonly value: unknown;
  readonly allowed: string;
  readonly problems: readonly OptionProblem[];

  constructor(first: OptionProblem, others: readonly OptionProblem[] = []) {
    const problems = [first, ...others];
    super(problems.map((problem) => problem.message).join('\n'));
    this.option = first.option;
    this.value = first.value;
    this.allowed = first.allowed;
    this.problems = problems;
  }
}

/** The given value as it appears in a message: short, and quoted when it is text. */
export function showGiven(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
