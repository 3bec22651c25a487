/**
 * The commands of this node's callers that have a place in the log, until that place is applied. A place is (index, term, offset):
 * if another term's entry is applied there, the command definitely did not happen.
 */
import type { Outcome } from '@kvorum/core/kv/outcome.js';
import { type CommandResult, definite, type EndReason, unknown } from '../outcome.js';
import type { PendingCommand } from './pending-command.js';

interface Placed {
  readonly term: number;
  readonly offset: number;
  readonly command: PendingCommand;
}

/** One per replica. Every command added is settled exactly once. */
export class PlacedCommands {
  private readonly byIndex = new Map<number, Placed[]>();
  private waitingCount = 0;

  /** Number of indexes that somebody waits for. */
  get size(): number {
    return this.byIndex.size;
  }

  /** Number of commands that have not been settled from here. */
  get commands(): number {
    return this.waitingCount;
  }

  add(index: number, term: number, offset: number, command: PendingCommand): void {
    this.waitingCount += 1;
    const placed = this.byIndex.get(index);
    if (placed === undefined) {
      this.byIndex.set(index, [{ term, offset, command }]);
      return;
    }
    placed.push({ term, offset, command });
  }

  /** The entry at `index` was applied in `term` with these outcomes, one per command of the entry. */
  applied(index: number, term: number, outcomes: readonly Outcome[]): void {
    const placed = this.byIndex.get(index);
    if (placed === undefined) return;
    this.remove(index, placed);
    for (const { term: placedTerm, offset, command } of placed) {
      command.settle(resultAt(placedTerm === term, outcomes[offset]));
    }
  }

  /** Ends commands whose time ran out and forgets those that are done. */
  expire(nowMs: number): void {
    for (const [index, placed] of this.byIndex) {
      const waiting = placed.filter(({ command }) => !command.expire(nowMs));
      this.waitingCount -= placed.length - waiting.length;
      if (waiting.length === 0) this.byIndex.delete(index);
      else if (waiting.length < placed.length) this.byIndex.set(index, waiting);
    }
  }

  /** A snapshot up to `index` was installed: nobody can tell any more what became of the commands in it. */
  forgetUpTo(index: number): void {
    for (const [at, placed] of this.byIndex) {
      if (at > index) continue;
      this.remove(at, placed);
      for (const { command } of placed) command.settle(unknown('snapshotInstalled'));
    }
  }

  /** The node or the replica ends: all outcomes stay unknown. */
  abandon(reason: EndReason): void {
    for (const placed of this.byIndex.values()) {
      for (const { command } of placed) command.settle(unknown(reason));
    }
    this.byIndex.clear();
    this.waitingCount = 0;
  }

  private remove(index: number, placed: readonly Placed[]): void {
    this.byIndex.delete(index);
    this.waitingCount -= placed.length;
  }
}

function resultAt(isSameTerm: boolean, outcome: Outcome | undefined): CommandResult {
  if (!isSameTerm) return definite('superseded');
  if (outcome === undefined) return unknown('failed');
  return { kind: 'outcome', outcome };
}
