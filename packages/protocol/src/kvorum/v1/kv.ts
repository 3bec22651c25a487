// Generated from kvorum/v1/kv.proto by `npm run protos`: edit that file, not this one.
import type { MethodShape } from '../../wire/message.js';
import { type BatchRequest, decodeBatchRequest, encodeBatchRequest, type BatchResponse, decodeBatchResponse, encodeBatchResponse } from './batch.js';
import { type GetRequest, decodeGetRequest, encodeGetRequest, type GetResponse, decodeGetResponse, encodeGetResponse, type ListRequest, decodeListRequest, encodeListRequest } from './read.js';
import { type GetServersRequest, decodeGetServersRequest, encodeGetServersRequest, type GetServersResponse, decodeGetServersResponse, encodeGetServersResponse } from './servers.js';
import { type OpenSessionRequest, decodeOpenSessionRequest, encodeOpenSessionRequest, type OpenSessionResponse, decodeOpenSessionResponse, encodeOpenSessionResponse, type KeepAliveSessionRequest, decodeKeepAliveSessionRequest, encodeKeepAliveSessionRequest, type KeepAliveSessionResponse, decodeKeepAliveSessionResponse, encodeKeepAliveSessionResponse, type CloseSessionRequest, decodeCloseSessionRequest, encodeCloseSessionRequest, type CloseSessionResponse, decodeCloseSessionResponse, encodeCloseSessionResponse } from './session.js';
import { type SetRequest, decodeSetRequest, encodeSetRequest, type SetResponse, decodeSetResponse, encodeSetResponse, type DeleteRequest, decodeDeleteRequest, encodeDeleteRequest, type DeleteResponse, decodeDeleteResponse, encodeDeleteResponse } from './write.js';
import { type WatchRequest, decodeWatchRequest, encodeWatchRequest, type WatchResponse, decodeWatchResponse, encodeWatchResponse } from './watch.js';

/**
 * Every call fails with a status whose `grpc-status-details-bin` holds a google.rpc.Status with one kvorum.v1.ErrorDetail.
 * NOT_FOUND: the key or the keyspace does not exist. FAILED_PRECONDITION: a condition did not hold, nothing was written.
 * UNAVAILABLE and DEADLINE_EXCEEDED tell of a write whether it may have happened. INVALID_ARGUMENT names the field.
 */
export const kvMethods = {
  /** One key's value. NOT_FOUND when the key does not exist. */
  get: {
    path: '/kvorum.v1.KV/Get',
    kind: 'unary',
    request: { encode: encodeGetRequest, decode: decodeGetRequest },
    response: { encode: encodeGetResponse, decode: decodeGetResponse },
  } satisfies MethodShape<GetRequest, GetResponse>,
  /** Writes one key; acknowledged once a majority has it on disk. */
  set: {
    path: '/kvorum.v1.KV/Set',
    kind: 'unary',
    request: { encode: encodeSetRequest, decode: decodeSetRequest },
    response: { encode: encodeSetResponse, decode: decodeSetResponse },
  } satisfies MethodShape<SetRequest, SetResponse>,
  /** Deletes one key; one that does not exist is no error. */
  delete: {
    path: '/kvorum.v1.KV/Delete',
    kind: 'unary',
    request: { encode: encodeDeleteRequest, decode: decodeDeleteRequest },
    response: { encode: encodeDeleteResponse, decode: decodeDeleteResponse },
  } satisfies MethodShape<DeleteRequest, DeleteResponse>,
  /**
   * Keys in order, one message per key, all as of one revision. An empty request lists everything.
   * The answer's headers carry that revision as `kvorum-revision`.
   */
  list: {
    path: '/kvorum.v1.KV/List',
    kind: 'serverStream',
    request: { encode: encodeListRequest, decode: decodeListRequest },
    response: { encode: encodeGetResponse, decode: decodeGetResponse },
  } satisfies MethodShape<ListRequest, GetResponse>,
  /** Many operations in one message, each with a result of its own. Not atomic. */
  batch: {
    path: '/kvorum.v1.KV/Batch',
    kind: 'unary',
    request: { encode: encodeBatchRequest, decode: decodeBatchRequest },
    response: { encode: encodeBatchResponse, decode: decodeBatchResponse },
  } satisfies MethodShape<BatchRequest, BatchResponse>,
  /** Changes as they happen, or from an older revision on: every one, once and in order. */
  watch: {
    path: '/kvorum.v1.KV/Watch',
    kind: 'serverStream',
    request: { encode: encodeWatchRequest, decode: decodeWatchRequest },
    response: { encode: encodeWatchResponse, decode: decodeWatchResponse },
  } satisfies MethodShape<WatchRequest, WatchResponse>,
  /** The nodes of the cluster, as the asked one knows them. */
  getServers: {
    path: '/kvorum.v1.KV/GetServers',
    kind: 'unary',
    request: { encode: encodeGetServersRequest, decode: decodeGetServersRequest },
    response: { encode: encodeGetServersResponse, decode: decodeGetServersResponse },
  } satisfies MethodShape<GetServersRequest, GetServersResponse>,
  /** Begins a session, in which a write that is sent again happens once. */
  openSession: {
    path: '/kvorum.v1.KV/OpenSession',
    kind: 'unary',
    request: { encode: encodeOpenSessionRequest, decode: decodeOpenSessionRequest },
    response: { encode: encodeOpenSessionResponse, decode: decodeOpenSessionResponse },
  } satisfies MethodShape<OpenSessionRequest, OpenSessionResponse>,
  /** Keeps an idle session from expiring. Writes in it do so, too. */
  keepAliveSession: {
    path: '/kvorum.v1.KV/KeepAliveSession',
    kind: 'unary',
    request: { encode: encodeKeepAliveSessionRequest, decode: decodeKeepAliveSessionRequest },
    response: { encode: encodeKeepAliveSessionResponse, decode: decodeKeepAliveSessionResponse },
  } satisfies MethodShape<KeepAliveSessionRequest, KeepAliveSessionResponse>,
  /** Ends a session and forgets its outcomes. */
  closeSession: {
    path: '/kvorum.v1.KV/CloseSession',
    kind: 'unary',
    request: { encode: encodeCloseSessionRequest, decode: decodeCloseSessionRequest },
    response: { encode: encodeCloseSessionResponse, decode: decodeCloseSessionResponse },
  } satisfies MethodShape<CloseSessionRequest, CloseSessionResponse>,
} as const;
