// Generated from google/rpc/status.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { ProtoReader } from '../../wire/proto-reader.js';
import { type Any, readAny, writeAny } from '../protobuf/any.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export interface Status {
  /** The gRPC status code. */
  readonly code: number;
  readonly message: string;
  readonly details: readonly Any[];
}

const emptyStatus: Status = {
  code: 0,
  message: '',
  details: [],
};

export function encodeStatus(message: Init<Status>): Uint8Array {
  return sharedWriter.encode(message, writeStatus);
}

/** Fields from last to first, as the writer asks. */
export function writeStatus(writer: ProtoWriter, message: Init<Status>): void {
  if (message.details) writer.messages(26, message.details, writeAny);
  if (message.message) writer.string(18, message.message);
  if (message.code) writer.int32(8, message.code);
}

export function decodeStatus(bytes: Uint8Array): Status {
  return readStatus(new ProtoReader(bytes));
}

export function readStatus(reader: ProtoReader, base: Status = emptyStatus): Status {
  let code = base.code;
  let message = base.message;
  const details: Any[] = base === emptyStatus ? [] : (base.details as Any[]);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8: code = reader.int32(); break;
      case 18: message = reader.string(); break;
      case 26: details.push(reader.item().message(readAny)); break;
      default: reader.skip(tag);
    }
  }
  return { code, message, details };
}
