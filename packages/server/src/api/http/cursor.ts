/** The cursor of a list: where the next page starts, and at which revision. Opaque to clients: base64url of (format, revision, key). */
import { Buffer } from 'node:buffer';
import { KvorumError, keyBytesMax } from '@kvorum/protocol';

export interface Cursor {
  readonly revision: number;
  /** The first key of the next page. */
  readonly key: Uint8Array;
}

const format = 1;
const headBytes = 9;

export function encodeCursor(cursor: Cursor): string {
  const head = Buffer.alloc(headBytes);
  head[0] = format;
  head.writeBigUInt64BE(BigInt(cursor.revision), 1);
  return Buffer.concat([head, cursor.key]).toString('base64url');
}

/** Fails with INVALID_ARGUMENT when it is none of ours, or was made for another prefix. */
export function decodeCursor(text: string, prefix: Uint8Array): Cursor {
  const bytes = Buffer.from(text, 'base64url');
  const revision = bytes.length > headBytes ? Number(bytes.readBigUInt64BE(1)) : 0;
  const key = bytes.subarray(headBytes);
  const isOurs =
    bytes[0] === format &&
    bytes.toString('base64url') === text &&
    Number.isSafeInteger(revision) &&
    revision >= 1 &&
    key.length <= keyBytesMax &&
    key.subarray(0, prefix.length).equals(prefix);
  if (isOurs) return { revision, key };
  throw new KvorumError('INVALID_ARGUMENT', 'cursor is not one that this list gave out', {
    field: 'cursor',
    allowed: 'the cursor of the last line of the page before, with the same prefix',
  });
}
