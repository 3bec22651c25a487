// Generated from kvorum/v1/batch.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { ProtoReader } from '../../wire/proto-reader.js';
import { type ErrorDetail, readErrorDetail, writeErrorDetail } from './error.js';
import { type GetRequest, readGetRequest, writeGetRequest, type GetResponse, readGetResponse, writeGetResponse } from './read.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';
import { type SetRequest, readSetRequest, writeSetRequest, type DeleteRequest, readDeleteRequest, writeDeleteRequest, type SetResponse, readSetResponse, writeSetResponse, type DeleteResponse, readDeleteResponse, writeDeleteResponse } from './write.js';

export interface BatchRequest {
  /** 1 to 1,000 of them. */
  readonly operations: readonly BatchOperation[];
}

const emptyBatchRequest: BatchRequest = {
  operations: [],
};

export function encodeBatchRequest(message: Init<BatchRequest>): Uint8Array {
  return sharedWriter.encode(message, writeBatchRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeBatchRequest(writer: ProtoWriter, message: Init<BatchRequest>): void {
  if (message.operations) writer.messages(10, message.operations, writeBatchOperation);
}

export function decodeBatchRequest(bytes: Uint8Array): BatchRequest {
  return readBatchRequest(new ProtoReader(bytes));
}

export function readBatchRequest(reader: ProtoReader, base: BatchRequest = emptyBatchRequest): BatchRequest {
  const operations: BatchOperation[] = base === emptyBatchRequest ? [] : (base.operations as BatchOperation[]);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: operations.push(reader.item().message(readBatchOperation)); break;
      default: reader.skip(tag);
    }
  }
  return { operations };
}

export interface BatchOperation {
  readonly get: GetRequest | undefined;
  readonly set: SetRequest | undefined;
  readonly delete: DeleteRequest | undefined;
}

const emptyBatchOperation: BatchOperation = {
  get: undefined,
  set: undefined,
  delete: undefined,
};

export function encodeBatchOperation(message: Init<BatchOperation>): Uint8Array {
  return sharedWriter.encode(message, writeBatchOperation);
}

/** Fields from last to first, as the writer asks. */
export function writeBatchOperation(writer: ProtoWriter, message: Init<BatchOperation>): void {
  if (message.delete) writer.message(26, message.delete, writeDeleteRequest);
  if (message.set) writer.message(18, message.set, writeSetRequest);
  if (message.get) writer.message(10, message.get, writeGetRequest);
}

export function decodeBatchOperation(bytes: Uint8Array): BatchOperation {
  return readBatchOperation(new ProtoReader(bytes));
}

export function readBatchOperation(reader: ProtoReader, base: BatchOperation = emptyBatchOperation): BatchOperation {
  let get: GetRequest | undefined = base.get;
  let set: SetRequest | undefined = base.set;
  let delete_: DeleteRequest | undefined = base.delete;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: get = reader.message(readGetRequest, get); set = undefined; delete_ = undefined; break;
      case 18: set = reader.message(readSetRequest, set); get = undefined; delete_ = undefined; break;
      case 26: delete_ = reader.message(readDeleteRequest, delete_); get = undefined; set = undefined; break;
      default: reader.skip(tag);
    }
  }
  return { get, set, delete: delete_ };
}

export interface BatchResponse {
  /** One for each operation, in the same order. */
  readonly results: readonly BatchResult[];
}

const emptyBatchResponse: BatchResponse = {
  results: [],
};

export function encodeBatchResponse(message: Init<BatchResponse>): Uint8Array {
  return sharedWriter.encode(message, writeBatchResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeBatchResponse(writer: ProtoWriter, message: Init<BatchResponse>): void {
  if (message.results) writer.messages(10, message.results, writeBatchResult);
}

export function decodeBatchResponse(bytes: Uint8Array): BatchResponse {
  return readBatchResponse(new ProtoReader(bytes));
}

export function readBatchResponse(reader: ProtoReader, base: BatchResponse = emptyBatchResponse): BatchResponse {
  const results: BatchResult[] = base === emptyBatchResponse ? [] : (base.results as BatchResult[]);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: results.push(reader.item().message(readBatchResult)); break;
      default: reader.skip(tag);
    }
  }
  return { results };
}

export interface BatchResult {
  /** The gRPC status code that the operation would have had alone; 0 is success, and then one of the three answers is there. */
  readonly code: number;
  /** The status message; empty on success. */
  readonly message: string;
  /** Set on failure; what `grpc-status-details-bin` would have told. */
  readonly error: ErrorDetail | undefined;
  readonly get: GetResponse | undefined;
  readonly set: SetResponse | undefined;
  readonly delete: DeleteResponse | undefined;
}

const emptyBatchResult: BatchResult = {
  code: 0,
  message: '',
  error: undefined,
  get: undefined,
  set: undefined,
  delete: undefined,
};

export function encodeBatchResult(message: Init<BatchResult>): Uint8Array {
  return sharedWriter.encode(message, writeBatchResult);
}

/** Fields from last to first, as the writer asks. */
export function writeBatchResult(writer: ProtoWriter, message: Init<BatchResult>): void {
  if (message.delete) writer.message(50, message.delete, writeDeleteResponse);
  if (message.set) writer.message(42, message.set, writeSetResponse);
  if (message.get) writer.message(34, message.get, writeGetResponse);
  if (message.error) writer.message(26, message.error, writeErrorDetail);
  if (message.message) writer.string(18, message.message);
  if (message.code) writer.uint32(8, message.code);
}

export function decodeBatchResult(bytes: Uint8Array): BatchResult {
  return readBatchResult(new ProtoReader(bytes));
}

export function readBatchResult(reader: ProtoReader, base: BatchResult = emptyBatchResult): BatchResult {
  let code = base.code;
  let message = base.message;
  let error: ErrorDetail | undefined = base.error;
  let get: GetResponse | undefined = base.get;
  let set: SetResponse | undefined = base.set;
  let delete_: DeleteResponse | undefined = base.delete;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: code = reader.uint32(); break;
      case 18: message = reader.string(); break;
      case 26: error = reader.message(readErrorDetail, error); break;
      case 34: get = reader.message(readGetResponse, get); set = undefined; delete_ = undefined; break;
      case 42: set = reader.message(readSetResponse, set); get = undefined; delete_ = undefined; break;
      case 50: delete_ = reader.message(readDeleteResponse, delete_); get = undefined; set = undefined; break;
      default: reader.skip(tag);
    }
  }
  return { code, message, error, get, set, delete: delete_ };
}
