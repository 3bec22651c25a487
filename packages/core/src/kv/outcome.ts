/**
 * What a command came to: plain data, one per command of a batch, in the order of the batch. Equal on every replica.
 */

/** The key was written. `createRevision` and `version` are those of the new KeyValue. */
export interface PutOutcome {
  readonly kind: 'put';
  readonly revision: number;
  readonly createRevision: number;
  readonly version: number;
}

/** `deleted` keys are gone. With `deleted` 0 nothing changed and `revision` is the current one. */
export interface DeleteOutcome {
  readonly kind: 'delete';
  readonly revision: number;
  readonly deleted: number;
}

/** Revisions below `compactRevision` can no longer be read. */
export interface CompactOutcome {
  readonly kind: 'compact';
  readonly revision: number;
  readonly compactRevision: number;
}

/** Replicas compare their state as of the command's entry. Nothing changed. */
export interface CompareOutcome {
  readonly kind: 'compare';
  readonly revision: number;
}

/** A condition did not hold; nothing changed. `modRevision` is the key's newest one, 0 when it does not exist. */
export interface ConditionFailedOutcome {
  readonly kind: 'conditionFailed';
  readonly revision: number;
  readonly modRevision: number;
}

/** The command was refused for another reason; nothing changed. */
export interface FailedOutcome {
  readonly kind: 'failed';
  readonly reason: 'compacted' | 'futureRevision';
  readonly revision: number;
  readonly compactRevision: number;
}

/** `revision` is always the shard's current revision right after the command. */
export type Outcome =
  | PutOutcome
  | DeleteOutcome
  | CompactOutcome
  | CompareOutcome
  | ConditionFailedOutcome
  | FailedOutcome;

/** `more`: call `applyMore` until it is done. Nothing of the unfinished command is visible before. */
export type ApplyResult =
  | { readonly status: 'done'; readonly outcomes: readonly Outcome[] }
  | { readonly status: 'more' };
