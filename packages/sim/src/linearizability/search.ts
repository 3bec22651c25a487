// Wing and Gong's search with Lowe's memo ("Testing for linearizability", 2017): try operations whose call lies before the first return
// still in the list, undo when none fits, never visit a (set of ordered operations, state) twice. No recursion; two reductions keep
// histories with many timeouts small:
// - A read or a refusal that fits the state is ordered at once and without alternatives: an order that has it later stays valid with it
//   here. (A write that happens to leave the state as it is may not be moved so: it may be needed where it stands.)
// - An open operation is needed only for its effect. So one that changes nothing is skipped, of several equal ones the earliest goes
//   first, and what comes right behind it must come out otherwise than without it.
import { END, EventList } from './event-list.js';
import { LinearizedSet } from './linearized-set.js';
import { Memo } from './memo.js';
import type { Model, Operation } from './model.js';
import { IMPOSSIBLE, StateTable } from './state-table.js';

/** What a history is; `unknown` when a bound ended the search. */
export type Verdict = 'linearizable' | 'not-linearizable' | 'unknown';

/** When a search gives up. */
export interface SearchBounds {
  /** Configurations visited; a bound that doesn't depend on the machine. */
  readonly configurationsMax: number;
  /** Memory of the memo; it grows by doubling, so it may reach twice this. */
  readonly memoBytesMax: number;
  /** Asked now and then; `true` ends the search. */
  readonly isOverdue: () => boolean;
}

/** What a search found. */
export interface SearchResult {
  readonly verdict: Verdict;
  /** The longest order found, as indexes into the operations searched; when linearizable it has all that returned. */
  readonly order: readonly number[];
  /** Unless linearizable: the operation with the latest return that no order got past. */
  readonly blockedBy: number | undefined;
  readonly configurations: number;
  /** The bound that ended the search. */
  readonly bound: 'time' | 'configurations' | 'memory' | undefined;
}

/** Configurations between two questions whether time is up. */
const TIME_CHECK_INTERVAL = 1024;

/** Of each operation whether it returned and keeps any state as it is. */
function findNeutral<Input, Output>(
  model: Model<NonNullable<unknown>, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): boolean[] {
  return operations.map(({ input, output, return: returned }) => {
    return returned !== Infinity && output !== undefined && model.keepsState(input, output);
  });
}

/** Of each open operation the latest earlier one of equal input, or -1. */
function findTwins<Input, Output>(
  model: Model<NonNullable<unknown>, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Int32Array {
  const latest = new Map<string, number>();
  const twins = new Int32Array(operations.length).fill(-1);
  operations.forEach((operation, index) => {
    if (operation.return !== Infinity) return;
    const text = model.identifyInput(operation.input);
    twins[index] = latest.get(text) ?? -1;
    latest.set(text, index);
  });
  return twins;
}

class Search<State extends NonNullable<unknown>, Input, Output> {
  readonly #events: EventList;
  readonly #set: LinearizedSet;
  readonly #states: StateTable<State, Input, Output>;
  readonly #isNeutral: readonly boolean[];
  readonly #twins: Int32Array;
  readonly #bounds: SearchBounds;
  readonly #memo = new Memo();
  readonly #key: number[] = [];
  /** The order so far: operations, the state before each, and whether it had no alternative. */
  readonly #order: number[] = [];
  readonly #statesBefore: number[] = [];
  readonly #isForced: boolean[] = [];
  #state = 0;
  readonly #longest: number[] = [];
  /** The first so many of `#longest` are those of `#order`. */
  #common = 0;
  #blockedAt = END;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    bounds: SearchBounds,
  ) {
    this.#events = new EventList(operations);
    this.#set = new LinearizedSet(operations);
    this.#states = new StateTable(model, operations);
    this.#isNeutral = findNeutral(model, operations);
    this.#twins = findTwins(model, operations);
    this.#bounds = bounds;
  }

  run(): SearchResult {
    let event = this.#events.first;
    while (this.#set.missing > 0) {
      if (this.#takeFrom(event)) {
        const bound = this.#crossedBound();
        if (bound !== undefined) return this.#result('unknown', bound);
        event = this.#events.first;
        continue;
      }
      const undone = this.#undo();
      if (undone === undefined) return this.#result('not-linearizable', undefined);
      event = this.#events.after(this.#events.callOf(undone));
    }
    return this.#result('linearizable', undefined);
  }

  /** Orders the next operation that fits, of those called from `event` on; `false` when there is none. */
  #takeFrom(event: number): boolean {
    const events = this.#events;
    if (event === events.first) {
      const neutral = this.#findNeutral();
      if (neutral !== undefined) return this.#take(neutral, this.#state, true);
    }
    let current = event;
    for (let operation = events.called(current); operation >= 0; operation = events.called(current)) {
      const next = this.#nextState(operation);
      if (next !== IMPOSSIBLE && this.#take(operation, next, false)) return true;
      current = events.after(current);
    }
    if (current > this.#blockedAt) this.#blockedAt = current;
    return false;
  }

  /** An operation that may come next and keeps any state as it is. */
  #findNeutral(): number | undefined {
    const events = this.#events;
    let event = events.first;
    for (let operation = events.called(event); operation >= 0; operation = events.called(event)) {
      if (this.#isNeutral[operation] === true && this.#states.next(this.#state, operation) !== IMPOSSIBLE)
        return operation;
      event = events.after(event);
    }
    return undefined;
  }

  /** The state after the operation, or `IMPOSSIBLE` when it can't or needn't be tried. */
  #nextState(operation: number): number {
    const next = this.#states.next(this.#state, operation);
    if (next === IMPOSSIBLE || this.#isLastNeedless(operation, next)) return IMPOSSIBLE;
    if (!this.#set.isOpen(operation)) return next;
    const twin = this.#twins[operation] ?? -1;
    return next === this.#state || (twin >= 0 && !this.#set.has(twin)) ? IMPOSSIBLE : next;
  }

  /** Whether the last operation in the order is open and the state after `operation` would be `next` without it too. */
  #isLastNeedless(operation: number, next: number): boolean {
    const last = this.#order.at(-1);
    if (last === undefined || !this.#set.isOpen(last)) return false;
    return this.#states.next(this.#statesBefore.at(-1) ?? 0, operation) === next;
  }

  /** Orders the operation; `false`, and nothing is changed, when that configuration was visited before. */
  #take(operation: number, next: number, isForced: boolean): boolean {
    this.#set.add(operation);
    this.#set.writeKey(this.#key, next);
    if (!this.#memo.add(this.#key, this.#set.hashWith(next))) {
      this.#set.remove(operation);
      return false;
    }
    this.#order.push(operation);
    this.#statesBefore.push(this.#state);
    this.#isForced.push(isForced);
    this.#events.lift(operation);
    this.#state = next;
    return true;
  }

  /** Takes back up to the last operation that had alternatives and returns it, or `undefined` when there is none. */
  #undo(): number | undefined {
    this.#keepLongest();
    for (;;) {
      const operation = this.#order.pop();
      if (operation === undefined) return undefined;
      this.#state = this.#statesBefore.pop() ?? 0;
      this.#events.unlift(operation);
      this.#set.remove(operation);
      this.#common = Math.min(this.#common, this.#order.length);
      if (this.#isForced.pop() === false) return operation;
    }
  }

  #keepLongest(): void {
    if (this.#order.length <= this.#longest.length) return;
    for (let place = this.#common; place < this.#order.length; place++) this.#longest[place] = this.#order[place] ?? 0;
    this.#common = this.#order.length;
  }

  #crossedBound(): SearchResult['bound'] {
    if (this.#memo.size > this.#bounds.configurationsMax) return 'configurations';
    if (this.#memo.bytes > this.#bounds.memoBytesMax) return 'memory';
    return this.#memo.size % TIME_CHECK_INTERVAL === 0 && this.#bounds.isOverdue() ? 'time' : undefined;
  }

  #result(verdict: Verdict, bound: SearchResult['bound']): SearchResult {
    const isDone = verdict === 'linearizable';
    this.#keepLongest();
    const blockedBy = isDone || this.#blockedAt === END ? undefined : this.#events.returned(this.#blockedAt);
    const order = isDone ? this.#order : this.#longest;
    return { verdict, order, blockedBy, configurations: this.#memo.size, bound };
  }
}

/** Looks for an order of the operations, which must be sorted by call, that the model explains. */
export function searchOrder<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  bounds: SearchBounds,
): SearchResult {
  return new Search(model, operations, bounds).run();
}
