// Parses .proto files, and says of each field what the generators need: how it is read, written and named. Refuses what they can't do.
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import protobuf from 'protobufjs';

/** Wire types by field type; enumerations are numbers like int32. */
const WIRE = { bytes: 2, string: 2, bool: 0, uint32: 0, int32: 0, uint64: 0, int64: 0, fixed64: 1 };
const DEFAULTS = { bytes: 'EMPTY_BYTES', string: "''", bool: 'false', bigint: '0n' };
const SCRIPT_TYPES = {
  bytes: 'Uint8Array',
  string: 'string',
  bool: 'boolean',
  uint64: 'bigint',
  int64: 'bigint',
  fixed64: 'bigint',
};
const RESERVED = new Set(['delete', 'in', 'new', 'class', 'default', 'switch', 'case', 'package', 'interface']);
const PACKED = new Set(['bool', 'uint32', 'uint64Number']);

/** All .proto files below a folder: `{ name, text, package, messages, enums, services, imports }`, sorted by name. */
export function parseAll(folder) {
  const names = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.proto'))
    .map((name) => name.split(sep).join('/'))
    .sort();
  const root = new protobuf.Root();
  for (const name of names) {
    // Not by loadSync: that takes its own copies of the well-known files.
    protobuf.parse.filename = join(folder, name);
    protobuf.parse(readFileSync(join(folder, name), 'utf8'), root, { keepCase: true, alternateCommentMode: true });
  }
  root.resolveAll();
  const all = [...objectsIn(root)];
  return { root, files: names.map((name) => file(name, join(folder, name), all)) };
}

function* objectsIn(namespace) {
  for (const object of namespace.nestedArray) {
    if (!(object instanceof protobuf.Type || object instanceof protobuf.Enum || object instanceof protobuf.Service)) {
      yield* objectsIn(object);
    } else yield object;
  }
}

function file(name, path, all) {
  const own = all.filter((object) => object.filename === path);
  const of = (kind) => own.filter((object) => object instanceof kind);
  const messages = of(protobuf.Type);
  const services = of(protobuf.Service);
  if (own.length === 0) throw new Error(`${name} declares nothing`);
  return {
    name,
    path,
    package: own[0].parent.fullName.slice(1),
    messages,
    enums: of(protobuf.Enum),
    services,
    fileOf: (object) => relative(path.slice(0, -name.length), object.filename).split(sep).join('/'),
    used: [...messages.flatMap((m) => m.fieldsArray.map((f) => f.resolvedType)), ...services.flatMap(typesOf)].filter(
      Boolean,
    ),
  };
}

function typesOf(service) {
  return service.methodsArray.flatMap((method) => [method.resolvedRequestType, method.resolvedResponseType]);
}

/** A field as the generators see it. */
export function fieldOf(field) {
  const where = `${field.parent.fullName}.${field.name}`;
  const isMessage = field.resolvedType instanceof protobuf.Type;
  const isEnum = field.resolvedType instanceof protobuf.Enum;
  const isNumber = field.getOption('jstype') === 'JS_NUMBER';
  const type = isEnum ? 'int32' : field.type;
  if (field.map || (!isMessage && WIRE[type] === undefined))
    throw new Error(`${where}: ${field.type} is not supported`);
  if (field.options?.proto3_optional) throw new Error(`${where}: optional is not supported`);
  const method = isNumber ? `${type}Number` : type;
  const isPacked = field.repeated && !isMessage;
  if (isPacked && !PACKED.has(method) && !isEnum) throw new Error(`${where}: a list of ${field.type} is not supported`);
  const name = camelCase(field.name);
  const single = isMessage ? field.resolvedType.name : isNumber || isEnum ? 'number' : (SCRIPT_TYPES[type] ?? 'number');
  return {
    name,
    local: RESERVED.has(name) ? `${name}_` : name,
    id: field.id,
    comment: field.comment,
    isMessage,
    isList: field.repeated,
    /** Absent and zero are told apart. */
    isPresence: isMessage || (field.partOf !== null && field.partOf !== undefined),
    others: field.partOf?.fieldsArray.filter((other) => other !== field).map((other) => camelCase(other.name)) ?? [],
    method,
    single,
    tag: (field.id << 3) | (isMessage || isPacked ? 2 : WIRE[type]),
    itemTag: (field.id << 3) | (isMessage ? 2 : WIRE[type]),
    zero: DEFAULTS[single === 'bigint' ? 'bigint' : type] ?? '0',
  };
}

export function camelCase(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}
