// Generated from google/protobuf/empty.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export type Empty = Readonly<Record<string, never>>;

const emptyEmpty: Empty = {};

export function encodeEmpty(message: Init<Empty>): Uint8Array {
  return sharedWriter.encode(message, writeEmpty);
}

/** Fields from last to first, as the writer asks. */
export function writeEmpty(_writer: ProtoWriter, _message: Init<Empty>): void {
}

export function decodeEmpty(bytes: Uint8Array): Empty {
  return readEmpty(new ProtoReader(bytes));
}

export function readEmpty(reader: ProtoReader, base: Empty = emptyEmpty): Empty {
  while (reader.at < reader.end) reader.skip(reader.tag());
  return base;
}
