import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { descriptorOf } from './lib/protos/descriptors.mjs';
import { camelCase, parseAll } from './lib/protos/schema.mjs';
import { root } from './lib/root.mjs';

const { FileDescriptorProto, FileDescriptorSet } = createRequire(import.meta.url)('protobufjs/ext/descriptor');
const { files } = parseAll(join(root, 'packages', 'protocol', 'proto'));

test('codecs and descriptors are what the .proto files say', () => {
  const output = execFileSync(process.execPath, ['scripts/protos.mjs', '--check'], { cwd: root, encoding: 'utf8' });
  assert.equal(output.trim(), 'all generated files are current');
});

test('descriptors name every file, type and method in full, so that any library can link them', () => {
  const decoded = files.map((file) => FileDescriptorProto.toObject(FileDescriptorProto.decode(descriptorOf(file))));
  const names = new Set(decoded.map(({ name }) => name));
  const types = new Set(
    decoded.flatMap((file) =>
      [...(file.messageType ?? []), ...(file.enumType ?? [])].map(({ name }) => `.${file.package}.${name}`),
    ),
  );
  for (const file of decoded) {
    for (const each of file.dependency ?? []) assert.ok(names.has(each), each);
    for (const { field = [] } of file.messageType ?? []) {
      for (const { typeName } of field) assert.ok(typeName === undefined || types.has(typeName), typeName);
    }
    for (const { method = [] } of file.service ?? []) {
      for (const { inputType, outputType } of method) assert.ok(types.has(inputType) && types.has(outputType));
    }
  }
});

test('protobufjs reads the same messages out of the descriptors as out of the files', () => {
  const set = { file: files.map((file) => FileDescriptorProto.decode(descriptorOf(file))) };
  const read = protobuf.Root.fromDescriptor(FileDescriptorSet.create(set));
  read.resolveAll();
  for (const type of files.flatMap(({ messages }) => messages)) {
    const again = read.lookupType(type.fullName);
    // It gives fields the names that they have in JavaScript.
    const shape = (each) =>
      each.fieldsArray.map((field) => [
        camelCase(field.name),
        field.id,
        field.repeated,
        field.resolvedType?.fullName ?? field.type,
      ]);
    assert.deepEqual(shape(again), shape(type));
    assert.deepEqual(
      again.oneofsArray.map(({ name, oneof }) => [name, oneof]),
      type.oneofsArray.map(({ name, oneof }) => [name, oneof]),
    );
  }
});
