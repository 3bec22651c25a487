/** Turns what shards answer into the public errors of `@kvorum/protocol`. The only place that does. */
import { CompactedError, FutureRevisionError, KvError } from '@kvorum/core/kv/errors.js';
import type { Outcome, SessionRefusal } from '@kvorum/core/kv/outcome.js';
import { SESSION_WINDOW } from '@kvorum/core/kv/session-codec.js';
import { type ErrorCode, KvorumError } from '@kvorum/protocol';
import type { Failure, FailureReason } from '../shard/outcome.js';

const failureTable: Record<FailureReason, { readonly code: ErrorCode; readonly message: string }> = {
  noLeader: { code: 'UNAVAILABLE', message: 'no leader was found within the request timeout' },
  overloaded: { code: 'TOO_MANY_REQUESTS', message: 'the queue of requests is full' },
  noSpace: { code: 'NO_SPACE', message: 'the disk is below its reserve; deletes and compaction still work' },
  stopping: { code: 'STOPPED', message: 'the node is stopping' },
  superseded: { code: 'UNAVAILABLE', message: 'the leader changed and the request was not carried out' },
  timeout: { code: 'TIMEOUT', message: 'no quorum answered within the request timeout' },
  disconnected: { code: 'UNAVAILABLE', message: 'the connection to the leader was lost before it answered' },
  snapshotInstalled: {
    code: 'UNAVAILABLE',
    message: 'the node was caught up by a snapshot before the outcome was known',
  },
  catchingUp: { code: 'UNAVAILABLE', message: 'the replica is being caught up by a snapshot' },
  notMember: { code: 'UNAVAILABLE', message: 'this node is no member of the keyspace; ask another one' },
  failed: { code: 'STOPPED', message: 'the node has failed' },
  corrupt: { code: 'CORRUPT', message: "this node's copy of the data is corrupt and is not served; ask another node" },
};

/** A failed command or read. `mayHaveHappened` is told for writes only. */
export function failureError(failure: Failure, isWrite: boolean): KvorumError {
  const { code, message } = failureTable[failure.reason];
  return new KvorumError(code, message, isWrite ? { mayHaveHappened: failure.mayHaveHappened } : {});
}

/**
 * The node's state may be older than a read allows. `stalenessMs` is what is known of its age. The field tells it from a node that is not well: nothing is
 * wrong with this one, and another may have a newer state.
 */
export function staleError(stalenessMs: number | undefined, maxStalenessMs: number): KvorumError {
  const known =
    stalenessMs === undefined
      ? "nothing is known of the age of this node's state"
      : `this node's state may be ${Math.ceil(stalenessMs)} ms old`;
  const message = `${known}; at most ${maxStalenessMs} ms are allowed`;
  return new KvorumError('UNAVAILABLE', message, { field: 'maxStalenessMs' });
}

/** An outcome that is not the success the caller asked for. */
export function outcomeError(outcome: Outcome): KvorumError {
  switch (outcome.kind) {
    case 'conditionFailed': {
      const { modRevision } = outcome;
      const state = modRevision === 0 ? 'the key does not exist' : `the key's modRevision is ${modRevision}`;
      return new KvorumError('CONDITION_FAILED', `${state}, so the condition does not hold; nothing was written`, {
        currentRevision: modRevision,
        mayHaveHappened: false,
      });
    }
    case 'failed':
      return outcome.reason === 'compacted'
        ? new KvorumError('COMPACTED', `revisions before ${outcome.compactRevision} were compacted already`, {
            field: 'revision',
            compactRevision: outcome.compactRevision,
            mayHaveHappened: false,
          })
        : new KvorumError('FUTURE_REVISION', `the revision is in the future; the newest is ${outcome.revision}`, {
            field: 'revision',
            currentRevision: outcome.revision,
            mayHaveHappened: false,
          });
    case 'sessionRefused':
      return sessionError(outcome.reason);
    case 'sessionOpened':
    case 'sessionKept':
    case 'sessionsEnded':
    case 'put':
    case 'delete':
    case 'compact':
    case 'compare':
      return new KvorumError('INTERNAL', `unexpected outcome ${outcome.kind}`);
  }
}

/** A write whose sequence its session used before, for another kind of write: the outcome is not one that it can be answered with. */
export function sequenceReused(first: 'put' | 'delete', kind: 'put' | 'delete'): KvorumError {
  const message = `the sequence was used before, for a ${first}; this ${kind} was not carried out`;
  return new KvorumError('SEQUENCE_REFUSED', message, {
    field: 'sequence',
    allowed: 'a sequence of its own for each write',
    mayHaveHappened: false,
  });
}

/** A session, or a write in it, that was refused. This request was not carried out; an earlier copy of it may have been. */
function sessionError(reason: SessionRefusal): KvorumError {
  switch (reason) {
    case 'sessionExpired':
      return new KvorumError('SESSION_EXPIRED', 'the session has expired, was closed or never was', {
        mayHaveHappened: false,
      });
    case 'tooManySessions':
      return new KvorumError(
        'TOO_MANY_SESSIONS',
        'as many sessions are open as may be; none that lives is ended for another',
        {
          mayHaveHappened: false,
        },
      );
    case 'sequenceAcknowledged':
      return new KvorumError('SEQUENCE_REFUSED', 'the outcome of this sequence was acknowledged before', {
        field: 'sequence',
        allowed: 'the first unacknowledged one of the session or more',
        mayHaveHappened: false,
      });
    case 'sequenceBeyondWindow':
      return new KvorumError('SEQUENCE_REFUSED', 'the sequence is too far ahead of the first unacknowledged one', {
        field: 'sequence',
        allowed: `less than ${SESSION_WINDOW} above the first unacknowledged one`,
        mayHaveHappened: false,
      });
  }
}

/** An error thrown by a read of the state machine; anything unknown passes through. */
export function readError(error: unknown): unknown {
  if (error instanceof CompactedError) {
    return new KvorumError(
      'COMPACTED',
      error.message,
      { field: 'revision', compactRevision: error.compactRevision },
      error,
    );
  }
  if (error instanceof FutureRevisionError) {
    return new KvorumError(
      'FUTURE_REVISION',
      error.message,
      { field: 'revision', currentRevision: error.currentRevision },
      error,
    );
  }
  if (error instanceof KvError) return new KvorumError('CORRUPT', error.message, {}, error);
  return error;
}
