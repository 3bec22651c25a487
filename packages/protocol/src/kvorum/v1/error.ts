// Generated from kvorum/v1/error.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export interface ErrorDetail {
  /** Stable and finer than the status code, as in CONDITION_FAILED or KEYSPACE_NOT_FOUND. */
  readonly code: string;
  /** The same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** Of a write: it may have been, or may still be, carried out. False: it definitely was not, and never will be. */
  readonly mayHaveHappened: boolean;
  /** The field of the request that is wrong. */
  readonly field: string;
  /** What is allowed there, in words or as a range. */
  readonly allowed: string;
  /**
   * CONDITION_FAILED: the key's mod_revision, 0 when it does not exist. FUTURE_REVISION: the newest one.
   * KEY_NOT_FOUND: the revision at which the key was looked for.
   */
  readonly revision: number;
  /** COMPACTED: the oldest revision that can still be read. */
  readonly compactRevision: number;
  /** The client address of the node that leads, if it is known; a hint. */
  readonly leader: string;
}

const emptyErrorDetail: ErrorDetail = {
  code: '',
  retryable: false,
  mayHaveHappened: false,
  field: '',
  allowed: '',
  revision: 0,
  compactRevision: 0,
  leader: '',
};

export function encodeErrorDetail(message: Init<ErrorDetail>): Uint8Array {
  return sharedWriter.encode(message, writeErrorDetail);
}

/** Fields from last to first, as the writer asks. */
export function writeErrorDetail(writer: ProtoWriter, message: Init<ErrorDetail>): void {
  if (message.leader) writer.string(66, message.leader);
  if (message.compactRevision) writer.uint64Number(56, message.compactRevision);
  if (message.revision) writer.uint64Number(48, message.revision);
  if (message.allowed) writer.string(42, message.allowed);
  if (message.field) writer.string(34, message.field);
  if (message.mayHaveHappened) writer.bool(24, message.mayHaveHappened);
  if (message.retryable) writer.bool(16, message.retryable);
  if (message.code) writer.string(10, message.code);
}

export function decodeErrorDetail(bytes: Uint8Array): ErrorDetail {
  return readErrorDetail(new ProtoReader(bytes));
}

export function readErrorDetail(reader: ProtoReader, base: ErrorDetail = emptyErrorDetail): ErrorDetail {
  let code = base.code;
  let retryable = base.retryable;
  let mayHaveHappened = base.mayHaveHappened;
  let field = base.field;
  let allowed = base.allowed;
  let revision = base.revision;
  let compactRevision = base.compactRevision;
  let leader = base.leader;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: code = reader.string(); break;
      case 16: retryable = reader.bool(); break;
      case 24: mayHaveHappened = reader.bool(); break;
      case 34: field = reader.string(); break;
      case 42: allowed = reader.string(); break;
      case 48: revision = reader.uint64Number(); break;
      case 56: compactRevision = reader.uint64Number(); break;
      case 66: leader = reader.string(); break;
      default: reader.skip(tag);
    }
  }
  return { code, retryable, mayHaveHappened, field, allowed, revision, compactRevision, leader };
}
