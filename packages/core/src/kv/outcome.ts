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

/** A session is open. Its id is never given again. */
export interface SessionOpenedOutcome {
  readonly kind: 'sessionOpened';
  readonly revision: number;
  readonly session: number;
}

/** The session is there, and was used just now. */
export interface SessionKeptOutcome {
  readonly kind: 'sessionKept';
  readonly revision: number;
}

/** `sessions` have ended: closed (0 when it was gone already), or expired. */
export interface SessionsEndedOutcome {
  readonly kind: 'sessionsEnded';
  readonly revision: number;
  readonly sessions: number;
}

/** Why a session, or a write with a session stamp, was refused. */
export type SessionRefusal =
  /** The session has expired, was closed, or never was. */
  | 'sessionExpired'
  /** The write's sequence was acknowledged before, so its outcome is forgotten. */
  | 'sequenceAcknowledged'
  /** The write is too far ahead of the oldest one that is not acknowledged. */
  | 'sequenceBeyondWindow'
  /** As many sessions as may be are open. */
  | 'tooManySessions';

/** Nothing changed, and this command was not executed; an earlier copy of it may have been. */
export interface SessionRefusedOutcome {
  readonly kind: 'sessionRefused';
  readonly reason: SessionRefusal;
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

/** What a write in a session can come to, kept for its repetitions. */
export type WriteOutcome = PutOutcome | DeleteOutcome | ConditionFailedOutcome;

/** `revision` is the shard's current revision right after the command; of a write that is a repetition, after its first execution. */
export type Outcome =
  | WriteOutcome
  | CompactOutcome
  | CompareOutcome
  | SessionOpenedOutcome
  | SessionKeptOutcome
  | SessionsEndedOutcome
  | SessionRefusedOutcome
  | FailedOutcome;

/** `more`: call `applyMore` until it is done. Nothing of the unfinished command is visible before. */
export type ApplyResult =
  | { readonly status: 'done'; readonly outcomes: readonly Outcome[] }
  | { readonly status: 'more' };
