/** A cluster's state machine in miniature: keys, revisions, and sessions as the servers have them (architecture 14). */
import { errorDetail, grpcStatus, type Init, KvorumError } from '@kvorum/protocol';
import type { BatchOperation, BatchResult } from '@kvorum/protocol/kvorum/v1/batch.js';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import type { DeleteRequest, SetRequest } from '@kvorum/protocol/kvorum/v1/write.js';

interface Row {
  value: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
}

interface SessionRow {
  first: number;
  readonly outcomes: Map<number, Outcome>;
}

type Outcome = Init<BatchResult> | KvorumError;

export class ModelStore {
  revision = 1;
  window = 1_024;
  readonly rows = new Map<string, Row>();
  readonly sessions = new Map<number, SessionRow>();
  #sessionsOpened = 0;
  /** Writes that were carried out, by key. */
  readonly executions = new Map<string, number>();

  /** Carries a request out; throws KvorumError where a server would. */
  handle(path: string, request: Uint8Array): Uint8Array {
    switch (path) {
      case kvMethods.batch.path: {
        const { operations } = kvMethods.batch.request.decode(request);
        return kvMethods.batch.response.encode({ results: operations.map((operation) => this.#result(operation)) });
      }
      case kvMethods.get.path:
        return kvMethods.get.response.encode(good(this.#read(kvMethods.get.request.decode(request).key)).get ?? {});
      case kvMethods.set.path:
        return kvMethods.set.response.encode(good(this.#write(kvMethods.set.request.decode(request))).set ?? {});
      case kvMethods.delete.path:
        return kvMethods.delete.response.encode(
          good(this.#write(kvMethods.delete.request.decode(request))).delete ?? {},
        );
      case kvMethods.openSession.path: {
        this.#sessionsOpened += 1;
        this.sessions.set(this.#sessionsOpened, { first: 1, outcomes: new Map() });
        return kvMethods.openSession.response.encode({
          session: this.#sessionsOpened,
          idleMs: 3_600_000,
          window: this.window,
        });
      }
      case kvMethods.keepAliveSession.path: {
        const { session } = kvMethods.keepAliveSession.request.decode(request);
        if (!this.sessions.has(session)) throw new KvorumError('SESSION_EXPIRED', 'the session is gone');
        return kvMethods.keepAliveSession.response.encode({ idleMs: 3_600_000 });
      }
      case kvMethods.closeSession.path:
        this.sessions.delete(kvMethods.closeSession.request.decode(request).session);
        return new Uint8Array(0);
      default:
        throw new KvorumError('ROUTE_NOT_FOUND', path);
    }
  }

  /** The rows of a List, as they are now, whatever revision is asked for. */
  *list(request: Uint8Array): Generator<Uint8Array> {
    const { start, limit, revision } = kvMethods.list.request.decode(request);
    const from = Buffer.from(start).toString();
    const keys = [...this.rows.keys()].sort().filter((key) => key >= from);
    for (const key of limit === 0 ? keys : keys.slice(0, limit)) {
      const shown = revision === 0 ? this.revision : revision;
      yield kvMethods.list.response.encode({ key: Buffer.from(key), ...this.rows.get(key), revision: shown });
    }
  }

  #result({ get, set, delete: delete_ }: BatchOperation): Init<BatchResult> {
    const write = set ?? delete_;
    const outcome = write === undefined ? this.#read(get?.key ?? new Uint8Array(0)) : this.#write(write);
    if (!(outcome instanceof KvorumError)) return outcome;
    const { code, message } = grpcStatus(outcome);
    return { code, message, error: errorDetail(outcome) };
  }

  #read(bytes: Uint8Array): Outcome {
    const key = Buffer.from(bytes);
    const row = this.rows.get(key.toString());
    if (row === undefined) return new KvorumError('KEY_NOT_FOUND', 'no such key');
    return { get: { key, ...row, revision: this.revision } };
  }

  #write(request: SetRequest | DeleteRequest): Outcome {
    const { session: id, sequence, firstUnacknowledged } = request;
    if (id === 0) return this.#execute(request);
    const session = this.sessions.get(id);
    if (session === undefined) return new KvorumError('SESSION_EXPIRED', 'the session is gone');
    for (; session.first < firstUnacknowledged; session.first += 1) session.outcomes.delete(session.first);
    const known = session.outcomes.get(sequence);
    if (known !== undefined) return known;
    if (sequence < session.first || sequence >= session.first + this.window) {
      return new KvorumError('SEQUENCE_REFUSED', `${sequence} is not from ${session.first} on`);
    }
    const outcome = this.#execute(request);
    session.outcomes.set(sequence, outcome);
    return outcome;
  }

  #execute(request: SetRequest | DeleteRequest): Outcome {
    const key = Buffer.from(request.key).toString();
    const row = this.rows.get(key);
    const { ifModRevision, ifAbsent } = request;
    if ((ifAbsent && row !== undefined) || (ifModRevision > 0 && row?.modRevision !== ifModRevision)) {
      return new KvorumError('CONDITION_FAILED', 'it did not hold', { currentRevision: row?.modRevision ?? 0 });
    }
    this.executions.set(key, (this.executions.get(key) ?? 0) + 1);
    if (!('value' in request)) {
      if (this.rows.delete(key)) this.revision += 1;
      return { delete: { ok: true, deleted: row === undefined ? 0 : 1, revision: this.revision } };
    }
    this.revision += 1;
    const createRevision = row?.createRevision ?? this.revision;
    const version = (row?.version ?? 0) + 1;
    this.rows.set(key, { value: request.value.slice(), createRevision, modRevision: this.revision, version });
    return { set: { ok: true, createRevision, version, revision: this.revision } };
  }
}

function good(outcome: Outcome): Init<BatchResult> {
  if (outcome instanceof KvorumError) throw outcome;
  return outcome;
}
