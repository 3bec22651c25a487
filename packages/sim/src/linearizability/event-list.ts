// The calls and returns of a history in the order of their times, as a linked list from which an operation can be lifted and put back
// in constant time (Wing & Gong 1993; Lowe 2017).
import type { Operation } from './model.js';

/** The position before the first event and after the last one. */
export const END = 0;

/** Returns sort behind calls of the same time. */
interface Moment {
  readonly time: number;
  readonly operation: number;
  readonly isReturn: boolean;
}

function momentsOf(operations: readonly Operation<unknown, unknown>[]): Moment[] {
  const moments: Moment[] = [];
  operations.forEach(({ call, return: returned }, operation) => {
    if (!(call <= returned)) throw new RangeError(`operation ${operation} returns before its call`);
    moments.push({ time: call, operation, isReturn: false });
    if (returned !== Infinity) moments.push({ time: returned, operation, isReturn: true });
  });
  return moments.sort(
    (a, b) => a.time - b.time || Number(a.isReturn) - Number(b.isReturn) || a.operation - b.operation,
  );
}

/** Events are numbered from 1 in the order of time. Open operations have no return. */
export class EventList {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Of each event its operation, of returns `~operation`. */
  readonly #operation: Int32Array;
  readonly #call: Int32Array;
  readonly #return: Int32Array;

  constructor(operations: readonly Operation<unknown, unknown>[]) {
    const moments = momentsOf(operations);
    const size = moments.length + 1;
    this.#next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#operation = new Int32Array(size).fill(-1);
    this.#call = new Int32Array(operations.length);
    this.#return = new Int32Array(operations.length).fill(END);
    moments.forEach(({ operation, isReturn }, index) => {
      const event = index + 1;
      this.#operation[event] = isReturn ? ~operation : operation;
      if (isReturn) this.#return[operation] = event;
      else this.#call[operation] = event;
    });
    for (let event = 0; event < size; event++) {
      this.#next[event] = (event + 1) % size;
      this.#previous[event] = (event + size - 1) % size;
    }
  }

  /** The first event that is still in the list, or `END`. */
  get first(): number {
    return this.#next[END] ?? END;
  }

  /** The event behind `event`, or `END`. */
  after(event: number): number {
    return this.#next[event] ?? END;
  }

  /** The operation called by `event`; negative for a return and for `END`. */
  called(event: number): number {
    return this.#operation[event] ?? -1;
  }

  /** The operation whose return is `event`. */
  returned(event: number): number {
    return ~this.called(event);
  }

  /** The event of the operation's call. */
  callOf(operation: number): number {
    return this.#call[operation] ?? END;
  }

  /** Takes the operation's call and return out. */
  lift(operation: number): void {
    this.#unlink(this.callOf(operation));
    this.#unlink(this.#return[operation] ?? END);
  }

  /** Undoes the last `lift` that is not undone yet, which must have been of this operation. */
  unlift(operation: number): void {
    this.#relink(this.#return[operation] ?? END);
    this.#relink(this.callOf(operation));
  }

  #unlink(event: number): void {
    if (event === END) return;
    const next = this.#next[event] ?? END;
    const previous = this.#previous[event] ?? END;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #relink(event: number): void {
    if (event === END) return;
    this.#next[this.#previous[event] ?? END] = event;
    this.#previous[this.#next[event] ?? END] = event;
  }
}
