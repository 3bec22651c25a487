/** One call of a caller, from the moment it is made until its promise is settled. */
import type { ClientError } from '../base/errors.js';
import type { LaneIndex } from '../servers/endpoint.js';
import type { GetResponse } from '@kvorum/protocol/kvorum/v1/read.js';
import type { DeleteResponse, SetResponse } from '@kvorum/protocol/kvorum/v1/write.js';
import type { Failure } from '../servers/failure.js';
import type { Session } from '../session/session.js';

/** What a read asks for, as messages have it. */
export interface ReadFields {
  readonly consistency: number;
  readonly maxStalenessMs: number;
  readonly revision: number;
}

/** The condition of a write, as messages have it. */
export interface WriteFields {
  readonly ifModRevision: number;
  readonly ifAbsent: boolean;
}

/** What all kinds share. Mutable parts belong to the dispatcher. */
interface OperationBase {
  /** Changes only for a read that goes on to the leader. */
  lane: LaneIndex;
  readonly key: Uint8Array;
  readonly timeoutMs: number;
  deadlineMs: number;
  readonly reject: (error: ClientError) => void;
  isSettled: boolean;
  /** It is in a message that was sent and not answered yet. */
  isInFlight: boolean;
  /** An attempt that ended may have been, or may still be, carried out. */
  isMaybeDone: boolean;
  /** It goes in a message of its own: together with others it was too large. */
  isAlone: boolean;
  attempts: number;
  /** Servers whose state was too old for it. */
  staleAnswers: number;
  /** The one that tells most. */
  lastFailure: Failure | undefined;
  /** The session and sequence number that a write was first sent with; every further attempt carries the same. */
  session: Session | undefined;
  sequence: number;
  /** Undoes what watches the caller's signal. */
  stopListening: (() => void) | undefined;
  /** Neighbours in the list of its deadline. */
  before: Operation | undefined;
  after: Operation | undefined;
}

export interface GetOperation extends OperationBase {
  readonly kind: 'get';
  readonly read: ReadFields;
  /** Undefined: there is no such key. */
  readonly resolve: (response: GetResponse | undefined) => void;
}

export interface SetOperation extends OperationBase {
  readonly kind: 'set';
  readonly value: Uint8Array;
  readonly write: WriteFields;
  readonly resolve: (response: SetResponse) => void;
}

export interface DeleteOperation extends OperationBase {
  readonly kind: 'delete';
  readonly write: WriteFields;
  readonly resolve: (response: DeleteResponse) => void;
}

export type Operation = GetOperation | SetOperation | DeleteOperation;

/** The mutable part of a new operation. */
export function newState(): Pick<
  OperationBase,
  | 'deadlineMs'
  | 'isSettled'
  | 'isInFlight'
  | 'isMaybeDone'
  | 'isAlone'
  | 'attempts'
  | 'staleAnswers'
  | 'lastFailure'
  | 'session'
  | 'sequence'
  | 'stopListening'
  | 'before'
  | 'after'
> {
  return {
    deadlineMs: 0,
    isSettled: false,
    isInFlight: false,
    isMaybeDone: false,
    isAlone: false,
    attempts: 0,
    staleAnswers: 0,
    lastFailure: undefined,
    session: undefined,
    sequence: 0,
    stopListening: undefined,
    before: undefined,
    after: undefined,
  };
}
