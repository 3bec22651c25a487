/** HTTP/2 and gRPC over sockets: server and client. */
export type { ByteConnection, ByteConnectionHandler } from './base/byte-connection.js';
export type { Clock, Timer } from './base/clock.js';
export { createRuntime, type Runtime } from './base/runtime.js';
