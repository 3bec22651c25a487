/** Error codes of RFC 9113 section 7 and the errors that carry them. */

/** RFC 9113 section 7. */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;

/** A code of {@link ErrorCode}, or one that only the peer knows. */
export type ErrorCode = number;

const NAMES = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

/** `protocolError`, …, or `0x2a` for an unknown one. */
export function errorCodeName(code: ErrorCode): string {
  return NAMES.get(code) ?? `0x${code.toString(16)}`;
}

/** A connection that had to end: by a broken rule, a limit, a timeout, the peer's GOAWAY or the loss of the bytes below. */
export class Http2Error extends Error {
  override readonly name = 'Http2Error';
  readonly code: ErrorCode;
  /** True when the peer said so, false when this side found the fault. */
  readonly isByPeer: boolean;
  /** Name of the option that was exceeded, if it was one. */
  readonly limit: string | undefined;

  constructor(code: ErrorCode, message: string, options: { isByPeer?: boolean; limit?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.isByPeer = options.isByPeer ?? false;
    this.limit = options.limit;
  }
}

/** A stream that ended before both sides had sent all. */
export class StreamClosed extends Error {
  override readonly name = 'StreamClosed';
  readonly code: ErrorCode;
  /** True when the peer reset it, false when this side did or the connection was lost. */
  readonly isByPeer: boolean;
  /** True when the peer certainly did nothing with it: refused, or opened after the last stream that its GOAWAY names. */
  readonly isUnprocessed: boolean;
  /** Name of the option that was exceeded, if it was one. */
  readonly limit: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { isByPeer?: boolean; isUnprocessed?: boolean; limit?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.isByPeer = options.isByPeer ?? false;
    this.isUnprocessed = options.isUnprocessed ?? false;
    this.limit = options.limit;
  }
}
