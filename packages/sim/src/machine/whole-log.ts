/**
 * The whole log of a replica, kept beside the production window, which has only the newest entries in memory: for checkers, who must not make a node read
 * from its disk by looking.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { LogWindow } from '@kvorum/server/internal/shard/log/log-window.js';

/** A copy that follows `log`, which must be as it was made. `onReadBack` hears how many entries were read back from disk. */
export function wholeLog(log: LogWindow, onReadBack: (entries: number) => void): LogWindow {
  const { entries } = log.held();
  assert(entries.length === log.lastIndex() + 1 - log.firstIndex(), 'a window that has let go of entries');
  const start = { ...log.initialState(), logStart: log.startPosition, entries };
  const whole = new LogWindow(start, { windowBytes: Number.POSITIVE_INFINITY });
  const append = log.append.bind(log);
  const compactTo = log.compactTo.bind(log);
  const restore = log.restore.bind(log);
  const provide = log.provide.bind(log);
  log.provide = (runs) => {
    provide(runs);
    for (const run of runs) onReadBack(run.length);
  };
  log.append = (appended) => {
    append(appended);
    whole.append(appended);
  };
  log.compactTo = (index) => {
    compactTo(index);
    whole.compactTo(index);
  };
  log.restore = (position) => {
    restore(position);
    whole.restore(position);
  };
  return whole;
}
