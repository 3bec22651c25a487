/** Header lists of responses. The usual ones are constants: the same array each time lets the encoder answer from memory. */
import type { HeaderList } from '../base/header-list.js';
import { encodeBinary, type Metadata } from '../grpc/metadata.js';
import { type GrpcError, Status } from '../grpc/status.js';
import { encodeStatusMessage } from '../grpc/status-message.js';
import { type ForeignRequest, isForeign } from './request-head.js';

const RESPONSE: HeaderList = [':status', '200', 'content-type', 'application/grpc'];
const OK_TRAILERS: HeaderList = ['grpc-status', '0'];

/** What is beside the plain response. */
export interface ResponseHead {
  readonly metadata: Metadata | undefined;
  readonly encoding: string | undefined;
  /** Value of `grpc-accept-encoding`, told to those who sent an encoding. */
  readonly accepted: string | undefined;
}

/** Headers before the first message. */
export function responseHeaders(head: ResponseHead): HeaderList {
  if (head.metadata === undefined && head.encoding === undefined && head.accepted === undefined) return RESPONSE;
  const headers = [...RESPONSE];
  if (head.encoding !== undefined) headers.push('grpc-encoding', head.encoding);
  if (head.accepted !== undefined) headers.push('grpc-accept-encoding', head.accepted);
  head.metadata?.appendTo(headers);
  return headers;
}

/** Trailers of a call: its status and what the handler set. */
export function trailers(error: GrpcError | undefined, metadata: Metadata | undefined): HeaderList {
  if (error === undefined && metadata === undefined) return OK_TRAILERS;
  const list = ['grpc-status', String(error?.code ?? Status.OK)];
  if (error !== undefined && error.message !== '') list.push('grpc-message', encodeStatusMessage(error.message));
  if (error?.details !== undefined) list.push('grpc-status-details-bin', encodeBinary(error.details));
  metadata?.appendTo(list);
  error?.metadata?.appendTo(list);
  return list;
}

/** The whole answer to a request that no method will see. */
export function refusalHeaders(reason: GrpcError | ForeignRequest): HeaderList {
  return isForeign(reason) ? [':status', reason.httpStatus] : [...RESPONSE, ...trailers(reason, undefined)];
}
