/** Descriptors of the health and reflection services themselves, so that tools can list and call these too. */
import { bytesField, intField, message } from './protobuf.js';

/** The numbers of `FieldDescriptorProto.Type`. */
const INT32 = 5;
const STRING = 9;
const MESSAGE = 11;
const BYTES = 12;
const ENUM = 14;
const OPTIONAL = 1;
const REPEATED = 3;

interface FieldOptions {
  readonly isRepeated?: boolean;
  /** The first and only oneof of the message. */
  readonly isInOneof?: boolean;
}

function field(number: number, name: string, type: number | string, options: FieldOptions = {}): Uint8Array {
  return message(
    bytesField(1, name),
    intField(3, number),
    intField(4, options.isRepeated === true ? REPEATED : OPTIONAL),
    intField(5, typeNumber(type)),
    typeof type === 'string' ? bytesField(6, type) : new Uint8Array(0),
    // Index 0 has to be told, or it is no oneof.
    options.isInOneof === true ? Uint8Array.of(0x48, 0) : new Uint8Array(0),
  );
}

/** Types are told by name; those of enums end in `Status` here. */
function typeNumber(type: number | string): number {
  if (typeof type === 'number') return type;
  return type.endsWith('Status') ? ENUM : MESSAGE;
}

function messageType(name: string, fields: readonly Uint8Array[], ...rest: readonly Uint8Array[]): Uint8Array {
  return message(bytesField(1, name), ...fields.map((each) => bytesField(2, each)), ...rest);
}

function oneof(name: string): Uint8Array {
  return bytesField(8, bytesField(1, name));
}

function enumType(name: string, values: Readonly<Record<string, number>>): Uint8Array {
  const parts = Object.entries(values).map(([value, number]) =>
    // proto3 wants the number of each value, 0 too.
    bytesField(2, message(bytesField(1, value), Uint8Array.of(0x10, number))),
  );
  return message(bytesField(1, name), ...parts);
}

interface MethodOptions {
  readonly isClientStreaming?: boolean;
  readonly isServerStreaming?: boolean;
}

function method(name: string, input: string, output: string, options: MethodOptions = {}): Uint8Array {
  return message(
    bytesField(1, name),
    bytesField(2, input),
    bytesField(3, output),
    intField(5, Number(options.isClientStreaming === true)),
    intField(6, Number(options.isServerStreaming === true)),
  );
}

interface File {
  readonly name: string;
  readonly package: string;
  readonly messages: readonly Uint8Array[];
  readonly service: string;
  readonly methods: readonly Uint8Array[];
}

function fileDescriptor(file: File): Uint8Array {
  const methods = file.methods.map((each) => bytesField(2, each));
  return message(
    bytesField(1, file.name),
    bytesField(2, file.package),
    ...file.messages.map((each) => bytesField(4, each)),
    bytesField(6, message(bytesField(1, file.service), ...methods)),
    bytesField(12, 'proto3'),
  );
}

/** `grpc/health/v1/health.proto`, as far as it is served. */
export function healthDescriptor(): Uint8Array {
  const types = '.grpc.health.v1';
  const statuses = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 };
  const status = field(1, 'status', `${types}.HealthCheckResponse.ServingStatus`);
  const [request, response] = [`${types}.HealthCheckRequest`, `${types}.HealthCheckResponse`];
  return fileDescriptor({
    name: 'grpc/health/v1/health.proto',
    package: 'grpc.health.v1',
    messages: [
      messageType('HealthCheckRequest', [field(1, 'service', STRING)]),
      messageType('HealthCheckResponse', [status], bytesField(4, enumType('ServingStatus', statuses))),
    ],
    service: 'Health',
    methods: [method('Check', request, response), method('Watch', request, response, { isServerStreaming: true })],
  });
}

/** `grpc/reflection/<version>/reflection.proto`; the two versions are the same but for their names. */
export function reflectionDescriptor(version: 'v1' | 'v1alpha'): Uint8Array {
  const types = `.grpc.reflection.${version}`;
  const either: FieldOptions = { isInOneof: true };
  const streams: MethodOptions = { isClientStreaming: true, isServerStreaming: true };
  const request = [
    field(1, 'host', STRING),
    field(3, 'file_by_filename', STRING, either),
    field(4, 'file_containing_symbol', STRING, either),
    field(5, 'file_containing_extension', `${types}.ExtensionRequest`, either),
    field(6, 'all_extension_numbers_of_type', STRING, either),
    field(7, 'list_services', STRING, either),
  ];
  const response = [
    field(1, 'valid_host', STRING),
    field(2, 'original_request', `${types}.ServerReflectionRequest`),
    field(4, 'file_descriptor_response', `${types}.FileDescriptorResponse`, either),
    field(5, 'all_extension_numbers_response', `${types}.ExtensionNumberResponse`, either),
    field(6, 'list_services_response', `${types}.ListServiceResponse`, either),
    field(7, 'error_response', `${types}.ErrorResponse`, either),
  ];
  const many: FieldOptions = { isRepeated: true };
  return fileDescriptor({
    name: `grpc/reflection/${version}/reflection.proto`,
    package: `grpc.reflection.${version}`,
    messages: [
      messageType('ServerReflectionRequest', request, oneof('message_request')),
      messageType('ExtensionRequest', [field(1, 'containing_type', STRING), field(2, 'extension_number', INT32)]),
      messageType('ServerReflectionResponse', response, oneof('message_response')),
      messageType('FileDescriptorResponse', [field(1, 'file_descriptor_proto', BYTES, many)]),
      messageType('ExtensionNumberResponse', [
        field(1, 'base_type_name', STRING),
        field(2, 'extension_number', INT32, many),
      ]),
      messageType('ListServiceResponse', [field(1, 'service', `${types}.ServiceResponse`, many)]),
      messageType('ServiceResponse', [field(1, 'name', STRING)]),
      messageType('ErrorResponse', [field(1, 'error_code', INT32), field(2, 'error_message', STRING)]),
    ],
    service: 'ServerReflection',
    methods: [
      method('ServerReflectionInfo', `${types}.ServerReflectionRequest`, `${types}.ServerReflectionResponse`, streams),
    ],
  });
}
