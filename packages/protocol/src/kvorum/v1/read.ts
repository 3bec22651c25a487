// Generated from kvorum/v1/read.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { EMPTY_BYTES, ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

/** What a read may miss. */
export const Consistency = {
  /** Sees every write that was acknowledged before the call, on whatever node it is served. */
  LINEARIZABLE: 0,
  /** What the asked node has applied; answered at once and without a quorum. The answer's revision tells how new that is. */
  SERIALIZABLE: 1,
  /** What the asked node has applied, if that is no older than `max_staleness_ms`; UNAVAILABLE otherwise. */
  MAX_STALENESS: 2,
} as const;

export interface GetRequest {
  /** 1 to 65,536 bytes. */
  readonly key: Uint8Array;
  /** Empty means `default`. A keyspace that does not exist is NOT_FOUND. */
  readonly keyspace: string;
  readonly consistency: number;
  /** For MAX_STALENESS only, at least 1. */
  readonly maxStalenessMs: number;
  /** Read as of this revision; 0 means the newest. OUT_OF_RANGE when it was compacted away or is in the future. */
  readonly revision: number;
}

const emptyGetRequest: GetRequest = {
  key: EMPTY_BYTES,
  keyspace: '',
  consistency: 0,
  maxStalenessMs: 0,
  revision: 0,
};

export function encodeGetRequest(message: Init<GetRequest>): Uint8Array {
  return sharedWriter.encode(message, writeGetRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeGetRequest(writer: ProtoWriter, message: Init<GetRequest>): void {
  if (message.revision) writer.uint64Number(48, message.revision);
  if (message.maxStalenessMs) writer.uint32(40, message.maxStalenessMs);
  if (message.consistency) writer.int32(32, message.consistency);
  if (message.keyspace) writer.string(26, message.keyspace);
  if (message.key?.length) writer.bytes(10, message.key);
}

export function decodeGetRequest(bytes: Uint8Array): GetRequest {
  return readGetRequest(new ProtoReader(bytes));
}

export function readGetRequest(reader: ProtoReader, base: GetRequest = emptyGetRequest): GetRequest {
  let key = base.key;
  let keyspace = base.keyspace;
  let consistency = base.consistency;
  let maxStalenessMs = base.maxStalenessMs;
  let revision = base.revision;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.bytes(); break;
      case 26: keyspace = reader.string(); break;
      case 32: consistency = reader.int32(); break;
      case 40: maxStalenessMs = reader.uint32(); break;
      case 48: revision = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { key, keyspace, consistency, maxStalenessMs, revision };
}

/** A key's state; the answer of Get, and one row of List. */
export interface GetResponse {
  readonly key: Uint8Array;
  /** Empty in a list of keys only. */
  readonly value: Uint8Array;
  /** The revision at which the key was created, after it was last absent. */
  readonly createRevision: number;
  /** The revision of the newest write to the key. */
  readonly modRevision: number;
  /** How often the key was written since it was created; the creation counts. */
  readonly version: number;
  /** The revision that the answer shows: Get: the newest that the node had applied; List: the same in all rows. */
  readonly revision: number;
  /** List: set in the last row when the limit left out keys. The next page starts right after this key, at the same revision. */
  readonly more: boolean;
}

const emptyGetResponse: GetResponse = {
  key: EMPTY_BYTES,
  value: EMPTY_BYTES,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  revision: 0,
  more: false,
};

export function encodeGetResponse(message: Init<GetResponse>): Uint8Array {
  return sharedWriter.encode(message, writeGetResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeGetResponse(writer: ProtoWriter, message: Init<GetResponse>): void {
  if (message.more) writer.bool(56, message.more);
  if (message.revision) writer.uint64Number(48, message.revision);
  if (message.version) writer.uint64Number(40, message.version);
  if (message.modRevision) writer.uint64Number(32, message.modRevision);
  if (message.createRevision) writer.uint64Number(24, message.createRevision);
  if (message.value?.length) writer.bytes(18, message.value);
  if (message.key?.length) writer.bytes(10, message.key);
}

export function decodeGetResponse(bytes: Uint8Array): GetResponse {
  return readGetResponse(new ProtoReader(bytes));
}

export function readGetResponse(reader: ProtoReader, base: GetResponse = emptyGetResponse): GetResponse {
  let key = base.key;
  let value = base.value;
  let createRevision = base.createRevision;
  let modRevision = base.modRevision;
  let version = base.version;
  let revision = base.revision;
  let more = base.more;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.bytes(); break;
      case 18: value = reader.bytes(); break;
      case 24: createRevision = reader.uint64Number(); break;
      case 32: modRevision = reader.uint64Number(); break;
      case 40: version = reader.uint64Number(); break;
      case 48: revision = reader.uint64Number(); break;
      case 56: more = reader.bool(); break;
      default: reader.skip(tag);
    }
  }
  return { key, value, createRevision, modRevision, version, revision, more };
}

/** What to list. The keys are those that start with `prefix` and lie in [start, end). */
export interface ListRequest {
  readonly keyspace: string;
  readonly consistency: number;
  /** For MAX_STALENESS only, at least 1. */
  readonly maxStalenessMs: number;
  /** List as of this revision; 0 means the newest. */
  readonly revision: number;
  /** Empty means all keys. */
  readonly prefix: Uint8Array;
  /** The first key, if it exists; empty means from the beginning. */
  readonly start: Uint8Array;
  /** The first key that is left out; empty means to the end. */
  readonly end: Uint8Array;
  /** At most this many keys; 0 means no limit. */
  readonly limit: number;
  /** Leave the values out. */
  readonly keysOnly: boolean;
}

const emptyListRequest: ListRequest = {
  keyspace: '',
  consistency: 0,
  maxStalenessMs: 0,
  revision: 0,
  prefix: EMPTY_BYTES,
  start: EMPTY_BYTES,
  end: EMPTY_BYTES,
  limit: 0,
  keysOnly: false,
};

export function encodeListRequest(message: Init<ListRequest>): Uint8Array {
  return sharedWriter.encode(message, writeListRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeListRequest(writer: ProtoWriter, message: Init<ListRequest>): void {
  if (message.keysOnly) writer.bool(88, message.keysOnly);
  if (message.limit) writer.uint64Number(80, message.limit);
  if (message.end?.length) writer.bytes(74, message.end);
  if (message.start?.length) writer.bytes(66, message.start);
  if (message.prefix?.length) writer.bytes(58, message.prefix);
  if (message.revision) writer.uint64Number(48, message.revision);
  if (message.maxStalenessMs) writer.uint32(40, message.maxStalenessMs);
  if (message.consistency) writer.int32(32, message.consistency);
  if (message.keyspace) writer.string(26, message.keyspace);
}

export function decodeListRequest(bytes: Uint8Array): ListRequest {
  return readListRequest(new ProtoReader(bytes));
}

export function readListRequest(reader: ProtoReader, base: ListRequest = emptyListRequest): ListRequest {
  let keyspace = base.keyspace;
  let consistency = base.consistency;
  let maxStalenessMs = base.maxStalenessMs;
  let revision = base.revision;
  let prefix = base.prefix;
  let start = base.start;
  let end = base.end;
  let limit = base.limit;
  let keysOnly = base.keysOnly;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 26: keyspace = reader.string(); break;
      case 32: consistency = reader.int32(); break;
      case 40: maxStalenessMs = reader.uint32(); break;
      case 48: revision = reader.uint64Number(); break;
      case 58: prefix = reader.bytes(); break;
      case 66: start = reader.bytes(); break;
      case 74: end = reader.bytes(); break;
      case 80: limit = reader.uint64Number(); break;
      case 88: keysOnly = reader.bool(); break;
      default: reader.skip(tag);
    }
  }
  return { keyspace, consistency, maxStalenessMs, revision, prefix, start, end, limit, keysOnly };
}
