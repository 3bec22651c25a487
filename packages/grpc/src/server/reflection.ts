/**
 * The reflection service, as `grpc.reflection.v1.ServerReflection` and under its older name `v1alpha`: tells tools like grpcurl which services there
 * are and what their messages look like. Field numbers are those of reflection.proto.
 */
import type { Codec } from '../grpc/codec.js';
import { bytesCodec } from '../grpc/codec.js';
import { Status, type StatusCode } from '../grpc/status.js';
import { DescriptorIndex, type IndexedFile } from './descriptor-index.js';
import { healthDescriptor, reflectionDescriptor } from './own-descriptors.js';
import { bytesField, intField, message, readFields, textOf } from './protobuf.js';
import { bidi, type ServiceTable, serviceTable } from './service.js';

const reflectionVersions = ['v1', 'v1alpha'] as const;

export interface ReflectionOptions {
  /** Serialized `google.protobuf.FileDescriptorProto`s: of the services served, and of what they import. */
  readonly files: Iterable<Uint8Array>;
  /** Full names of the services to list, those of health and reflection included; default: all that `files` declare, and these. */
  readonly services?: Iterable<string>;
}

/** What a request asks for. */
type Question =
  | { readonly kind: 'file' | 'symbol' | 'extensionNumbers'; readonly name: string }
  | { readonly kind: 'extension'; readonly name: string; readonly number: number }
  | { readonly kind: 'services' | 'unknown' };

interface ReflectionRequest {
  readonly host: string;
  readonly question: Question;
  /** The request as it came; an answer repeats it. */
  readonly bytes: Uint8Array;
}

const requestCodec: Codec<ReflectionRequest> = { encode: (request) => request.bytes, decode: decodeRequest };

/** The methods of both versions, for a server. Throws if a file is no descriptor. */
export function reflectionTable(options: ReflectionOptions): ServiceTable {
  const own = [healthDescriptor(), ...reflectionVersions.map(reflectionDescriptor)];
  const index = new DescriptorIndex([...options.files, ...own]);
  const services = [...(options.services ?? index.services)].sort();
  const method = bidi(requestCodec, bytesCodec, (requests) => answers(requests, index, services));
  return serviceTable(
    Object.fromEntries(
      reflectionVersions.map((version) => [
        `grpc.reflection.${version}.ServerReflection`,
        { ServerReflectionInfo: method },
      ]),
    ),
  );
}

async function* answers(
  requests: AsyncIterable<ReflectionRequest>,
  index: DescriptorIndex,
  services: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  /** What a stream was told once is not repeated as somebody's import. */
  const sent = new Set<IndexedFile>();
  for await (const request of requests) {
    const { host, bytes, question } = request;
    yield message(bytesField(1, host), bytesField(2, bytes), answer(question, index, services, sent));
  }
}

function answer(
  question: Question,
  index: DescriptorIndex,
  services: readonly string[],
  sent: Set<IndexedFile>,
): Uint8Array {
  switch (question.kind) {
    case 'file':
      return filesOr(index.file(question.name), index, sent, `no file "${question.name}"`);
    case 'symbol':
      return filesOr(index.fileOfSymbol(question.name), index, sent, `no symbol "${question.name}"`);
    case 'extension': {
      const { name, number } = question;
      return filesOr(index.fileOfExtension(name, number), index, sent, `no extension ${number} of "${name}"`);
    }
    case 'extensionNumbers':
      return extensionNumbers(question.name, index);
    case 'services':
      return bytesField(6, message(...services.map((name) => bytesField(1, bytesField(1, name)))));
    case 'unknown':
      return errorAnswer(Status.INVALID_ARGUMENT, 'a request that asks for nothing known');
  }
}

function filesOr(
  file: IndexedFile | undefined,
  index: DescriptorIndex,
  sent: Set<IndexedFile>,
  problem: string,
): Uint8Array {
  if (file === undefined) return errorAnswer(Status.NOT_FOUND, problem);
  const fresh = index.withImports(file).filter((each) => each === file || !sent.has(each));
  for (const each of fresh) sent.add(each);
  return bytesField(4, message(...fresh.map((each) => bytesField(1, each.bytes))));
}

function extensionNumbers(type: string, index: DescriptorIndex): Uint8Array {
  if (!index.hasSymbol(type)) return errorAnswer(Status.NOT_FOUND, `no type "${type}"`);
  const numbers = index.extensionNumbers(type).map((number) => intField(2, number));
  return bytesField(5, message(bytesField(1, type), ...numbers));
}

function errorAnswer(code: StatusCode, text: string): Uint8Array {
  return bytesField(7, message(intField(1, code), bytesField(2, text)));
}

function decodeRequest(view: Uint8Array): ReflectionRequest {
  const bytes = Uint8Array.from(view);
  let host = '';
  let question: Question = { kind: 'unknown' };
  for (const field of readFields(bytes)) {
    if (field.number === 1) host = textOf(field.bytes);
    else question = questionOf(field.number, field.bytes) ?? question;
  }
  return { host, question, bytes };
}

function questionOf(number: number, bytes: Uint8Array): Question | undefined {
  switch (number) {
    case 3:
      return { kind: 'file', name: textOf(bytes) };
    case 4:
      return { kind: 'symbol', name: textOf(bytes) };
    case 5:
      return extensionQuestion(bytes);
    case 6:
      return { kind: 'extensionNumbers', name: textOf(bytes) };
    case 7:
      return { kind: 'services' };
    default:
      return undefined;
  }
}

function extensionQuestion(bytes: Uint8Array): Question {
  let name = '';
  let number = 0;
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = textOf(field.bytes);
    else if (field.number === 2) number = field.int;
  }
  return { kind: 'extension', name, number };
}
