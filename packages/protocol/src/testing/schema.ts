/** The .proto files read by protobufjs, and random messages of every type in them: the oracle of the codecs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import * as api from '../api/kv.js';
import * as any from '../google/protobuf/any.js';
import * as empty from '../google/protobuf/empty.js';
import * as status from '../google/rpc/status.js';
import * as batch from '../kvorum/v1/batch.js';
import * as error from '../kvorum/v1/error.js';
import * as read from '../kvorum/v1/read.js';
import * as servers from '../kvorum/v1/servers.js';
import * as session from '../kvorum/v1/session.js';
import * as watch from '../kvorum/v1/watch.js';
import * as write from '../kvorum/v1/write.js';
import * as everything from './everything.js';

const folder = fileURLToPath(new URL('../..', import.meta.url));
const modules: Readonly<Record<string, readonly object[]>> = {
  '.kvorum.v1': [batch, error, read, servers, session, watch, write],
  '.kvorum.testing': [everything],
  '.api': [api],
  '.google.protobuf': [any, empty],
  '.google.rpc': [status],
};

/** One message type: protobufjs's view of it, and our codec. */
export interface TestedType {
  readonly type: protobuf.Type;
  readonly encode: (message: object) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => object;
}

function parsed(): protobuf.Root {
  const root = new protobuf.Root();
  for (const start of ['proto', 'testdata/proto']) {
    for (const name of readdirSync(join(folder, start), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.proto')) protobuf.parse(readFileSync(join(folder, start, name), 'utf8'), root);
    }
  }
  root.resolveAll();
  return root;
}

function* typesIn(namespace: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const object of namespace.nestedArray) {
    if (object instanceof protobuf.Type) yield object;
    else if (object instanceof protobuf.Namespace) yield* typesIn(object);
  }
}

function codecOf(type: protobuf.Type): TestedType {
  for (const module of modules[type.parent?.fullName ?? ''] ?? []) {
    const encode: unknown = Reflect.get(module, `encode${type.name}`);
    const decode: unknown = Reflect.get(module, `decode${type.name}`);
    if (typeof encode !== 'function' || typeof decode !== 'function') continue;
    return { type, encode: (message) => encode(message), decode: (bytes) => decode(bytes) };
  }
  throw new Error(`no codec for ${type.fullName}`);
}

export const schema = parsed();

/** Every message of every file. */
export const testedTypes: readonly TestedType[] = [...typesIn(schema)].map(codecOf);

const counters = fc.oneof(
  fc.nat(),
  fc.constantFrom(
    0,
    1,
    127,
    128,
    2 ** 14,
    2 ** 28 - 1,
    2 ** 28,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 35 - 1,
    2 ** 35,
    2 ** 53 - 1,
  ),
  fc.maxSafeNat(),
);
const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bytes: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 100, maxLength: 300 })),
  string: fc.string({ unit: 'binary', maxLength: 20 }),
  bool: fc.boolean(),
  uint32: fc.oneof(fc.nat(300), fc.nat(2 ** 32 - 1)),
  int32: fc.integer(),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fixed64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
};

/** A message with any of its fields, of which some have their default. */
export function randomMessage(type: protobuf.Type, depth = 2): fc.Arbitrary<Record<string, unknown>> {
  const oneofs = type.oneofsArray;
  const shape = Object.fromEntries(type.fieldsArray.map((field) => [field.name, valueOf(field, depth)]));
  const chosen = oneofs.map((oneof) => fc.constantFrom('', ...oneof.fieldsArray.map(({ name }) => name)));
  return fc.tuple(fc.record(shape, { requiredKeys: [] }), fc.tuple(...chosen)).map(([message, choices]) => {
    const others = oneofs.flatMap((oneof, at) => oneof.fieldsArray.filter(({ name }) => name !== choices[at]));
    const dropped = new Set(others.map(({ name }) => name));
    return Object.fromEntries(
      Object.entries(message).filter(([name, value]) => value !== undefined && !dropped.has(name)),
    );
  });
}

function valueOf(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const { resolvedType } = field;
  const single = (): fc.Arbitrary<unknown> => {
    if (resolvedType instanceof protobuf.Type) return randomMessage(resolvedType, depth - 1);
    if (resolvedType instanceof protobuf.Enum) return fc.oneof(fc.constantFrom(0, 1, 2), fc.nat(1000));
    if (isNumber(field)) return field.type === 'int64' ? fc.maxSafeInteger() : counters;
    return scalars[field.type] ?? fc.constant(undefined);
  };
  if (resolvedType instanceof protobuf.Type && depth === 0) return fc.constant(undefined);
  return field.repeated ? fc.array(single(), { maxLength: 4 }) : single();
}

function isNumber(field: protobuf.Field): boolean {
  return field.getOption('jstype') === 'JS_NUMBER';
}

/** The same message as protobufjs wants it: 64-bit numbers as Long, and no field that has its default, as proto3 asks. */
export function asOracle(type: protobuf.Type, message: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const value: unknown = Reflect.get(message, field.name);
    if (value === undefined) continue;
    const isShown = field.repeated || field.partOf !== null || field.resolvedType instanceof protobuf.Type;
    if (!isShown && isDefault(value)) continue;
    out[field.name] = Array.isArray(value) ? value.map((each) => oracleValue(field, each)) : oracleValue(field, value);
  }
  return out;
}

function oracleValue(field: protobuf.Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type && typeof value === 'object' && value !== null) {
    return asOracle(field.resolvedType, value);
  }
  if (!field.type.endsWith('64')) return value;
  const bits = BigInt.asUintN(64, BigInt(String(value)));
  return new protobuf.util.LongBits(Number(bits & 0xffff_ffffn), Number(bits >> 32n)).toLong(field.type !== 'int64');
}

function isDefault(value: unknown): boolean {
  return value instanceof Uint8Array
    ? value.length === 0
    : value === 0 || value === 0n || value === '' || value === false;
}

/** What decoding must give: every field, those left out with their default. Text without lone surrogates. */
export function completed(type: protobuf.Type, message: object): Record<string, unknown> {
  return Object.fromEntries(type.fieldsArray.map((field) => [field.name, completedField(field, message)]));
}

function completedField(field: protobuf.Field, message: object): unknown {
  const { resolvedType } = field;
  const given: unknown = Reflect.get(message, field.name);
  const inner = (value: unknown): unknown => {
    if (resolvedType instanceof protobuf.Type && typeof value === 'object' && value !== null) {
      return completed(resolvedType, value);
    }
    return typeof value === 'string' ? value.replace(/[\ud800-\udfff]/gu, '\ufffd') : value;
  };
  if (Array.isArray(given)) return given.map(inner);
  if (given !== undefined) return inner(given);
  if (field.repeated) return [];
  if (resolvedType instanceof protobuf.Type || field.partOf !== null) return undefined;
  if (resolvedType instanceof protobuf.Enum || isNumber(field)) return 0;
  const zeros: Readonly<Record<string, unknown>> = {
    bytes: new Uint8Array(),
    string: '',
    bool: false,
    uint32: 0,
    int32: 0,
  };
  return field.type in zeros ? zeros[field.type] : 0n;
}
