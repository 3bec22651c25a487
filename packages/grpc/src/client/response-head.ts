/** What the headers and trailers of a response say. Read once per distinct list: servers send the same ones again and again. */
import type { HeaderList } from '../base/header-list.js';
import { isGrpcContentType } from '../grpc/header-checks.js';
import { decodeBinary, Metadata } from '../grpc/metadata.js';
import { parseStatusCode, Status, type StatusCode, statusOfHttp } from '../grpc/status.js';
import { decodeStatusMessage } from '../grpc/status-message.js';

/** Either part of a response: a response without messages has the status in its headers. */
export interface ResponseHead {
  /** `grpc-encoding`. */
  readonly encoding: string | undefined;
  /** The status; undefined where none was sent. */
  readonly code: StatusCode | undefined;
  readonly message: string;
  readonly detailsText: string | undefined;
  /** Why this is no gRPC response; undefined for one that is. */
  readonly foreign: { readonly code: StatusCode; readonly message: string } | undefined;
}

/** Reads response headers (`isTrailers` false) or trailers. */
export function readResponseHead(headers: HeaderList, isTrailers: boolean): ResponseHead {
  let httpStatus = '';
  let contentType = '';
  let encoding: string | undefined;
  let code: StatusCode | undefined;
  let message = '';
  let detailsText: string | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const value = headers[at + 1] ?? '';
    switch (headers[at]) {
      case ':status':
        httpStatus = value;
        break;
      case 'content-type':
        contentType = value;
        break;
      case 'grpc-encoding':
        encoding = value;
        break;
      case 'grpc-status':
        code = parseStatusCode(value);
        break;
      case 'grpc-message':
        message = decodeStatusMessage(value);
        break;
      case 'grpc-status-details-bin':
        detailsText = value;
        break;
      default:
    }
  }
  const isForeign = !isTrailers && code === undefined && (httpStatus !== '200' || !isGrpcContentType(contentType));
  const foreign = isForeign
    ? {
        code: httpStatus === '200' ? Status.UNKNOWN : statusOfHttp(Number(httpStatus)),
        message: `not a gRPC response: HTTP status ${httpStatus}, content-type "${contentType}"`,
      }
    : undefined;
  return { encoding, code, message, detailsText, foreign };
}

/** The bytes of `grpc-status-details-bin`; undefined when there are none or they are damaged: the status itself still counts. */
export function detailsOf(head: ResponseHead): Uint8Array | undefined {
  if (head.detailsText === undefined) return undefined;
  try {
    return decodeBinary('grpc-status-details-bin', head.detailsText);
  } catch {
    return undefined;
  }
}

/** The application's part of a list; empty when it is damaged. */
export function metadataOf(headers: HeaderList): Metadata {
  try {
    return Metadata.fromHeaders(headers);
  } catch {
    return new Metadata();
  }
}
