/** What a block that can't be decoded fails with. */

/** What was wrong with the block. */
export type HpackErrorCode =
  | 'TRUNCATED'
  | 'INTEGER_TOO_LARGE'
  | 'INDEX_OUT_OF_RANGE'
  | 'BAD_HUFFMAN'
  | 'STRING_TOO_LONG'
  | 'BAD_TABLE_SIZE_UPDATE';

/**
 * A field block that breaks RFC 7541 or a limit below the level of fields. The tables of both sides no longer agree: the connection
 * ends with COMPRESSION_ERROR (RFC 9113, 4.3).
 */
export class HpackError extends Error {
  readonly code: HpackErrorCode;

  constructor(code: HpackErrorCode, message: string) {
    super(message);
    this.name = 'HpackError';
    this.code = code;
  }
}
