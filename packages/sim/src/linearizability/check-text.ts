// The text of a history file to a verdict with a reason that a person can follow.
import { type CheckResult, checkHistory } from './check.js';
import { keyedModel } from './keyed-model.js';
import { kvModel } from './kv-model.js';
import type { Model, Operation } from './model.js';
import { type KeyedRegisterInput, NIL_TEXT, readHistory } from './read-history.js';
import { type RegisterOutput, registerModel } from './register-model.js';
import type { SearchBounds, Verdict } from './search.js';

/** How to check a file. */
export interface CheckTextOptions {
  readonly bounds?: Partial<SearchBounds>;
  /** Check all keys as one object: the verdict is the same, the search longer. */
  readonly isWhole?: boolean;
}

/** The verdict on a file. */
export interface TextVerdict {
  readonly verdict: Verdict;
  /** Why, unless linearizable. */
  readonly reason: string | undefined;
  readonly operations: number;
  readonly configurations: number;
}

const BOUND_REASONS = {
  time: 'the time was up',
  configurations: 'too many orders to try',
  memory: 'the orders tried take too much memory',
};

function describeOperation({ process, input, output, call, return: returned }: Operation<object, unknown>): string {
  const lines = returned === Infinity ? `line ${call}, open` : `lines ${call}–${returned}`;
  const asked = Object.values(input).filter((part) => part !== '');
  const answer = typeof output === 'string' && output !== '' ? ` = ${output}` : output === false ? ' refused' : '';
  return `process ${process} ${asked.join(' ')}${answer} (${lines})`;
}

function describe<Input extends object, Output>({ verdict, finding }: CheckResult<Input, Output>): string | undefined {
  if (finding === undefined) return undefined;
  const where = finding.part === '' ? '' : `key ${finding.part}: `;
  const ordered = `${finding.order.length} operations can be ordered`;
  const last = finding.order.at(-1);
  const blocked = finding.blockedBy === undefined ? '' : `; no order gets past ${describeOperation(finding.blockedBy)}`;
  const after = last === undefined ? '' : `; the longest order ends with ${describeOperation(last)}`;
  const bound = finding.bound === undefined ? '' : `${BOUND_REASONS[finding.bound]}; `;
  return `${where}${bound}${verdict === 'unknown' ? ordered : `${ordered}${blocked}${after}`}`;
}

function verdictOf<Input extends object, Output>(result: CheckResult<Input, Output>): TextVerdict {
  const { verdict, operations, configurations } = result;
  return { verdict, reason: describe(result), operations, configurations };
}

function checkKeyed<State extends NonNullable<unknown>, Input extends { readonly key: string }, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  { bounds = {}, isWhole = false }: CheckTextOptions,
): TextVerdict {
  const keyOf = ({ key }: Input): string => key;
  return verdictOf(
    isWhole
      ? checkHistory(keyedModel(model, keyOf), operations, { bounds })
      : checkHistory(model, operations, { bounds, partOf: keyOf }),
  );
}

const register: Model<string, KeyedRegisterInput, RegisterOutput> = registerModel(NIL_TEXT);

/** Checks a history file's text; throws `HistoryError` when it can't be read. */
export function checkText(text: string, options: CheckTextOptions = {}): TextVerdict {
  const history = readHistory(text);
  return history.model === 'register'
    ? checkKeyed(register, history.operations, options)
    : checkKeyed(kvModel, history.operations, options);
}
