/**
 * Named points before and after each step by which something becomes durable (R6). A test or the simulator can cut the power of a machine exactly there;
 * a node that runs for real has none, and each point costs it one look at a field.
 *
 * A point never changes what the code does: `hit` returns, and whoever cuts the power sees to it that the rest of the process has no effect.
 */

export const failpoints = [
  // A batch of the log. Between write and sync any of its bytes may be on the disk.
  'walBeforeWrite',
  'walBeforeSync',
  'walAfterSync',
  // Term and vote of a replica: handed to the log; durable, and not yet answered.
  'hardStateBeforeWrite',
  'hardStateAfterSync',
  // A new segment: its zeros and header, its name, and the table with which its first batch begins.
  'segmentBeforeWrite',
  'segmentBeforeSync',
  'segmentBeforeRename',
  'segmentBeforeDirSync',
  'segmentAfterDirSync',
  'tableBeforeWrite',
  'tableBeforeSync',
  'tableAfterSync',
  // An old segment.
  'segmentBeforeRemove',
  'segmentAfterRemove',
  'segmentAfterRemoveSync',
  'copyBeforeWrite',
  'copyAfterSync',
  // Repair of a log that was cut off: segments behind its end, then zeros behind its last batch.
  'recoveryBeforeRepair',
  'recoveryBeforeRemove',
  'recoveryAfterRemove',
  'recoveryBeforeZeroing',
  'recoveryBeforeSync',
  'recoveryAfterSync',
  // Small files that are replaced whole.
  'identityBeforeWrite',
  'identityBeforeSync',
  'identityBeforeRename',
  'identityBeforeDirSync',
  'identityAfterDirSync',
  'registryBeforeWrite',
  'registryBeforeSync',
  'registryBeforeRename',
  'registryBeforeDirSync',
  'registryAfterDirSync',
  'formatBeforeWrite',
  'formatBeforeSync',
  'formatBeforeRename',
  'formatBeforeDirSync',
  'formatAfterDirSync',
  'currentBeforeWrite',
  'currentBeforeSync',
  'currentBeforeRename',
  'currentBeforeDirSync',
  'currentAfterDirSync',
  'corruptBeforeWrite',
  'corruptBeforeSync',
  'corruptBeforeRename',
  'corruptBeforeDirSync',
  'corruptAfterDirSync',
  // Committed entries through the state machine, and from there into the store.
  'applyBefore',
  'applyAfter',
  'flushBeforeCut',
  'flushBeforeCommit',
  'flushAfterCommit',
  'flushAfterRelease',
  // Revision compaction: a slice in memory, and the commit that takes its deletes.
  'compactionBeforeSlice',
  'compactionAfterSlice',
  'compactionBeforeCommit',
  'compactionAfterCommit',
  // A snapshot that comes in: each commit into the staging store, the record in the log, the new state.
  'snapshotBeforeCommit',
  'snapshotAfterCommit',
  'snapshotBeforeRecord',
  'snapshotAfterRecord',
  'snapshotAfterInstall',
  // Generations of a store: made, switched to, and the replaced one removed.
  'generationBeforeCreate',
  'generationAfterCreate',
  'generationBeforeSwitch',
  'generationAfterSync',
  'generationAfterSwitch',
  'generationBeforeRemove',
  'generationAfterRemove',
  // A backup: flush, the reader opened, the stream at its end. And a restore: the stores filled, the directory made.
  'backupBeforeFlush',
  'backupAfterFlush',
  'backupAfterRead',
  'restoreBeforeFill',
  'restoreAfterFill',
  'restoreAfterCreate',
] as const;

export type Failpoint = (typeof failpoints)[number];

/** Told of each point that is reached. */
export interface Failpoints {
  /** Never throws. What the process does after a power cut in here must have no effect; its owner takes care of that. */
  hit(name: Failpoint): void;
}

/** What a file that is replaced whole is called in the names above. */
export type ReplacedFile = 'identity' | 'registry' | 'format' | 'current' | 'corrupt';
