// Calls and what became of them.
import { HistoryError } from './history-error.js';
import type { HistoryEvent } from './history-lines.js';

/** One operation as a history tells it. */
export interface PairedEvents {
  readonly invocation: HistoryEvent;
  /** The `ok` or `fail`; absent when the operation timed out or the history ends before its answer. */
  readonly completion: HistoryEvent | undefined;
}

/**
 * Pairs each invocation with its completion. A process has one operation at a time; after an `info` it may go on, and the operation
 * stays open. Throws `HistoryError` where a history contradicts that, which is what a file that lost lines does.
 */
export function pairEvents(events: readonly HistoryEvent[]): PairedEvents[] {
  const pairs: { invocation: HistoryEvent; completion: HistoryEvent | undefined }[] = [];
  const running = new Map<string, (typeof pairs)[number]>();
  for (const event of events) {
    const pair = running.get(event.process);
    if (event.type === 'invoke') {
      if (pair !== undefined)
        throw new HistoryError(event.line, `process ${event.process} asks before it got its answer`);
      const started = { invocation: event, completion: undefined };
      pairs.push(started);
      running.set(event.process, started);
      continue;
    }
    if (pair === undefined)
      throw new HistoryError(event.line, `process ${event.process} gets an answer it did not ask for`);
    if (pair.invocation.action !== event.action) {
      throw new HistoryError(
        event.line,
        `:${event.action} answers the :${pair.invocation.action} of line ${pair.invocation.line}`,
      );
    }
    if (event.type !== 'info') pair.completion = event;
    running.delete(event.process);
  }
  return pairs;
}
