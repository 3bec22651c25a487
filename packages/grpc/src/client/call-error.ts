/** How calls fail, and what that says about the request. */
import { GrpcError, type GrpcErrorOptions, Status, type StatusCode, statusOfHttp2Error } from '../grpc/status.js';
import { ErrorCode, type StreamClosed } from '../http2/error-code.js';

/**
 * What became of the request: `not_sent`: the server has certainly not processed it, sending it again is safe; `unknown`: it may have; `answered`:
 * the error is the server's own answer.
 */
export type Delivery = 'not_sent' | 'unknown' | 'answered';

/** A call that failed. */
export class CallError extends GrpcError {
  readonly delivery: Delivery;

  constructor(code: StatusCode, message: string, delivery: Delivery, options?: GrpcErrorOptions) {
    super(code, message, options);
    this.name = 'CallError';
    this.delivery = delivery;
  }
}

/** The error of a call whose stream ended before its status came. */
export function lostCall(closed: StreamClosed | undefined): CallError {
  if (closed === undefined)
    return new CallError(Status.INTERNAL, 'the server ended the call without a status', 'unknown');
  const options = { cause: closed };
  if (closed.isUnprocessed) {
    return new CallError(Status.UNAVAILABLE, `the call was not processed: ${closed.message}`, 'not_sent', options);
  }
  // A reset is an answer of the peer's HTTP/2; anything else is the loss of the connection.
  const isReset = closed.isByPeer && closed.code !== ErrorCode.noError;
  const code = isReset
    ? statusOfHttp2Error(closed.code)
    : closed.limit === undefined
      ? Status.UNAVAILABLE
      : Status.RESOURCE_EXHAUSTED;
  return new CallError(code, `the call was interrupted: ${closed.message}`, 'unknown', options);
}
