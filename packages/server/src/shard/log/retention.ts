/**
 * How much of a shard's log is kept: min(what followers need, the cap), and never less than what is not flushed (architecture 4).
 * A dead follower so never fills the disk: past the cap it gets a snapshot. Pure.
 */

/** What the decision depends on; sizes in bytes as size limits count them. */
export interface RetentionInput {
  /** Entries up to here are in the store, on disk. */
  readonly flushedIndex: number;
  /** The log holds entries after this index. */
  readonly logStartIndex: number;
  /** Bytes of all entries held. */
  readonly logBytes: number;
  /** The smallest index that some follower still needs entries after; undefined when this replica is not the leader. */
  readonly followersNeed: number | undefined;
  /** Above this many bytes entries go, whoever needs them. */
  readonly capBytes: number;
  /** Entry sizes by position after the log start, for walking from the oldest. */
  readonly bytesAt: (index: number) => number;
}

/** Kept behind what all have, so that a node that was away shortly needs no snapshot. Share of the cap. */
const slackShare = 0.25;

/** The index up to which entries may go; `logStartIndex` when none may. */
export function retentionIndex(input: RetentionInput): number {
  const slackBytes = input.capBytes * slackShare;
  let index = input.logStartIndex;
  let bytes = input.logBytes;
  while (index < input.flushedIndex) {
    const isNeeded = input.followersNeed === undefined || index + 1 > input.followersNeed;
    const allowedBytes = isNeeded ? input.capBytes : slackBytes;
    if (bytes <= allowedBytes) break;
    index += 1;
    bytes -= input.bytesAt(index);
  }
  return index;
}
