/** Operations as messages: one goes as itself, several as a Batch. */
import type { Init } from '@kvorum/protocol';
import type { BatchOperation } from '@kvorum/protocol/kvorum/v1/batch.js';
import type { GetRequest } from '@kvorum/protocol/kvorum/v1/read.js';
import type { SetRequest } from '@kvorum/protocol/kvorum/v1/write.js';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import type { DeleteOperation, GetOperation, Operation, SetOperation } from './operation.js';

export interface Message {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** @param keyspace empty for the default one */
export function messageOf(operations: readonly Operation[], keyspace: string): Message {
  const [only] = operations;
  if (operations.length === 1 && only !== undefined) return single(only, keyspace);
  const { path, request } = kvMethods.batch;
  return { path, bytes: request.encode({ operations: operations.map((each) => batchOperation(each, keyspace)) }) };
}

function single(operation: Operation, keyspace: string): Message {
  switch (operation.kind) {
    case 'get':
      return { path: kvMethods.get.path, bytes: kvMethods.get.request.encode(getRequest(operation, keyspace)) };
    case 'set':
      return { path: kvMethods.set.path, bytes: kvMethods.set.request.encode(setRequest(operation, keyspace)) };
    case 'delete':
      return { path: kvMethods.delete.path, bytes: kvMethods.delete.request.encode(writeRequest(operation, keyspace)) };
  }
}

function batchOperation(operation: Operation, keyspace: string): Init<BatchOperation> {
  switch (operation.kind) {
    case 'get':
      return { get: getRequest(operation, keyspace) };
    case 'set':
      return { set: setRequest(operation, keyspace) };
    case 'delete':
      return { delete: writeRequest(operation, keyspace) };
  }
}

function getRequest({ key, read }: GetOperation, keyspace: string): Init<GetRequest> {
  return { key, keyspace, ...read };
}

function setRequest({ key, value, write, session, sequence }: SetOperation, keyspace: string): Init<SetRequest> {
  const { ifModRevision, ifAbsent } = write;
  if (session === undefined) return { key, value, keyspace, ifModRevision, ifAbsent };
  const { id, window } = session;
  const { firstUnacknowledged } = window;
  return { key, value, keyspace, ifModRevision, ifAbsent, session: id, sequence, firstUnacknowledged };
}

function writeRequest(
  { key, write, session, sequence }: DeleteOperation,
  keyspace: string,
): Init<Omit<SetRequest, 'value'>> {
  const { ifModRevision, ifAbsent } = write;
  if (session === undefined) return { key, keyspace, ifModRevision, ifAbsent };
  return {
    key,
    keyspace,
    ifModRevision,
    ifAbsent,
    session: session.id,
    sequence,
    firstUnacknowledged: session.window.firstUnacknowledged,
  };
}
