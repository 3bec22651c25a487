/**
 * The operations of kvorum.v1 on the service: Get, Set, Delete, alone and in a batch. Byte fields of requests end with the call, so what
 * is needed after the first wait is copied.
 */
import { errorDetail, grpcStatus, type Init, KvorumError } from '@kvorum/protocol';
import type { BatchOperation, BatchRequest, BatchResponse, BatchResult } from '@kvorum/protocol/kvorum/v1/batch.js';
import type { GetRequest, GetResponse } from '@kvorum/protocol/kvorum/v1/read.js';
import type { DeleteRequest, DeleteResponse, SetRequest, SetResponse } from '@kvorum/protocol/kvorum/v1/write.js';
import type { DeleteResult, GetResult, KvService, PutResult } from '../../service/kv-service.js';
import { batchOperationsMax } from '../../service/request-checks.js';
import { readOptions, writeOptions } from './requests.js';

type Reads = Pick<KvService, 'get'>;
type Writes = Pick<KvService, 'put' | 'delete'>;

/** Fails with KEY_NOT_FOUND, with the revision at which there was none. */
export function getKey(kv: Reads, request: GetRequest, timeoutMs: number | undefined): Promise<Init<GetResponse>> {
  return kv.get(request.key.slice(), readOptions(request, timeoutMs)).then(getResponse);
}

export function setKey(kv: Writes, request: SetRequest, timeoutMs: number | undefined): Promise<Init<SetResponse>> {
  return kv.put(request.key, request.value, writeOptions(request, timeoutMs)).then(setResponse);
}

export function deleteKey(
  kv: Writes,
  request: DeleteRequest,
  timeoutMs: number | undefined,
): Promise<Init<DeleteResponse>> {
  return kv.delete(request.key, writeOptions(request, timeoutMs)).then(deleteResponse);
}

/** All operations begin in this turn, so their writes share entries of the log and their reads one confirmation (P7). */
export async function runBatch(
  kv: Reads & Writes,
  { operations }: BatchRequest,
  timeoutMs: number | undefined,
  publicError: (cause: unknown) => KvorumError,
): Promise<Init<BatchResponse>> {
  if (operations.length === 0 || operations.length > batchOperationsMax) {
    const allowed = `1 to ${batchOperationsMax} operations`;
    const message = `the batch has ${operations.length} operations; allowed are ${allowed}`;
    throw new KvorumError('INVALID_ARGUMENT', message, { field: 'operations', allowed, mayHaveHappened: false });
  }
  const failed = (cause: unknown): Init<BatchResult> => failedResult(publicError(cause));
  const run = (operation: BatchOperation): Promise<Init<BatchResult>> => {
    try {
      return start(kv, operation, timeoutMs).catch(failed);
    } catch (cause) {
      return Promise.resolve(failed(cause));
    }
  };
  return { results: await Promise.all(operations.map(run)) };
}

function start(
  kv: Reads & Writes,
  operation: BatchOperation,
  timeoutMs: number | undefined,
): Promise<Init<BatchResult>> {
  if (operation.set !== undefined) return setKey(kv, operation.set, timeoutMs).then((set) => ({ set }));
  if (operation.get !== undefined) return getKey(kv, operation.get, timeoutMs).then((get) => ({ get }));
  if (operation.delete !== undefined) {
    return deleteKey(kv, operation.delete, timeoutMs).then((deleted) => ({ delete: deleted }));
  }
  const allowed = 'one of get, set and delete';
  throw new KvorumError('INVALID_ARGUMENT', `an operation is empty; allowed is ${allowed}`, {
    field: 'operation',
    allowed,
    mayHaveHappened: false,
  });
}

function failedResult(error: KvorumError): Init<BatchResult> {
  const { code, message } = grpcStatus(error);
  return { code, message, error: errorDetail(error) };
}

function getResponse({ kv, revision }: GetResult): Init<GetResponse> {
  if (kv === undefined) throw keyNotFound(revision);
  const { key, value, createRevision, modRevision, version } = kv;
  return { key, value, createRevision, modRevision, version, revision };
}

/** There was no such key at `revision`. */
export function keyNotFound(revision: number): KvorumError {
  return new KvorumError('KEY_NOT_FOUND', 'the key does not exist', { currentRevision: revision });
}

function setResponse({ revision, createRevision, version }: PutResult): Init<SetResponse> {
  return { ok: true, revision, createRevision, version };
}

function deleteResponse({ revision, deleted }: DeleteResult): Init<DeleteResponse> {
  return { ok: true, revision, deleted };
}
