/**
 * What a replica starts from when its log (WAL) and its store were last written at different moments. The store's
 * (applied index, term, ConfState) wins (architecture 5). Pure.
 */

/** A position in a shard's log. */
export interface LogPosition {
  readonly index: number;
  readonly term: number;
}

/** The WAL's view of a shard. */
export interface RecoveredLog<Entry extends LogPosition> {
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
  /** Entries start after this position. */
  readonly logStart: LogPosition;
  /** In order, without gaps. */
  readonly entries: readonly Entry[];
}

/** Log and store agree, or the store is ahead after an install: start here. */
export interface StartState<Entry extends LogPosition> {
  readonly kind: 'start';
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
  readonly logStart: LogPosition;
  readonly entries: readonly Entry[];
  /** True when the WAL must be told the new log start and hard state before the replica takes part. */
  readonly mustRepairWal: boolean;
}

/** They contradict each other: the replica must not take part. */
export interface DamagedState {
  readonly kind: 'damaged';
  readonly reason: string;
}

/**
 * @param applied what the store holds, flushed: everything up to this position
 */
export function reconcile<Entry extends LogPosition>(
  log: RecoveredLog<Entry>,
  applied: LogPosition,
): StartState<Entry> | DamagedState {
  if (log.logStart.index > applied.index) {
    return damaged(`the log starts after index ${log.logStart.index}, but the store holds only up to ${applied.index}`);
  }
  const lastIndex = log.logStart.index + log.entries.length;
  const keepsEntries = termAt(log, applied.index) === applied.term;
  if (keepsEntries && log.commit > lastIndex) {
    return damaged(`index ${log.commit} was committed, but the log ends at ${lastIndex}`);
  }
  if (!keepsEntries && log.commit > applied.index) {
    return damaged(`index ${log.commit} was committed, but log and store contradict each other at ${applied.index}`);
  }
  if (keepsEntries && applied.term > log.term) {
    return damaged(`entry ${applied.index} is of term ${applied.term}, but the log knows only term ${log.term}`);
  }
  const term = Math.max(log.term, applied.term);
  return {
    kind: 'start',
    term,
    // A raised term was never voted in: votes are synced before they are answered.
    vote: term === log.term ? log.vote : 0,
    commit: Math.max(log.commit, applied.index),
    logStart: keepsEntries ? log.logStart : applied,
    entries: keepsEntries ? log.entries : [],
    mustRepairWal: !keepsEntries,
  };
}

function termAt<Entry extends LogPosition>(log: RecoveredLog<Entry>, index: number): number | undefined {
  if (index === log.logStart.index) return log.logStart.term;
  return log.entries[index - log.logStart.index - 1]?.term;
}

function damaged(reason: string): DamagedState {
  return { kind: 'damaged', reason };
}
