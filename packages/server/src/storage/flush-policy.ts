/** When a shard's write-behind is due. Pure. */

/** Thresholds of write-behind. */
export interface FlushPolicy {
  /** Rows (records to write, deletes of compaction) that make a flush due. */
  readonly rows: number;
  /** Bytes of records that make a flush due. */
  readonly bytes: number;
  /** Milliseconds after which anything dirty, be it the applied index alone, makes a flush due. */
  readonly ageMsMax: number;
}

/** 2,000 rows cost 1–2 µs each in one transaction; a second bounds what a start has to apply again. */
export const DEFAULT_FLUSH_POLICY: FlushPolicy = { rows: 2_000, bytes: 4 * 1024 * 1024, ageMsMax: 1_000 };

/** How much of a shard is not cut yet. */
export interface Unflushed {
  readonly rows: number;
  readonly bytes: number;
  /** Whether the applied index is ahead of the last cut. */
  readonly isIndexAhead: boolean;
}

/** `now`: cut; `later`: something is dirty, look again at its maximal age; `clean`: nothing to do. */
export type FlushDue = 'now' | 'later' | 'clean';

/** Decides from what is dirty and for how long (0 when it has just become so). */
export function flushDue(policy: FlushPolicy, unflushed: Unflushed, dirtyForMs: number): FlushDue {
  if (unflushed.rows === 0 && !unflushed.isIndexAhead) return 'clean';
  const isMuch = unflushed.rows >= policy.rows || unflushed.bytes >= policy.bytes;
  return isMuch || dirtyForMs >= policy.ageMsMax ? 'now' : 'later';
}
