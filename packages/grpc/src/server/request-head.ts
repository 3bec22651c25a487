/** What the headers of a request say, read once per distinct header list: clients send the same list again and again. */
import type { HeaderList } from '../base/header-list.js';
import { parseAcceptEncoding } from '../grpc/encoding.js';
import { isGrpcContentType } from '../grpc/header-checks.js';
import { GrpcError, Status } from '../grpc/status.js';
import { parseTimeout } from '../grpc/timeout.js';
import type { Method, ServiceTable } from './service.js';

/** A request that can be answered by a method. */
export interface RequestHead {
  readonly path: string;
  readonly method: Method;
  readonly timeoutMs: number | undefined;
  /** `grpc-encoding`. */
  readonly encoding: string | undefined;
  readonly acceptedEncodings: readonly string[];
  readonly headers: HeaderList;
}

/** A request that is no gRPC at all, and the HTTP status that says so. */
export interface ForeignRequest {
  readonly httpStatus: string;
}

export function isForeign(head: RequestHead | ForeignRequest | GrpcError): head is ForeignRequest {
  return 'httpStatus' in head;
}

const NO_ENCODINGS: readonly string[] = [];

/** Reads a request's headers. A GrpcError is the status to answer with. */
export function readRequestHead(headers: HeaderList, services: ServiceTable): RequestHead | ForeignRequest | GrpcError {
  let httpMethod = '';
  let path = '';
  let contentType = '';
  let timeout: string | undefined;
  let encoding: string | undefined;
  let accepted = NO_ENCODINGS;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const value = headers[at + 1] ?? '';
    switch (headers[at]) {
      case ':method':
        httpMethod = value;
        break;
      case ':path':
        path = value;
        break;
      case 'content-type':
        contentType = value;
        break;
      case 'grpc-timeout':
        timeout = value;
        break;
      case 'grpc-encoding':
        encoding = value;
        break;
      case 'grpc-accept-encoding':
        accepted = parseAcceptEncoding(value);
        break;
      default:
    }
  }
  if (httpMethod !== 'POST') return { httpStatus: '405' };
  if (!isGrpcContentType(contentType)) return { httpStatus: '415' };
  const timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
  if (timeout !== undefined && timeoutMs === undefined) return new GrpcError(Status.INTERNAL, 'malformed grpc-timeout');
  const method = services.get(path);
  if (method === undefined) return new GrpcError(Status.UNIMPLEMENTED, `there is no method ${path}`);
  return { path, method, timeoutMs, encoding, acceptedEncodings: accepted, headers };
}
