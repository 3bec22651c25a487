/** Requests that become commands: writes, alone and in batches, revision compaction, sessions. Checks limits, encodes, and waits for the outcome. */
import { BytePool } from '@kvorum/core/base/byte-pool.js';
import {
  encodeCloseSession,
  encodeCompact,
  encodeDelete,
  encodeKeepSession,
  encodeOpenSession,
  encodePut,
  type SessionStamp,
} from '@kvorum/core/kv/command.js';
import type { Outcome } from '@kvorum/core/kv/outcome.js';
import { SESSION_IDLE_MS, SESSIONS_MAX } from '@kvorum/core/kv/session-codec.js';
import { KvorumError } from '@kvorum/protocol';
import type { ShardAccess } from '../shard/shard-access.js';
import type {
  BatchOperation,
  BatchResult,
  DeleteResult,
  PutResult,
  SessionInfo,
  WriteOptions,
  WriteSession,
} from './kv-service.js';
import { failureError, outcomeError, sequenceReused } from './public-errors.js';
import {
  checkBatch,
  checkBatchBytes,
  checkKey,
  checkOperation,
  checkRevision,
  checkTimeout,
  checkValue,
  checkWriteOptions,
} from './request-checks.js';

type Waiting = Pick<WriteOptions, 'timeoutMs'>;

/** One per service. */
export class Writes {
  private readonly shard: Pick<ShardAccess, 'propose'>;
  private readonly options: { readonly requestTimeoutMs: number };
  /** Commands live until they are answered: short enough for shared blocks. */
  private readonly pool = new BytePool();

  constructor(shard: Pick<ShardAccess, 'propose'>, options: { readonly requestTimeoutMs: number }) {
    this.shard = shard;
    this.options = options;
  }

  async put(key: Uint8Array, value: Uint8Array, options: WriteOptions): Promise<PutResult> {
    checkKey(key);
    checkValue(key, value);
    checkWriteOptions(options);
    return putResult(await this.propose(this.putCommand(key, value, options), options.timeoutMs));
  }

  async delete(key: Uint8Array, options: WriteOptions): Promise<DeleteResult> {
    checkKey(key);
    checkWriteOptions(options);
    return deleteResult(await this.propose(deleteCommand(key, options), options.timeoutMs));
  }

  /** All commands are handed over in this turn, so they share entries of the log as far as these reach. */
  async batch(operations: readonly BatchOperation[], { timeoutMs }: Waiting): Promise<readonly BatchResult[]> {
    checkBatch(operations);
    checkTimeout(timeoutMs);
    checkBatchBytes(operations.reduce((bytes, operation) => bytes + checkOperation(operation), 0));
    const commands = operations.map((operation) =>
      operation.kind === 'put'
        ? this.putCommand(operation.key, operation.value, operation)
        : deleteCommand(operation.key, operation),
    );
    return Promise.all(
      commands.map((command, at) => {
        const result = operations[at]?.kind === 'put' ? batchPut : batchDelete;
        return this.propose(command, timeoutMs).then(result).catch(failedResult);
      }),
    );
  }

  async compact(revision: number): Promise<{ readonly revision: number }> {
    checkRevision(revision, 'revision');
    const outcome = await this.propose(encodeCompact(revision), undefined);
    if (outcome.kind !== 'compact') throw outcomeError(outcome);
    return { revision: outcome.revision };
  }

  async openSession({ timeoutMs }: Waiting): Promise<SessionInfo> {
    const outcome = await this.propose(encodeOpenSession(SESSIONS_MAX), timeoutMs);
    if (outcome.kind !== 'sessionOpened') throw outcomeError(outcome);
    return { id: outcome.session, idleMs: SESSION_IDLE_MS };
  }

  async keepSession(id: number, { timeoutMs }: Waiting): Promise<void> {
    checkRevision(id, 'session.id');
    const outcome = await this.propose(encodeKeepSession(id), timeoutMs);
    if (outcome.kind !== 'sessionKept') throw outcomeError(outcome);
  }

  async closeSession(id: number, { timeoutMs }: Waiting): Promise<void> {
    checkRevision(id, 'session.id');
    const outcome = await this.propose(encodeCloseSession(id), timeoutMs);
    if (outcome.kind !== 'sessionsEnded') throw outcomeError(outcome);
  }

  private putCommand(key: Uint8Array, value: Uint8Array, options: WriteOptions): Uint8Array {
    const { ifModRevision, ifAbsent, session } = options;
    const encoded = {
      ...(ifModRevision === undefined ? {} : { ifModRevision }),
      ...(ifAbsent === true ? { ifAbsent } : {}),
      ...stampOf(session),
    };
    return encodePut(key, value, encoded, this.pool);
  }

  private propose(command: Uint8Array, timeoutMs: number | undefined): Promise<Outcome> {
    checkTimeout(timeoutMs);
    return new Promise((resolve, reject) => {
      this.shard.propose(command, timeoutMs ?? this.options.requestTimeoutMs, (result) => {
        if (result.kind === 'outcome') resolve(result.outcome);
        else reject(failureError(result, true));
      });
    });
  }
}

function deleteCommand(key: Uint8Array, { ifModRevision, ifAbsent, session }: WriteOptions): Uint8Array {
  // An absent key has modRevision 0.
  const wanted = ifAbsent === true ? 0 : ifModRevision;
  return encodeDelete(key, { ...(wanted === undefined ? {} : { ifModRevision: wanted }), ...stampOf(session) });
}

function stampOf(session: WriteSession | undefined): { readonly session?: SessionStamp } {
  if (session === undefined) return {};
  const { id, sequence, firstUnacknowledged } = session;
  return { session: { session: id, sequence, firstUnacknowledged } };
}

function putResult(outcome: Outcome): PutResult {
  if (outcome.kind === 'delete') throw sequenceReused('delete', 'put');
  if (outcome.kind !== 'put') throw outcomeError(outcome);
  return { revision: outcome.revision, createRevision: outcome.createRevision, version: outcome.version };
}

function deleteResult(outcome: Outcome): DeleteResult {
  if (outcome.kind === 'put') throw sequenceReused('put', 'delete');
  if (outcome.kind !== 'delete') throw outcomeError(outcome);
  return { revision: outcome.revision, deleted: outcome.deleted };
}

function batchPut(outcome: Outcome): BatchResult {
  return { kind: 'put', ...putResult(outcome) };
}

function batchDelete(outcome: Outcome): BatchResult {
  return { kind: 'delete', ...deleteResult(outcome) };
}

function failedResult(error: unknown): BatchResult {
  if (error instanceof KvorumError) return { kind: 'failed', error };
  throw error;
}
