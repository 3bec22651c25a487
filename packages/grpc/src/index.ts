/** HTTP/2 and gRPC over sockets: server and client. */
export type { ByteConnection, ByteConnectionHandler } from './base/byte-connection.js';
export type { Clock, Timer } from './base/clock.js';
export { createRuntime, type Runtime } from './base/runtime.js';
export { CallError, type Delivery } from './client/call-error.js';
export { GrpcClient } from './client/grpc-client.js';
export type {
  CallOptions,
  ClientState,
  Connector,
  GrpcClientDeps,
  GrpcClientOptions,
  RemoteMethod,
} from './client/options.js';
export { bytesCodec, type Codec } from './grpc/codec.js';
export type { Compression } from './grpc/encoding.js';
export type { Messages } from './grpc/message-pump.js';
export { Metadata, type MetadataValue } from './grpc/metadata.js';
export { GrpcError, type GrpcErrorOptions, Status, type StatusCode, statusName } from './grpc/status.js';
export type { Http2Limits } from './http2/http2-options.js';
export { socketConnector, type SocketConnectorOptions } from './node/connector.js';
export { gzip, gzipSync } from './node/gzip.js';
export {
  GrpcListener,
  type GrpcListenerDeps,
  type GrpcListenerOptions,
  type ListenerAddress,
} from './node/listener.js';
export { createRealClock } from './node/real-clock.js';
export { SocketConnection } from './node/socket-connection.js';
export { GrpcServer, type GrpcServerDeps } from './server/grpc-server.js';
export {
  HealthService,
  healthRequestCodec,
  healthResponseCodec,
  healthServiceName,
  ServingStatus,
} from './server/health.js';
export type { GrpcServerOptions } from './server/options.js';
export { type ReflectionOptions, reflectionTable } from './server/reflection.js';
export type { ServerCall } from './server/server-call.js';
export {
  bidi,
  type BidiMethod,
  clientStream,
  type ClientStreamMethod,
  type Method,
  serverStream,
  type ServerStreamMethod,
  type ServiceTable,
  serviceTable,
  unary,
  type UnaryMethod,
} from './server/service.js';
