// Generated from kvorum/v1/write.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { EMPTY_BYTES, ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export interface SetRequest {
  /** 1 to 65,536 bytes. Key, value and framing together are at most 1.5 MiB. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Empty means `default`. A keyspace that does not exist is NOT_FOUND. */
  readonly keyspace: string;
  /** Write only if the key's mod_revision is this one; 0 means no such condition. FAILED_PRECONDITION tells the one it has. */
  readonly ifModRevision: number;
  /** Write only if the key does not exist. Not together with `if_mod_revision`. */
  readonly ifAbsent: boolean;
  /** The session's id, from OpenSession. */
  readonly session: number;
  /** Counts the session's writes from 1 on. */
  readonly sequence: number;
  /** The lowest sequence whose outcome the client has not seen; outcomes below it are forgotten. */
  readonly firstUnacknowledged: number;
}

const emptySetRequest: SetRequest = {
  key: EMPTY_BYTES,
  value: EMPTY_BYTES,
  keyspace: '',
  ifModRevision: 0,
  ifAbsent: false,
  session: 0,
  sequence: 0,
  firstUnacknowledged: 0,
};

export function encodeSetRequest(message: Init<SetRequest>): Uint8Array {
  return sharedWriter.encode(message, writeSetRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeSetRequest(writer: ProtoWriter, message: Init<SetRequest>): void {
  if (message.firstUnacknowledged) writer.uint64Number(72, message.firstUnacknowledged);
  if (message.sequence) writer.uint64Number(64, message.sequence);
  if (message.session) writer.uint64Number(56, message.session);
  if (message.ifAbsent) writer.bool(40, message.ifAbsent);
  if (message.ifModRevision) writer.uint64Number(32, message.ifModRevision);
  if (message.keyspace) writer.string(26, message.keyspace);
  if (message.value?.length) writer.bytes(18, message.value);
  if (message.key?.length) writer.bytes(10, message.key);
}

export function decodeSetRequest(bytes: Uint8Array): SetRequest {
  return readSetRequest(new ProtoReader(bytes));
}

export function readSetRequest(reader: ProtoReader, base: SetRequest = emptySetRequest): SetRequest {
  let key = base.key;
  let value = base.value;
  let keyspace = base.keyspace;
  let ifModRevision = base.ifModRevision;
  let ifAbsent = base.ifAbsent;
  let session = base.session;
  let sequence = base.sequence;
  let firstUnacknowledged = base.firstUnacknowledged;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.bytes(); break;
      case 18: value = reader.bytes(); break;
      case 26: keyspace = reader.string(); break;
      case 32: ifModRevision = reader.uint64Number(); break;
      case 40: ifAbsent = reader.bool(); break;
      case 56: session = reader.uint64Number(); break;
      case 64: sequence = reader.uint64Number(); break;
      case 72: firstUnacknowledged = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { key, value, keyspace, ifModRevision, ifAbsent, session, sequence, firstUnacknowledged };
}

export interface SetResponse {
  /** Always true: what fails has a status other than OK. */
  readonly ok: boolean;
  /** The revision at which the key was created; the write's own if it created it. */
  readonly createRevision: number;
  /** How often the key was written since it was created, this write included. */
  readonly version: number;
  /** The write's revision, which is the key's mod_revision now. */
  readonly revision: number;
}

const emptySetResponse: SetResponse = {
  ok: false,
  createRevision: 0,
  version: 0,
  revision: 0,
};

export function encodeSetResponse(message: Init<SetResponse>): Uint8Array {
  return sharedWriter.encode(message, writeSetResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeSetResponse(writer: ProtoWriter, message: Init<SetResponse>): void {
  if (message.revision) writer.uint64Number(48, message.revision);
  if (message.version) writer.uint64Number(40, message.version);
  if (message.createRevision) writer.uint64Number(24, message.createRevision);
  if (message.ok) writer.bool(8, message.ok);
}

export function decodeSetResponse(bytes: Uint8Array): SetResponse {
  return readSetResponse(new ProtoReader(bytes));
}

export function readSetResponse(reader: ProtoReader, base: SetResponse = emptySetResponse): SetResponse {
  let ok = base.ok;
  let createRevision = base.createRevision;
  let version = base.version;
  let revision = base.revision;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: ok = reader.bool(); break;
      case 24: createRevision = reader.uint64Number(); break;
      case 40: version = reader.uint64Number(); break;
      case 48: revision = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { ok, createRevision, version, revision };
}

export interface DeleteRequest {
  /** 1 to 65,536 bytes. */
  readonly key: Uint8Array;
  /** Empty means `default`. A keyspace that does not exist is NOT_FOUND. */
  readonly keyspace: string;
  /** Delete only if the key's mod_revision is this one; 0 means no such condition. FAILED_PRECONDITION tells the one it has. */
  readonly ifModRevision: number;
  /** Fails if the key exists, and otherwise changes nothing: a check in the order of the writes. Not together with `if_mod_revision`. */
  readonly ifAbsent: boolean;
  /** The session's id, from OpenSession. */
  readonly session: number;
  /** Counts the session's writes from 1 on. */
  readonly sequence: number;
  /** The lowest sequence whose outcome the client has not seen; outcomes below it are forgotten. */
  readonly firstUnacknowledged: number;
}

const emptyDeleteRequest: DeleteRequest = {
  key: EMPTY_BYTES,
  keyspace: '',
  ifModRevision: 0,
  ifAbsent: false,
  session: 0,
  sequence: 0,
  firstUnacknowledged: 0,
};

export function encodeDeleteRequest(message: Init<DeleteRequest>): Uint8Array {
  return sharedWriter.encode(message, writeDeleteRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeDeleteRequest(writer: ProtoWriter, message: Init<DeleteRequest>): void {
  if (message.firstUnacknowledged) writer.uint64Number(72, message.firstUnacknowledged);
  if (message.sequence) writer.uint64Number(64, message.sequence);
  if (message.session) writer.uint64Number(56, message.session);
  if (message.ifAbsent) writer.bool(40, message.ifAbsent);
  if (message.ifModRevision) writer.uint64Number(32, message.ifModRevision);
  if (message.keyspace) writer.string(26, message.keyspace);
  if (message.key?.length) writer.bytes(10, message.key);
}

export function decodeDeleteRequest(bytes: Uint8Array): DeleteRequest {
  return readDeleteRequest(new ProtoReader(bytes));
}

export function readDeleteRequest(reader: ProtoReader, base: DeleteRequest = emptyDeleteRequest): DeleteRequest {
  let key = base.key;
  let keyspace = base.keyspace;
  let ifModRevision = base.ifModRevision;
  let ifAbsent = base.ifAbsent;
  let session = base.session;
  let sequence = base.sequence;
  let firstUnacknowledged = base.firstUnacknowledged;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.bytes(); break;
      case 26: keyspace = reader.string(); break;
      case 32: ifModRevision = reader.uint64Number(); break;
      case 40: ifAbsent = reader.bool(); break;
      case 56: session = reader.uint64Number(); break;
      case 64: sequence = reader.uint64Number(); break;
      case 72: firstUnacknowledged = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { key, keyspace, ifModRevision, ifAbsent, session, sequence, firstUnacknowledged };
}

export interface DeleteResponse {
  /** Always true: what fails has a status other than OK. */
  readonly ok: boolean;
  /** How many keys were deleted: 1, or 0 when the key did not exist. */
  readonly deleted: number;
  /** The revision of the deletion; the newest one when nothing was deleted. */
  readonly revision: number;
}

const emptyDeleteResponse: DeleteResponse = {
  ok: false,
  deleted: 0,
  revision: 0,
};

export function encodeDeleteResponse(message: Init<DeleteResponse>): Uint8Array {
  return sharedWriter.encode(message, writeDeleteResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeDeleteResponse(writer: ProtoWriter, message: Init<DeleteResponse>): void {
  if (message.revision) writer.uint64Number(48, message.revision);
  if (message.deleted) writer.uint64Number(16, message.deleted);
  if (message.ok) writer.bool(8, message.ok);
}

export function decodeDeleteResponse(bytes: Uint8Array): DeleteResponse {
  return readDeleteResponse(new ProtoReader(bytes));
}

export function readDeleteResponse(reader: ProtoReader, base: DeleteResponse = emptyDeleteResponse): DeleteResponse {
  let ok = base.ok;
  let deleted = base.deleted;
  let revision = base.revision;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: ok = reader.bool(); break;
      case 16: deleted = reader.uint64Number(); break;
      case 48: revision = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { ok, deleted, revision };
}
