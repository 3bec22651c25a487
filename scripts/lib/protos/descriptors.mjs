// The .proto files as serialized google.protobuf.FileDescriptorProto, which is what server reflection answers with. Built here because
// protobufjs makes one file per package of them and leaves type names relative, which other libraries refuse.
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';

const { FileDescriptorProto } = createRequire(import.meta.url)('protobufjs/ext/descriptor');
const TYPES = { int64: 3, uint64: 4, int32: 5, fixed64: 6, bool: 8, string: 9, bytes: 12, uint32: 13 };
const TYPE_MESSAGE = 11;
const TYPE_ENUM = 14;
const JS_TYPES = { JS_STRING: 1, JS_NUMBER: 2 };
const LINE_CHARS = 110;

/** The TypeScript file that holds the descriptors of all files. */
export function descriptorText(files) {
  const rows = files.map((file) => {
    const text = Buffer.from(descriptorOf(file)).toString('base64');
    const lines = text.match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
    return `  {\n    name: '${file.name}',\n    base64: [\n${lines.map((line) => `      '${line}',\n`).join('')}    ].join(''),\n  },\n`;
  });
  return `// Generated from the .proto files by \`npm run protos\`: edit those files, not this one.

/** One .proto file, for server reflection. */
export interface FileDescriptor {
  readonly name: string;
  /** A serialized \`google.protobuf.FileDescriptorProto\`. */
  readonly base64: string;
}

/** All .proto files of this package. */
export const fileDescriptors: readonly FileDescriptor[] = [
${rows.join('')}];
`;
}

/** The bytes of a file's descriptor. */
export function descriptorOf(file) {
  const imports = new Set(file.used.map((object) => file.fileOf(object)).filter((name) => name !== file.name));
  const message = {
    name: file.name,
    package: file.package,
    dependency: [...imports].sort(),
    messageType: file.messages.map(messageOf),
    enumType: file.enums.map((type) => ({
      name: type.name,
      value: Object.entries(type.values).map(([name, number]) => ({ name, number })),
    })),
    service: file.services.map((service) => ({ name: service.name, method: service.methodsArray.map(methodOf) })),
    syntax: 'proto3',
  };
  return FileDescriptorProto.encode(FileDescriptorProto.create(message)).finish();
}

function messageOf(type) {
  const fields = type.fieldsArray.map((field) => {
    const isEnum = field.resolvedType instanceof protobuf.Enum;
    const jstype = JS_TYPES[field.getOption('jstype')];
    return {
      name: field.name,
      number: field.id,
      label: field.repeated ? 3 : 1,
      type: TYPES[field.type] ?? (isEnum ? TYPE_ENUM : TYPE_MESSAGE),
      jsonName: field.name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
      ...(field.resolvedType ? { typeName: field.resolvedType.fullName } : {}),
      ...(field.partOf ? { oneofIndex: type.oneofsArray.indexOf(field.partOf) } : {}),
      ...(jstype === undefined ? {} : { options: { jstype } }),
    };
  });
  return { name: type.name, field: fields, oneofDecl: type.oneofsArray.map(({ name }) => ({ name })) };
}

function methodOf(method) {
  return {
    name: method.name,
    inputType: method.resolvedRequestType.fullName,
    outputType: method.resolvedResponseType.fullName,
    ...(method.requestStream ? { clientStreaming: true } : {}),
    ...(method.responseStream ? { serverStreaming: true } : {}),
  };
}
