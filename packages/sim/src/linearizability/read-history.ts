// History files as operations of a model. What is asked for tells the model: read, write and cas are a register's, get, put and append a
// store's. An operation that certainly did not happen is left out, and so is a read that nobody saw the answer of.
import { canonicalEdn } from './edn.js';
import { HistoryError } from './history-error.js';
import { type HistoryEvent, readEvents } from './history-lines.js';
import type { KvInput, KvOutput } from './kv-model.js';
import type { Operation } from './model.js';
import { type PairedEvents, pairEvents } from './pair-events.js';
import type { RegisterInput, RegisterOutput } from './register-model.js';

/** A register's input with the register it is for. */
export type KeyedRegisterInput = RegisterInput & { readonly key: string };

/** A history and the model it is one of. */
export type History =
  | { readonly model: 'register'; readonly operations: readonly Operation<KeyedRegisterInput, RegisterOutput>[] }
  | { readonly model: 'kv'; readonly operations: readonly Operation<KvInput, KvOutput>[] };

const REGISTER_ACTIONS = new Set(['read', 'write', 'cas']);
const KV_ACTIONS = new Set(['get', 'put', 'append']);

function keyOf({ key }: HistoryEvent): string {
  return key === undefined ? '' : canonicalEdn(key);
}

function registerInput(event: HistoryEvent): KeyedRegisterInput {
  const key = keyOf(event);
  if (event.action === 'read') return { kind: 'read', key };
  if (event.action === 'write') return { kind: 'write', key, value: canonicalEdn(event.value) };
  const [from, to, ...rest] = event.value.kind === 'vector' ? event.value.items : [];
  if (from === undefined || to === undefined || rest.length > 0)
    throw new HistoryError(event.line, ':cas needs [old new]');
  return { kind: 'cas', key, from: canonicalEdn(from), to: canonicalEdn(to) };
}

/** What a register answered; `undefined` when the operation certainly did not happen or tells nothing. */
function registerAnswer(
  completion: HistoryEvent | undefined,
  kind: RegisterInput['kind'],
): { readonly output: RegisterOutput | undefined } | undefined {
  if (completion === undefined) return kind === 'read' ? undefined : { output: undefined };
  if (kind === 'cas') return { output: completion.type === 'ok' };
  if (completion.type === 'fail') return undefined;
  return { output: kind === 'write' ? true : canonicalEdn(completion.value) };
}

function registerOperation({ invocation, completion }: PairedEvents): Operation<KeyedRegisterInput, RegisterOutput>[] {
  const input = registerInput(invocation);
  const answer = registerAnswer(completion, input.kind);
  return answer === undefined ? [] : [operationOf(invocation, completion, input, answer.output)];
}

function textOf({ value, line }: HistoryEvent): string {
  if (value.kind === 'nil') return '';
  if (value.kind !== 'string') throw new HistoryError(line, 'a string expected');
  return value.text;
}

function kvOperation({ invocation, completion }: PairedEvents): Operation<KvInput, KvOutput>[] {
  const { action, line } = invocation;
  if (invocation.key === undefined) throw new HistoryError(line, `:${action} needs a :key`);
  const key = keyOf(invocation);
  if (completion?.type === 'fail') return [];
  if (action !== 'get') {
    const kind = action === 'put' ? 'put' : 'append';
    const output = completion === undefined ? undefined : '';
    return [operationOf(invocation, completion, { kind, key, value: textOf(invocation) }, output)];
  }
  if (completion === undefined) return [];
  return [operationOf(invocation, completion, { kind: 'get', key, value: '' }, textOf(completion))];
}

function operationOf<Input, Output>(
  invocation: HistoryEvent,
  completion: HistoryEvent | undefined,
  input: Input,
  output: Output | undefined,
): Operation<Input, Output> {
  const returned = completion?.line ?? Infinity;
  return { process: invocation.process, input, output, call: invocation.line, return: returned };
}

/** Reads a history in either notation; throws `HistoryError`. */
export function readHistory(text: string): History {
  const pairs = pairEvents(readEvents(text));
  const [first] = pairs;
  if (first === undefined) throw new HistoryError(1, 'the file holds no operation');
  const isRegister = REGISTER_ACTIONS.has(first.invocation.action);
  const actions = isRegister ? REGISTER_ACTIONS : KV_ACTIONS;
  const stranger = pairs.find(({ invocation }) => !actions.has(invocation.action))?.invocation;
  if (stranger !== undefined) {
    throw new HistoryError(stranger.line, `:${stranger.action} is not one of ${[...actions].join(', ')}`);
  }
  return isRegister
    ? { model: 'register', operations: pairs.flatMap(registerOperation) }
    : { model: 'kv', operations: pairs.flatMap(kvOperation) };
}

/** The value of a register that was never written. */
export const NIL_TEXT = canonicalEdn({ kind: 'nil', text: 'nil' });
