/** Reflection against protobufjs, which reads the descriptors and the answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { GrpcError, Status } from '../grpc/status.js';
import { healthDescriptor, reflectionDescriptor } from './own-descriptors.js';
import { reflectionTable } from './reflection.js';
import type { BidiMethod } from './service.js';
import { fakeCall } from './testing/fake-call.js';

const shopProto = `
  syntax = "proto2"; package shop;
  message Order { optional string id = 1; message Line { optional int32 count = 1; } extensions 100 to 200; }
  enum Kind { SMALL = 0; LARGE = 1; }
  extend Order { optional string note = 101; optional string colour = 150; }
`;

/** Serialized descriptors of files that import each other in a chain: a.proto, b.proto, c.proto. */
function chain(): Uint8Array[] {
  const { FileDescriptorProto } = descriptor as { FileDescriptorProto: protobuf.Type };
  const file = (name: string, imports: string[]): Uint8Array =>
    FileDescriptorProto.encode(
      FileDescriptorProto.create({
        name: `${name}.proto`,
        package: name,
        dependency: imports.map((each) => `${each}.proto`),
        messageType: [{ name: 'M', field: [{ name: 'f', number: 1, label: 1, type: 9 }] }],
        service: [{ name: 'S', method: [{ name: 'Do', inputType: `.${name}.M`, outputType: `.${name}.M` }] }],
      }),
    ).finish();
  return [file('a', ['b']), file('b', ['c', 'missing']), file('c', ['a'])];
}

interface Descriptors {
  toDescriptor(syntax: string): { file: protobuf.Message[] };
}

function shop(): Uint8Array[] {
  const { FileDescriptorProto } = descriptor as { FileDescriptorProto: protobuf.Type };
  const { root } = protobuf.parse(shopProto);
  root.resolveAll();
  const set = (root as unknown as Descriptors).toDescriptor('proto2');
  return set.file.map((each) => FileDescriptorProto.encode(each).finish());
}

/** The messages of reflection.proto, as the server's own descriptor tells them. */
function reflectionTypes(version: 'v1' | 'v1alpha'): {
  request: protobuf.Type;
  response: protobuf.Type;
  root: protobuf.Root;
} {
  const root = rootOf([reflectionDescriptor(version)]);
  const request = root.lookupType(`grpc.reflection.${version}.ServerReflectionRequest`);
  return { root, request, response: root.lookupType(`grpc.reflection.${version}.ServerReflectionResponse`) };
}

function rootOf(files: readonly Uint8Array[]): protobuf.Root {
  const { FileDescriptorProto, FileDescriptorSet } = descriptor as Record<string, protobuf.Type>;
  assert.ok(FileDescriptorProto !== undefined && FileDescriptorSet !== undefined);
  const set = FileDescriptorSet.create({ file: files.map((each) => FileDescriptorProto.decode(each)) });
  const roots = protobuf.Root as unknown as { fromDescriptor(set: protobuf.Message): protobuf.Root };
  return roots.fromDescriptor(set);
}

function methodOf(version: 'v1' | 'v1alpha', files: readonly Uint8Array[]): BidiMethod {
  const method = reflectionTable({ files }).get(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
  assert.ok(method?.kind === 'bidi');
  return method;
}

type Answer = Record<string, unknown>;

/** Asks all questions on one stream. */
async function ask(
  version: 'v1' | 'v1alpha',
  files: readonly Uint8Array[],
  questions: readonly object[],
): Promise<Answer[]> {
  const { request, response } = reflectionTypes(version);
  const method = methodOf(version, files);
  async function* requests(): AsyncGenerator<unknown, void, undefined> {
    for (const question of questions) yield method.request.decode(request.encode(request.create(question)).finish());
  }
  const answers: Answer[] = [];
  for await (const each of method.handle(requests(), fakeCall('/'))) {
    answers.push(response.toObject(response.decode(method.response.encode(each)), { bytes: Buffer, arrays: false }));
  }
  return answers;
}

function fileNames(answer: Answer | undefined): string[] {
  const { FileDescriptorProto } = descriptor as { FileDescriptorProto: protobuf.Type };
  const files = answer?.['file_descriptor_response'] as { file_descriptor_proto: Uint8Array[] };
  return files.file_descriptor_proto.map(
    (each) => FileDescriptorProto.toObject(FileDescriptorProto.decode(each))['name'],
  );
}

for (const version of ['v1', 'v1alpha'] as const) {
  test(`${version}: services are listed, files come with their imports, once per stream`, async () => {
    const answers = await ask(version, chain(), [
      { host: 'here', list_services: '' },
      { file_containing_symbol: 'b.S' },
      { file_containing_symbol: 'a.M.f' },
      { file_by_filename: 'b.proto' },
      { file_containing_symbol: 'c.S.Do' },
      { file_containing_symbol: 'a.Missing' },
      { file_by_filename: 'missing.proto' },
      {},
    ]);
    const names = ['a.S', 'b.S', 'c.S', 'grpc.health.v1.Health'];
    const all = [...names, 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];
    assert.deepEqual(answers[0], {
      valid_host: 'here',
      original_request: { host: 'here', list_services: '' },
      list_services_response: { service: all.map((name) => ({ name })) },
    });
    assert.deepEqual(answers.slice(1, 5).map(fileNames), [
      ['b.proto', 'c.proto', 'a.proto'],
      ['a.proto'],
      ['b.proto'],
      ['c.proto'],
    ]);
    const codes = answers.slice(5).map((each) => (each['error_response'] as { error_code: number }).error_code);
    assert.deepEqual(codes, [Status.NOT_FOUND, Status.NOT_FOUND, Status.INVALID_ARGUMENT]);
  });
}

test('nested types, enums and extensions are found', async () => {
  const symbols = ['shop.Order.Line', 'shop.Order.Line.count', 'shop.Kind', 'shop.LARGE', '.shop.Order', 'shop.note'];
  const answers = await ask('v1', shop(), [
    ...symbols.map((symbol) => ({ file_containing_symbol: symbol })),
    { file_containing_extension: { containing_type: 'shop.Order', extension_number: 150 } },
    { all_extension_numbers_of_type: 'shop.Order' },
    { file_containing_extension: { containing_type: 'shop.Order', extension_number: 99 } },
    { all_extension_numbers_of_type: 'shop.Nothing' },
  ]);
  for (const answer of answers.slice(0, symbols.length + 1)) assert.equal(fileNames(answer).length, 1);
  const extensions = answers.at(-3)?.['all_extension_numbers_response'];
  assert.deepEqual(extensions, { base_type_name: 'shop.Order', extension_number: [101, 150] });
  for (const answer of answers.slice(-2)) assert.ok(answer['error_response'] !== undefined);
});

test("the server's own descriptors say what reflection.proto and health.proto say", () => {
  const root = rootOf([healthDescriptor()]);
  const status = root.lookupEnum('grpc.health.v1.HealthCheckResponse.ServingStatus');
  assert.deepEqual({ ...status.values }, { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 });
  const health = root.lookupService('grpc.health.v1.Health');
  assert.deepEqual(Object.keys(health.methods), ['Check', 'Watch']);
  assert.equal(health.methods['Watch']?.responseStream, true);
  const { request, response, root: own } = reflectionTypes('v1');
  const numbers = (type: protobuf.Type): number[] => type.fieldsArray.map((field) => field.id).sort((a, b) => a - b);
  assert.deepEqual(numbers(request), [1, 3, 4, 5, 6, 7]);
  assert.deepEqual(numbers(response), [1, 2, 4, 5, 6, 7]);
  assert.deepEqual(request.oneofs['message_request']?.fieldsArray.length, 5);
  const info = own.lookupService('grpc.reflection.v1.ServerReflection').methods['ServerReflectionInfo'];
  assert.ok(info?.requestStream === true && info.responseStream === true);
});

test('S1: random requests are answered or INTERNAL', () => {
  const method = methodOf('v1', chain());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        method.request.decode(bytes);
      } catch (error) {
        assert.ok(error instanceof GrpcError && error.code === Status.INTERNAL);
      }
    }),
    { numRuns: 2_000 },
  );
});
