// Generated from everything.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '.././wire/message.js';
import { EMPTY_BYTES, ProtoReader } from '.././wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '.././wire/proto-writer.js';

export const Color = {
  RED: 0,
  GREEN: 1,
  BLUE: 7,
} as const;

export interface Everything {
  readonly bytesField: Uint8Array;
  readonly stringField: string;
  readonly boolField: boolean;
  readonly uint32Field: number;
  readonly int32Field: number;
  readonly uint64Field: bigint;
  readonly int64Field: bigint;
  readonly uint64Number: number;
  readonly int64Number: number;
  readonly fixed64Field: bigint;
  readonly color: number;
  readonly inner: Everything | undefined;
  readonly items: readonly Everything[];
  readonly numbers: readonly number[];
  readonly counters: readonly number[];
  readonly flags: readonly boolean[];
  readonly colors: readonly number[];
  readonly chosenNumber: number | undefined;
  readonly chosenBytes: Uint8Array | undefined;
  readonly chosenMessage: Everything | undefined;
  readonly chosenText: string | undefined;
}

const emptyEverything: Everything = {
  bytesField: EMPTY_BYTES,
  stringField: '',
  boolField: false,
  uint32Field: 0,
  int32Field: 0,
  uint64Field: 0n,
  int64Field: 0n,
  uint64Number: 0,
  int64Number: 0,
  fixed64Field: 0n,
  color: 0,
  inner: undefined,
  items: [],
  numbers: [],
  counters: [],
  flags: [],
  colors: [],
  chosenNumber: undefined,
  chosenBytes: undefined,
  chosenMessage: undefined,
  chosenText: undefined,
};

export function encodeEverything(message: Init<Everything>): Uint8Array {
  return sharedWriter.encode(message, writeEverything);
}

/** Fields from last to first, as the writer asks. */
export function writeEverything(writer: ProtoWriter, message: Init<Everything>): void {
  if (message.chosenText !== undefined) writer.string(16002, message.chosenText);
  if (message.chosenMessage) writer.message(162, message.chosenMessage, writeEverything);
  if (message.chosenBytes !== undefined) writer.bytes(154, message.chosenBytes);
  if (message.chosenNumber !== undefined) writer.uint64Number(144, message.chosenNumber);
  if (message.colors) writer.packed(138, message.colors);
  if (message.flags) writer.packed(130, message.flags);
  if (message.counters) writer.packed(122, message.counters);
  if (message.numbers) writer.packed(114, message.numbers);
  if (message.items) writer.messages(106, message.items, writeEverything);
  if (message.inner) writer.message(98, message.inner, writeEverything);
  if (message.color) writer.int32(88, message.color);
  if (message.fixed64Field) writer.fixed64(81, message.fixed64Field);
  if (message.int64Number) writer.int64Number(72, message.int64Number);
  if (message.uint64Number) writer.uint64Number(64, message.uint64Number);
  if (message.int64Field) writer.int64(56, message.int64Field);
  if (message.uint64Field) writer.uint64(48, message.uint64Field);
  if (message.int32Field) writer.int32(40, message.int32Field);
  if (message.uint32Field) writer.uint32(32, message.uint32Field);
  if (message.boolField) writer.bool(24, message.boolField);
  if (message.stringField) writer.string(18, message.stringField);
  if (message.bytesField?.length) writer.bytes(10, message.bytesField);
}

export function decodeEverything(bytes: Uint8Array): Everything {
  return readEverything(new ProtoReader(bytes));
}

export function readEverything(reader: ProtoReader, base: Everything = emptyEverything): Everything {
  let bytesField = base.bytesField;
  let stringField = base.stringField;
  let boolField = base.boolField;
  let uint32Field = base.uint32Field;
  let int32Field = base.int32Field;
  let uint64Field = base.uint64Field;
  let int64Field = base.int64Field;
  let uint64Number = base.uint64Number;
  let int64Number = base.int64Number;
  let fixed64Field = base.fixed64Field;
  let color = base.color;
  let inner: Everything | undefined = base.inner;
  const items: Everything[] = base === emptyEverything ? [] : (base.items as Everything[]);
  const numbers: number[] = base === emptyEverything ? [] : (base.numbers as number[]);
  const counters: number[] = base === emptyEverything ? [] : (base.counters as number[]);
  const flags: boolean[] = base === emptyEverything ? [] : (base.flags as boolean[]);
  const colors: number[] = base === emptyEverything ? [] : (base.colors as number[]);
  let chosenNumber: number | undefined = base.chosenNumber;
  let chosenBytes: Uint8Array | undefined = base.chosenBytes;
  let chosenMessage: Everything | undefined = base.chosenMessage;
  let chosenText: string | undefined = base.chosenText;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: bytesField = reader.bytes(); break;
      case 18: stringField = reader.string(); break;
      case 24: boolField = reader.bool(); break;
      case 32: uint32Field = reader.uint32(); break;
      case 40: int32Field = reader.int32(); break;
      case 48: uint64Field = reader.uint64(); break;
      case 56: int64Field = reader.int64(); break;
      case 64: uint64Number = reader.uint64Number(); break;
      case 72: int64Number = reader.int64Number(); break;
      case 81: fixed64Field = reader.fixed64(); break;
      case 88: color = reader.int32(); break;
      case 98: inner = reader.message(readEverything, inner); break;
      case 106: items.push(reader.item().message(readEverything)); break;
      case 112: numbers.push(reader.item().uint32()); break;
      case 114: for (const outer = reader.open(); ; ) {
        if (reader.at >= reader.end) {
          reader.close(outer);
          break;
        }
        numbers.push(reader.item().uint32());
      }
      break;
      case 120: counters.push(reader.item().uint64Number()); break;
      case 122: for (const outer = reader.open(); ; ) {
        if (reader.at >= reader.end) {
          reader.close(outer);
          break;
        }
        counters.push(reader.item().uint64Number());
      }
      break;
      case 128: flags.push(reader.item().bool()); break;
      case 130: for (const outer = reader.open(); ; ) {
        if (reader.at >= reader.end) {
          reader.close(outer);
          break;
        }
        flags.push(reader.item().bool());
      }
      break;
      case 136: colors.push(reader.item().int32()); break;
      case 138: for (const outer = reader.open(); ; ) {
        if (reader.at >= reader.end) {
          reader.close(outer);
          break;
        }
        colors.push(reader.item().int32());
      }
      break;
      case 144: chosenNumber = reader.uint64Number(); chosenBytes = undefined; chosenMessage = undefined; chosenText = undefined; break;
      case 154: chosenBytes = reader.bytes(); chosenNumber = undefined; chosenMessage = undefined; chosenText = undefined; break;
      case 162: chosenMessage = reader.message(readEverything, chosenMessage); chosenNumber = undefined; chosenBytes = undefined; chosenText = undefined; break;
      case 16002: chosenText = reader.string(); chosenNumber = undefined; chosenBytes = undefined; chosenMessage = undefined; break;
      default: reader.skip(tag);
    }
  }
  return { bytesField, stringField, boolField, uint32Field, int32Field, uint64Field, int64Field, uint64Number, int64Number, fixed64Field, color, inner, items, numbers, counters, flags, colors, chosenNumber, chosenBytes, chosenMessage, chosenText };
}

export type Nothing = Readonly<Record<string, never>>;

const emptyNothing: Nothing = {};

export function encodeNothing(message: Init<Nothing>): Uint8Array {
  return sharedWriter.encode(message, writeNothing);
}

/** Fields from last to first, as the writer asks. */
export function writeNothing(_writer: ProtoWriter, _message: Init<Nothing>): void {
}

export function decodeNothing(bytes: Uint8Array): Nothing {
  return readNothing(new ProtoReader(bytes));
}

export function readNothing(reader: ProtoReader, base: Nothing = emptyNothing): Nothing {
  while (reader.at < reader.end) reader.skip(reader.tag());
  return base;
}
