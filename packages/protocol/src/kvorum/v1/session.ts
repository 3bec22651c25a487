// Generated from kvorum/v1/session.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export interface OpenSessionRequest {
  /** Empty means `default`. A session belongs to one keyspace. */
  readonly keyspace: string;
}

const emptyOpenSessionRequest: OpenSessionRequest = {
  keyspace: '',
};

export function encodeOpenSessionRequest(message: Init<OpenSessionRequest>): Uint8Array {
  return sharedWriter.encode(message, writeOpenSessionRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeOpenSessionRequest(writer: ProtoWriter, message: Init<OpenSessionRequest>): void {
  if (message.keyspace) writer.string(26, message.keyspace);
}

export function decodeOpenSessionRequest(bytes: Uint8Array): OpenSessionRequest {
  return readOpenSessionRequest(new ProtoReader(bytes));
}

export function readOpenSessionRequest(reader: ProtoReader, base: OpenSessionRequest = emptyOpenSessionRequest): OpenSessionRequest {
  let keyspace = base.keyspace;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 26: keyspace = reader.string(); break;
      default: reader.skip(tag);
    }
  }
  return { keyspace };
}

export interface OpenSessionResponse {
  readonly session: number;
  /** The session expires after this long without a write or a keepalive. */
  readonly idleMs: number;
  /** Writes that may be unacknowledged at a time: a sequence is below first_unacknowledged plus this. */
  readonly window: number;
}

const emptyOpenSessionResponse: OpenSessionResponse = {
  session: 0,
  idleMs: 0,
  window: 0,
};

export function encodeOpenSessionResponse(message: Init<OpenSessionResponse>): Uint8Array {
  return sharedWriter.encode(message, writeOpenSessionResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeOpenSessionResponse(writer: ProtoWriter, message: Init<OpenSessionResponse>): void {
  if (message.window) writer.uint32(24, message.window);
  if (message.idleMs) writer.uint64Number(16, message.idleMs);
  if (message.session) writer.uint64Number(8, message.session);
}

export function decodeOpenSessionResponse(bytes: Uint8Array): OpenSessionResponse {
  return readOpenSessionResponse(new ProtoReader(bytes));
}

export function readOpenSessionResponse(reader: ProtoReader, base: OpenSessionResponse = emptyOpenSessionResponse): OpenSessionResponse {
  let session = base.session;
  let idleMs = base.idleMs;
  let window = base.window;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: session = reader.uint64Number(); break;
      case 16: idleMs = reader.uint64Number(); break;
      case 24: window = reader.uint32(); break;
      default: reader.skip(tag);
    }
  }
  return { session, idleMs, window };
}

export interface KeepAliveSessionRequest {
  readonly keyspace: string;
  /** FAILED_PRECONDITION with code SESSION_EXPIRED when it has ended. */
  readonly session: number;
}

const emptyKeepAliveSessionRequest: KeepAliveSessionRequest = {
  keyspace: '',
  session: 0,
};

export function encodeKeepAliveSessionRequest(message: Init<KeepAliveSessionRequest>): Uint8Array {
  return sharedWriter.encode(message, writeKeepAliveSessionRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeKeepAliveSessionRequest(writer: ProtoWriter, message: Init<KeepAliveSessionRequest>): void {
  if (message.session) writer.uint64Number(56, message.session);
  if (message.keyspace) writer.string(26, message.keyspace);
}

export function decodeKeepAliveSessionRequest(bytes: Uint8Array): KeepAliveSessionRequest {
  return readKeepAliveSessionRequest(new ProtoReader(bytes));
}

export function readKeepAliveSessionRequest(reader: ProtoReader, base: KeepAliveSessionRequest = emptyKeepAliveSessionRequest): KeepAliveSessionRequest {
  let keyspace = base.keyspace;
  let session = base.session;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 26: keyspace = reader.string(); break;
      case 56: session = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { keyspace, session };
}

export interface KeepAliveSessionResponse {
  /** The session lives this long from now on. */
  readonly idleMs: number;
}

const emptyKeepAliveSessionResponse: KeepAliveSessionResponse = {
  idleMs: 0,
};

export function encodeKeepAliveSessionResponse(message: Init<KeepAliveSessionResponse>): Uint8Array {
  return sharedWriter.encode(message, writeKeepAliveSessionResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeKeepAliveSessionResponse(writer: ProtoWriter, message: Init<KeepAliveSessionResponse>): void {
  if (message.idleMs) writer.uint64Number(16, message.idleMs);
}

export function decodeKeepAliveSessionResponse(bytes: Uint8Array): KeepAliveSessionResponse {
  return readKeepAliveSessionResponse(new ProtoReader(bytes));
}

export function readKeepAliveSessionResponse(reader: ProtoReader, base: KeepAliveSessionResponse = emptyKeepAliveSessionResponse): KeepAliveSessionResponse {
  let idleMs = base.idleMs;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 16: idleMs = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { idleMs };
}

export interface CloseSessionRequest {
  readonly keyspace: string;
  /** One that has ended already is no error. */
  readonly session: number;
}

const emptyCloseSessionRequest: CloseSessionRequest = {
  keyspace: '',
  session: 0,
};

export function encodeCloseSessionRequest(message: Init<CloseSessionRequest>): Uint8Array {
  return sharedWriter.encode(message, writeCloseSessionRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeCloseSessionRequest(writer: ProtoWriter, message: Init<CloseSessionRequest>): void {
  if (message.session) writer.uint64Number(56, message.session);
  if (message.keyspace) writer.string(26, message.keyspace);
}

export function decodeCloseSessionRequest(bytes: Uint8Array): CloseSessionRequest {
  return readCloseSessionRequest(new ProtoReader(bytes));
}

export function readCloseSessionRequest(reader: ProtoReader, base: CloseSessionRequest = emptyCloseSessionRequest): CloseSessionRequest {
  let keyspace = base.keyspace;
  let session = base.session;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 26: keyspace = reader.string(); break;
      case 56: session = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { keyspace, session };
}

export type CloseSessionResponse = Readonly<Record<string, never>>;

const emptyCloseSessionResponse: CloseSessionResponse = {};

export function encodeCloseSessionResponse(message: Init<CloseSessionResponse>): Uint8Array {
  return sharedWriter.encode(message, writeCloseSessionResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeCloseSessionResponse(_writer: ProtoWriter, _message: Init<CloseSessionResponse>): void {
}

export function decodeCloseSessionResponse(bytes: Uint8Array): CloseSessionResponse {
  return readCloseSessionResponse(new ProtoReader(bytes));
}

export function readCloseSessionResponse(reader: ProtoReader, base: CloseSessionResponse = emptyCloseSessionResponse): CloseSessionResponse {
  while (reader.at < reader.end) reader.skip(reader.tag());
  return base;
}
