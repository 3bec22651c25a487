/**
 * When calls run out of time. Calls with equal timeouts end in the order in which they began, so one list and one timer serve all of them; a call
 * costs four assignments. The lists also know every call that is not settled.
 */
import type { ClientClock, Scheduled } from '../base/deps.js';
import type { Operation } from './operation.js';

interface List {
  first: Operation | undefined;
  last: Operation | undefined;
  timer: Scheduled | undefined;
}

export class Deadlines {
  readonly #clock: ClientClock;
  readonly #onExpired: (operation: Operation) => void;
  readonly #lists = new Map<number, List>();

  /** @param onExpired must remove the operation */
  constructor(clock: ClientClock, onExpired: (operation: Operation) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  add(operation: Operation): void {
    const { timeoutMs } = operation;
    operation.deadlineMs = this.#clock.nowMs() + timeoutMs;
    const list = this.#lists.get(timeoutMs) ?? this.#newList(timeoutMs);
    operation.before = list.last;
    if (list.last === undefined) list.first = operation;
    else list.last.after = operation;
    list.last = operation;
    list.timer ??= this.#clock.schedule(timeoutMs, () => this.#expire(timeoutMs, list));
  }

  remove(operation: Operation): void {
    const { before, after } = operation;
    const list = this.#lists.get(operation.timeoutMs);
    if (list === undefined) return;
    if (before !== undefined) before.after = after;
    else if (list.first === operation) list.first = after;
    if (after !== undefined) after.before = before;
    else if (list.last === operation) list.last = before;
    operation.before = undefined;
    operation.after = undefined;
  }

  /** All that were added and not removed. */
  all(): Operation[] {
    const operations: Operation[] = [];
    for (const list of this.#lists.values()) {
      for (let each = list.first; each !== undefined; each = each.after) operations.push(each);
    }
    return operations;
  }

  /** No call ends by itself any more. */
  close(): void {
    for (const list of this.#lists.values()) list.timer?.cancel();
    this.#lists.clear();
  }

  #newList(timeoutMs: number): List {
    const list = { first: undefined, last: undefined, timer: undefined };
    this.#lists.set(timeoutMs, list);
    return list;
  }

  #expire(timeoutMs: number, list: List): void {
    const nowMs = this.#clock.nowMs();
    for (let first = list.first; first !== undefined && first.deadlineMs <= nowMs; first = list.first) {
      this.#onExpired(first);
    }
    if (list.first === undefined) {
      list.timer = undefined;
      this.#lists.delete(timeoutMs);
      return;
    }
    list.timer = this.#clock.schedule(list.first.deadlineMs - nowMs, () => this.#expire(timeoutMs, list));
  }
}
