export {
  type ErrorBody,
  type ErrorCode,
  type ErrorDetails,
  type ErrorRow,
  errorBody,
  errorTable,
  KvorumError,
} from './errors.js';
export { keyAfter, prefixEnd } from './key-range.js';
export { clientPortDefault, keyBytesMax, peerPortDefault, requestBytesMax } from './limits.js';
