// Generated from kvorum/v1/watch.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { EMPTY_BYTES, ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export const WatchEventKind = {
  PUT: 0,
  DELETE: 1,
} as const;

/** Which changes to follow: those of one key, of all keys with a prefix, of keys in [start, end), or, when none of these is given, of all. */
export interface WatchRequest {
  /** One key; not together with `prefix`, `start` or `end`. */
  readonly key: Uint8Array;
  /** Empty means `default`. A keyspace that does not exist is NOT_FOUND. */
  readonly keyspace: string;
  /** The first revision to deliver; 0 means what comes from now on. OUT_OF_RANGE with `compact_revision` when it was compacted away. */
  readonly fromRevision: number;
  /** Not together with `key`, `start` or `end`. */
  readonly prefix: Uint8Array;
  /** Empty means from the first key on. */
  readonly start: Uint8Array;
  /** The first key that is left out; empty means to the last. */
  readonly end: Uint8Array;
  /** Send with each event the state of the key before it, if that was not compacted away. */
  readonly prevKv: boolean;
  /** While nothing changes, send a response without events every ten seconds. */
  readonly progress: boolean;
  /** Very many events of one revision may come in several responses; otherwise they always come in one. */
  readonly fragment: boolean;
}

const emptyWatchRequest: WatchRequest = {
  key: EMPTY_BYTES,
  keyspace: '',
  fromRevision: 0,
  prefix: EMPTY_BYTES,
  start: EMPTY_BYTES,
  end: EMPTY_BYTES,
  prevKv: false,
  progress: false,
  fragment: false,
};

export function encodeWatchRequest(message: Init<WatchRequest>): Uint8Array {
  return sharedWriter.encode(message, writeWatchRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeWatchRequest(writer: ProtoWriter, message: Init<WatchRequest>): void {
  if (message.fragment) writer.bool(96, message.fragment);
  if (message.progress) writer.bool(88, message.progress);
  if (message.prevKv) writer.bool(80, message.prevKv);
  if (message.end?.length) writer.bytes(74, message.end);
  if (message.start?.length) writer.bytes(66, message.start);
  if (message.prefix?.length) writer.bytes(58, message.prefix);
  if (message.fromRevision) writer.uint64Number(48, message.fromRevision);
  if (message.keyspace) writer.string(26, message.keyspace);
  if (message.key?.length) writer.bytes(10, message.key);
}

export function decodeWatchRequest(bytes: Uint8Array): WatchRequest {
  return readWatchRequest(new ProtoReader(bytes));
}

export function readWatchRequest(reader: ProtoReader, base: WatchRequest = emptyWatchRequest): WatchRequest {
  let key = base.key;
  let keyspace = base.keyspace;
  let fromRevision = base.fromRevision;
  let prefix = base.prefix;
  let start = base.start;
  let end = base.end;
  let prevKv = base.prevKv;
  let progress = base.progress;
  let fragment = base.fragment;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.bytes(); break;
      case 26: keyspace = reader.string(); break;
      case 48: fromRevision = reader.uint64Number(); break;
      case 58: prefix = reader.bytes(); break;
      case 66: start = reader.bytes(); break;
      case 74: end = reader.bytes(); break;
      case 80: prevKv = reader.bool(); break;
      case 88: progress = reader.bool(); break;
      case 96: fragment = reader.bool(); break;
      default: reader.skip(tag);
    }
  }
  return { key, keyspace, fromRevision, prefix, start, end, prevKv, progress, fragment };
}

export interface WatchResponse {
  /** Empty in the first response, which tells that the watch has begun, and in progress notifications. */
  readonly events: readonly WatchEvent[];
  /** More events of the same revision follow in the next response. */
  readonly isFragment: boolean;
  /** Every change up to this revision has been delivered. In the first response: the revision before the first that will be. */
  readonly revision: number;
}

const emptyWatchResponse: WatchResponse = {
  events: [],
  isFragment: false,
  revision: 0,
};

export function encodeWatchResponse(message: Init<WatchResponse>): Uint8Array {
  return sharedWriter.encode(message, writeWatchResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeWatchResponse(writer: ProtoWriter, message: Init<WatchResponse>): void {
  if (message.revision) writer.uint64Number(48, message.revision);
  if (message.isFragment) writer.bool(16, message.isFragment);
  if (message.events) writer.messages(10, message.events, writeWatchEvent);
}

export function decodeWatchResponse(bytes: Uint8Array): WatchResponse {
  return readWatchResponse(new ProtoReader(bytes));
}

export function readWatchResponse(reader: ProtoReader, base: WatchResponse = emptyWatchResponse): WatchResponse {
  const events: WatchEvent[] = base === emptyWatchResponse ? [] : (base.events as WatchEvent[]);
  let isFragment = base.isFragment;
  let revision = base.revision;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: events.push(reader.item().message(readWatchEvent)); break;
      case 16: isFragment = reader.bool(); break;
      case 48: revision = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { events, isFragment, revision };
}

export interface WatchEvent {
  readonly kind: number;
  /** The key's new state. A deletion has key and mod_revision only. */
  readonly kv: KeyValue | undefined;
  /** The state before; absent when there was none, when it was compacted away, or if it was not asked for. */
  readonly prevKv: KeyValue | undefined;
}

const emptyWatchEvent: WatchEvent = {
  kind: 0,
  kv: undefined,
  prevKv: undefined,
};

export function encodeWatchEvent(message: Init<WatchEvent>): Uint8Array {
  return sharedWriter.encode(message, writeWatchEvent);
}

/** Fields from last to first, as the writer asks. */
export function writeWatchEvent(writer: ProtoWriter, message: Init<WatchEvent>): void {
  if (message.prevKv) writer.message(26, message.prevKv, writeKeyValue);
  if (message.kv) writer.message(18, message.kv, writeKeyValue);
  if (message.kind) writer.int32(8, message.kind);
}

export function decodeWatchEvent(bytes: Uint8Array): WatchEvent {
  return readWatchEvent(new ProtoReader(bytes));
}

export function readWatchEvent(reader: ProtoReader, base: WatchEvent = emptyWatchEvent): WatchEvent {
  let kind = base.kind;
  let kv: KeyValue | undefined = base.kv;
  let prevKv: KeyValue | undefined = base.prevKv;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: kind = reader.int32(); break;
      case 18: kv = reader.message(readKeyValue, kv); break;
      case 26: prevKv = reader.message(readKeyValue, prevKv); break;
      default: reader.skip(tag);
    }
  }
  return { kind, kv, prevKv };
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

const emptyKeyValue: KeyValue = {
  key: EMPTY_BYTES,
  value: EMPTY_BYTES,
  createRevision: 0,
  modRevision: 0,
  version: 0,
};

export function encodeKeyValue(message: Init<KeyValue>): Uint8Array {
  return sharedWriter.encode(message, writeKeyValue);
}

/** Fields from last to first, as the writer asks. */
export function writeKeyValue(writer: ProtoWriter, message: Init<KeyValue>): void {
  if (message.version) writer.uint64Number(40, message.version);
  if (message.modRevision) writer.uint64Number(32, message.modRevision);
  if (message.createRevision) writer.uint64Number(24, message.createRevision);
  if (message.value?.length) writer.bytes(18, message.value);
  if (message.key?.length) writer.bytes(10, message.key);
}

export function decodeKeyValue(bytes: Uint8Array): KeyValue {
  return readKeyValue(new ProtoReader(bytes));
}

export function readKeyValue(reader: ProtoReader, base: KeyValue = emptyKeyValue): KeyValue {
  let key = base.key;
  let value = base.value;
  let createRevision = base.createRevision;
  let modRevision = base.modRevision;
  let version = base.version;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: key = reader.bytes(); break;
      case 18: value = reader.bytes(); break;
      case 24: createRevision = reader.uint64Number(); break;
      case 32: modRevision = reader.uint64Number(); break;
      case 40: version = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { key, value, createRevision, modRevision, version };
}
