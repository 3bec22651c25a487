/** What requests of kvorum.v1 ask for, as the service wants it. Each refuses with INVALID_ARGUMENT naming the field as the .proto file has it. */
import { KvorumError } from '@kvorum/protocol';
import { Consistency } from '@kvorum/protocol/kvorum/v1/read.js';
import type { ReadOptions, WriteOptions, WriteSession } from '../../service/kv-service.js';
import { requestTimeoutMsMax } from '../../service/request-checks.js';

interface ReadFields {
  readonly keyspace: string;
  readonly consistency: number;
  readonly maxStalenessMs: number;
  readonly revision: number;
}

interface WriteFields {
  readonly keyspace: string;
  readonly ifModRevision: number;
  readonly ifAbsent: boolean;
  readonly session: number;
  readonly sequence: number;
  readonly firstUnacknowledged: number;
}

const consistencies: Readonly<Record<number, ReadOptions['consistency']>> = {
  [Consistency.SERIALIZABLE]: 'serializable',
  [Consistency.MAX_STALENESS]: 'maxStaleness',
};
const unconditional: WriteOptions = {};
const newest: ReadOptions = {};

/** Until there are more keyspaces there is one, under two names. */
export function checkKeyspace(keyspace: string, isWrite: boolean): void {
  if (keyspace === '' || keyspace === 'default') return;
  throw new KvorumError('KEYSPACE_NOT_FOUND', `there is no keyspace ${JSON.stringify(keyspace)}`, {
    field: 'keyspace',
    ...(isWrite ? { mayHaveHappened: false } : {}),
  });
}

/** @param timeoutMs what is left of the call's time; undefined: the node's own limit */
export function readOptions(request: ReadFields, timeoutMs: number | undefined): ReadOptions {
  checkKeyspace(request.keyspace, false);
  const { consistency, maxStalenessMs, revision } = request;
  checkStaleness(request);
  if (consistency === Consistency.LINEARIZABLE && revision === 0 && timeoutMs === undefined) return newest;
  return {
    consistency: consistencies[consistency] ?? 'linearizable',
    maxStalenessMs: maxStalenessMs === 0 ? undefined : maxStalenessMs,
    revision: revision === 0 ? undefined : revision,
    timeoutMs,
  };
}

/** @param timeoutMs as for {@link readOptions} */
export function writeOptions(request: WriteFields, timeoutMs: number | undefined): WriteOptions {
  checkKeyspace(request.keyspace, true);
  const { ifModRevision, ifAbsent } = request;
  const session = sessionOf(request);
  if (ifModRevision === 0 && !ifAbsent && session === undefined && timeoutMs === undefined) return unconditional;
  if (ifModRevision !== 0 && ifAbsent) {
    throw refused('if_absent', 'two conditions exclude each other', 'one of if_mod_revision and if_absent');
  }
  return {
    ifModRevision: ifModRevision === 0 ? undefined : ifModRevision,
    ...(ifAbsent ? { ifAbsent } : {}),
    session,
    timeoutMs,
  };
}

/** What is left until a deadline, as the service takes it: a call with more time than a request may have is cut to that. */
export function timeLeft(deadlineMs: number | undefined, nowMs: number): number | undefined {
  if (deadlineMs === undefined) return undefined;
  return Math.min(Math.max(deadlineMs - nowMs, 1), requestTimeoutMsMax);
}

function checkStaleness({ consistency, maxStalenessMs }: ReadFields): void {
  if (consistency < Consistency.LINEARIZABLE || consistency > Consistency.MAX_STALENESS) {
    throw refused(
      'consistency',
      `consistency ${consistency} is not known`,
      'LINEARIZABLE, SERIALIZABLE, MAX_STALENESS',
    );
  }
  if ((consistency === Consistency.MAX_STALENESS) === maxStalenessMs > 0) return;
  throw refused('max_staleness_ms', `max_staleness_ms is ${maxStalenessMs}`, 'at least 1 with MAX_STALENESS, else 0');
}

function sessionOf({ session, sequence, firstUnacknowledged }: WriteFields): WriteSession | undefined {
  if (session !== 0) return { id: session, sequence, firstUnacknowledged };
  if (sequence === 0 && firstUnacknowledged === 0) return undefined;
  throw refused('session', 'sequence numbers without a session', 'a session, or no sequence numbers');
}

function refused(field: string, message: string, allowed: string): KvorumError {
  return new KvorumError('INVALID_ARGUMENT', `${message}; allowed is ${allowed}`, {
    field,
    allowed,
    mayHaveHappened: false,
  });
}
