export {
  type ErrorBody,
  type ErrorCode,
  type ErrorDetails,
  type ErrorRow,
  errorBody,
  errorTable,
  KvorumError,
} from './errors.js';
export { errorDetail, errorFromDetail, errorFromGrpc, type GrpcStatus, grpcStatus } from './grpc-status.js';
export { keyAfter, prefixEnd } from './key-range.js';
export { clientPortDefault, keyBytesMax, peerPortDefault, requestBytesMax } from './limits.js';
export type { Init, MessageCodec, MethodShape } from './wire/message.js';
export { ProtoError } from './wire/proto-error.js';
export { messageDepthMax, messageItemsMax } from './wire/proto-reader.js';
