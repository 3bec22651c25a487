// Generated from google/protobuf/any.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { EMPTY_BYTES, ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export interface Any {
  /** `type.googleapis.com/` and the full name of the message. */
  readonly typeUrl: string;
  /** The message, encoded. */
  readonly value: Uint8Array;
}

const emptyAny: Any = {
  typeUrl: '',
  value: EMPTY_BYTES,
};

export function encodeAny(message: Init<Any>): Uint8Array {
  return sharedWriter.encode(message, writeAny);
}

/** Fields from last to first, as the writer asks. */
export function writeAny(writer: ProtoWriter, message: Init<Any>): void {
  if (message.value?.length) writer.bytes(18, message.value);
  if (message.typeUrl) writer.string(10, message.typeUrl);
}

export function decodeAny(bytes: Uint8Array): Any {
  return readAny(new ProtoReader(bytes));
}

export function readAny(reader: ProtoReader, base: Any = emptyAny): Any {
  let typeUrl = base.typeUrl;
  let value = base.value;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: typeUrl = reader.string(); break;
      case 18: value = reader.bytes(); break;
      default: reader.skip(tag);
    }
  }
  return { typeUrl, value };
}
