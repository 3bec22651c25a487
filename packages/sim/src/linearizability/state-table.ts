// States as small numbers, and transitions between them computed once.
import type { Model, Operation } from './model.js';

/** No state: the operation can't give its output here. */
export const IMPOSSIBLE = -1;

/** Transitions kept at most; beyond it all are forgotten and computed again when needed. */
const MAX_TRANSITIONS = 1 << 20;

/** Numbers the states a search meets; the initial one is 0. */
export class StateTable<State extends NonNullable<unknown>, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #transitions = new Map<number, number>();

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#operations = operations;
    this.#numberOf(model.initial);
  }

  /** The number of the state after `operation` in `state`, or `IMPOSSIBLE`. */
  next(state: number, operation: number): number {
    const transition = state * this.#operations.length + operation;
    const known = this.#transitions.get(transition);
    if (known !== undefined) return known;
    const next = this.#step(state, operation);
    if (this.#transitions.size >= MAX_TRANSITIONS) this.#transitions.clear();
    this.#transitions.set(transition, next);
    return next;
  }

  #step(state: number, operation: number): number {
    const before = this.#states[state];
    const asked = this.#operations[operation];
    if (before === undefined || asked === undefined)
      throw new RangeError(`no state ${state} or operation ${operation}`);
    const after = this.#model.step(before, asked.input, asked.output);
    return after === undefined ? IMPOSSIBLE : this.#numberOf(after);
  }

  #numberOf(state: State): number {
    const text = this.#model.identify(state);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#states.length);
    this.#states.push(state);
    return this.#states.length - 1;
  }
}
