/**
 * Comparing states (R14): only a replica that was made wrong is ever called corrupt, and once it is, that process of its node answers nothing any more.
 * (That a wrong replica is found at all shows where all that still serve must be equal in the end.)
 */
import { isDefinite, type Operation } from '../workload/history.js';
import type { Report } from './violation.js';

/** Words with which a node says that its replica stops. */
const STOPS = /^this replica is corrupt and serves no more \{"shard":1,/;

interface Stopped {
  readonly node: number;
  readonly process: number;
  readonly atMs: number;
}

export class CorruptReplicas {
  readonly #stopped: Stopped[] = [];
  readonly #reportSound: Report;
  readonly #reportServes: Report;

  constructor(reportSound: Report, reportServes: Report) {
    this.#reportSound = reportSound;
    this.#reportServes = reportServes;
  }

  /** Processes whose replica was called corrupt. */
  get found(): number {
    return this.#stopped.length;
  }

  /** A node has said something. */
  said(
    node: { readonly id: number; readonly starts: number; readonly isWrong: boolean },
    what: string,
    nowMs: number,
  ): void {
    if (!what.startsWith('this replica is corrupt')) return;
    if (!node.isWrong) this.#reportSound(`node ${node.id}: ${what}`);
    if (STOPS.test(what)) this.#stopped.push({ node: node.id, process: node.starts, atMs: nowMs });
  }

  /** Looks at all that was answered. */
  check(operations: readonly Operation[]): void {
    for (const { node, process, atMs } of this.#stopped) {
      const served = operations.find(
        (operation) =>
          operation.node === node &&
          operation.process === process &&
          operation.invokedMs > atMs &&
          isDefinite(operation.answer),
      );
      if (served !== undefined) {
        this.#reportServes(`operation ${served.id} was answered by node ${node}, corrupt since ${atMs} ms`);
      }
    }
  }
}
