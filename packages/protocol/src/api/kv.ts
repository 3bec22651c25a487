// Generated from api/kv.proto by `npm run protos`: edit that file, not this one.
import type { Init, MethodShape } from '../wire/message.js';
import { EMPTY_BYTES, ProtoReader } from '../wire/proto-reader.js';
import { type Empty, decodeEmpty, encodeEmpty } from '../google/protobuf/empty.js';
import { type ProtoWriter, sharedWriter } from '../wire/proto-writer.js';

export interface GetRequest {
  readonly key: string;
}

const emptyGetRequest: GetRequest = {
  key: '',
};

export function encodeGetRequest(message: Init<GetRequest>): Uint8Array {
  return sharedWriter.encode(message, writeGetRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeGetRequest(writer: ProtoWriter, message: Init<GetRequest>): void {
  if (message.key) writer.string(10, message.key);
}

export function decodeGetRequest(bytes: Uint8Array): GetRequest {
  return readGetRequest(new ProtoReader(bytes));
}

export function readGetRequest(reader: ProtoReader, base: GetRequest = emptyGetRequest): GetRequest {
  let key = base.key;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.string(); break;
      default: reader.skip(tag);
    }
  }
  return { key };
}

export interface GetResponse {
  readonly key: string;
  readonly value: Uint8Array;
}

const emptyGetResponse: GetResponse = {
  key: '',
  value: EMPTY_BYTES,
};

export function encodeGetResponse(message: Init<GetResponse>): Uint8Array {
  return sharedWriter.encode(message, writeGetResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeGetResponse(writer: ProtoWriter, message: Init<GetResponse>): void {
  if (message.value?.length) writer.bytes(18, message.value);
  if (message.key) writer.string(10, message.key);
}

export function decodeGetResponse(bytes: Uint8Array): GetResponse {
  return readGetResponse(new ProtoReader(bytes));
}

export function readGetResponse(reader: ProtoReader, base: GetResponse = emptyGetResponse): GetResponse {
  let key = base.key;
  let value = base.value;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.string(); break;
      case 18: value = reader.bytes(); break;
      default: reader.skip(tag);
    }
  }
  return { key, value };
}

export interface SetRequest {
  readonly key: string;
  readonly value: Uint8Array;
}

const emptySetRequest: SetRequest = {
  key: '',
  value: EMPTY_BYTES,
};

export function encodeSetRequest(message: Init<SetRequest>): Uint8Array {
  return sharedWriter.encode(message, writeSetRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeSetRequest(writer: ProtoWriter, message: Init<SetRequest>): void {
  if (message.value?.length) writer.bytes(18, message.value);
  if (message.key) writer.string(10, message.key);
}

export function decodeSetRequest(bytes: Uint8Array): SetRequest {
  return readSetRequest(new ProtoReader(bytes));
}

export function readSetRequest(reader: ProtoReader, base: SetRequest = emptySetRequest): SetRequest {
  let key = base.key;
  let value = base.value;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.string(); break;
      case 18: value = reader.bytes(); break;
      default: reader.skip(tag);
    }
  }
  return { key, value };
}

export interface SetResponse {
  readonly ok: boolean;
}

const emptySetResponse: SetResponse = {
  ok: false,
};

export function encodeSetResponse(message: Init<SetResponse>): Uint8Array {
  return sharedWriter.encode(message, writeSetResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeSetResponse(writer: ProtoWriter, message: Init<SetResponse>): void {
  if (message.ok) writer.bool(8, message.ok);
}

export function decodeSetResponse(bytes: Uint8Array): SetResponse {
  return readSetResponse(new ProtoReader(bytes));
}

export function readSetResponse(reader: ProtoReader, base: SetResponse = emptySetResponse): SetResponse {
  let ok = base.ok;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: ok = reader.bool(); break;
      default: reader.skip(tag);
    }
  }
  return { ok };
}

export interface DeleteRequest {
  readonly key: string;
}

const emptyDeleteRequest: DeleteRequest = {
  key: '',
};

export function encodeDeleteRequest(message: Init<DeleteRequest>): Uint8Array {
  return sharedWriter.encode(message, writeDeleteRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeDeleteRequest(writer: ProtoWriter, message: Init<DeleteRequest>): void {
  if (message.key) writer.string(10, message.key);
}

export function decodeDeleteRequest(bytes: Uint8Array): DeleteRequest {
  return readDeleteRequest(new ProtoReader(bytes));
}

export function readDeleteRequest(reader: ProtoReader, base: DeleteRequest = emptyDeleteRequest): DeleteRequest {
  let key = base.key;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.string(); break;
      default: reader.skip(tag);
    }
  }
  return { key };
}

export interface DeleteResponse {
  readonly ok: boolean;
}

const emptyDeleteResponse: DeleteResponse = {
  ok: false,
};

export function encodeDeleteResponse(message: Init<DeleteResponse>): Uint8Array {
  return sharedWriter.encode(message, writeDeleteResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeDeleteResponse(writer: ProtoWriter, message: Init<DeleteResponse>): void {
  if (message.ok) writer.bool(8, message.ok);
}

export function decodeDeleteResponse(bytes: Uint8Array): DeleteResponse {
  return readDeleteResponse(new ProtoReader(bytes));
}

export function readDeleteResponse(reader: ProtoReader, base: DeleteResponse = emptyDeleteResponse): DeleteResponse {
  let ok = base.ok;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: ok = reader.bool(); break;
      default: reader.skip(tag);
    }
  }
  return { ok };
}

export interface GetServersResponse {
  readonly servers: readonly Server[];
}

const emptyGetServersResponse: GetServersResponse = {
  servers: [],
};

export function encodeGetServersResponse(message: Init<GetServersResponse>): Uint8Array {
  return sharedWriter.encode(message, writeGetServersResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeGetServersResponse(writer: ProtoWriter, message: Init<GetServersResponse>): void {
  if (message.servers) writer.messages(10, message.servers, writeServer);
}

export function decodeGetServersResponse(bytes: Uint8Array): GetServersResponse {
  return readGetServersResponse(new ProtoReader(bytes));
}

export function readGetServersResponse(reader: ProtoReader, base: GetServersResponse = emptyGetServersResponse): GetServersResponse {
  const servers: Server[] = base === emptyGetServersResponse ? [] : (base.servers as Server[]);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: servers.push(reader.item().message(readServer)); break;
      default: reader.skip(tag);
    }
  }
  return { servers };
}

export interface Server {
  readonly id: string;
  /** Where clients reach the node, host:port. */
  readonly rpcAddr: string;
  readonly isLeader: boolean;
}

const emptyServer: Server = {
  id: '',
  rpcAddr: '',
  isLeader: false,
};

export function encodeServer(message: Init<Server>): Uint8Array {
  return sharedWriter.encode(message, writeServer);
}

/** Fields from last to first, as the writer asks. */
export function writeServer(writer: ProtoWriter, message: Init<Server>): void {
  if (message.isLeader) writer.bool(24, message.isLeader);
  if (message.rpcAddr) writer.string(18, message.rpcAddr);
  if (message.id) writer.string(10, message.id);
}

export function decodeServer(bytes: Uint8Array): Server {
  return readServer(new ProtoReader(bytes));
}

export function readServer(reader: ProtoReader, base: Server = emptyServer): Server {
  let id = base.id;
  let rpcAddr = base.rpcAddr;
  let isLeader = base.isLeader;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: id = reader.string(); break;
      case 18: rpcAddr = reader.string(); break;
      case 24: isLeader = reader.bool(); break;
      default: reader.skip(tag);
    }
  }
  return { id, rpcAddr, isLeader };
}

export const kvMethods = {
  /** NOT_FOUND when the key does not exist. */
  get: {
    path: '/api.KV/Get',
    kind: 'unary',
    request: { encode: encodeGetRequest, decode: decodeGetRequest },
    response: { encode: encodeGetResponse, decode: decodeGetResponse },
  } satisfies MethodShape<GetRequest, GetResponse>,
  set: {
    path: '/api.KV/Set',
    kind: 'unary',
    request: { encode: encodeSetRequest, decode: decodeSetRequest },
    response: { encode: encodeSetResponse, decode: decodeSetResponse },
  } satisfies MethodShape<SetRequest, SetResponse>,
  /** A key that does not exist is no error. */
  delete: {
    path: '/api.KV/Delete',
    kind: 'unary',
    request: { encode: encodeDeleteRequest, decode: decodeDeleteRequest },
    response: { encode: encodeDeleteResponse, decode: decodeDeleteResponse },
  } satisfies MethodShape<DeleteRequest, DeleteResponse>,
  /** All keys with their values, in order. */
  list: {
    path: '/api.KV/List',
    kind: 'serverStream',
    request: { encode: encodeEmpty, decode: decodeEmpty },
    response: { encode: encodeGetResponse, decode: decodeGetResponse },
  } satisfies MethodShape<Empty, GetResponse>,
  getServers: {
    path: '/api.KV/GetServers',
    kind: 'unary',
    request: { encode: encodeEmpty, decode: decodeEmpty },
    response: { encode: encodeGetServersResponse, decode: decodeGetServersResponse },
  } satisfies MethodShape<Empty, GetServersResponse>,
} as const;
