/** Histories made by hand, for tests of checkers. */
import { type Answer, History, type Operation, type Request } from '../../workload/history.js';
import type { Report } from '../violation.js';

/** A history that is told step by step; a millisecond passes with each. */
export class Script {
  readonly history = new History();
  #nowMs = 0;

  get operations(): readonly Operation[] {
    return this.history.operations;
  }

  /** Asks; the answer may come later, or never. */
  ask(request: Request, node = 1): Operation {
    return this.history.invoke({ client: 0, node, process: 1, request, invokedMs: this.#nowMs++ });
  }

  answer(operation: Operation, answer: Answer): void {
    this.history.answer(operation, answer, this.#nowMs++);
  }

  /** Asks and is told at once. */
  tell(request: Request, answer: Answer, node = 1): Operation {
    const operation = this.ask(request, node);
    this.answer(operation, answer);
    return operation;
  }

  /** A put of a new key, or of one that was written before: done at a revision. */
  put(key: string, value: string, revision: number): Operation {
    const written = { kind: 'written', revision, createRevision: revision, version: 1 } as const;
    return this.tell({ kind: 'put', key, value }, written);
  }

  delete(key: string, revision: number): Operation {
    return this.tell({ kind: 'delete', key }, { kind: 'deleted', revision, deleted: 1 });
  }

  /** A linearizable read at the store's revision `revision` that shows a value of `modRevision`, or nothing. */
  get(key: string, revision: number, seen?: readonly [value: string, modRevision: number], node = 1): Operation {
    const keys = seen === undefined ? [] : [rowOf(key, ...seen)];
    return this.tell({ kind: 'get', key, isSerializable: false }, { kind: 'seen', revision, keys }, node);
  }
}

export function rowOf(key: string, value: string, modRevision: number) {
  return { key, value, modRevision, createRevision: modRevision, version: 1 };
}

/** What a checker reports. */
export function reportsOf(check: (report: Report) => void): string[] {
  const reports: string[] = [];
  check((message) => reports.push(message));
  return reports;
}
