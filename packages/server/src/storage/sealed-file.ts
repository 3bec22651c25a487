/**
 * Small files that a node depends on (format, identity, registry, current generation): one line of canonical JSON and its CRC32 on the next.
 * Readable by people, replaced whole, and refused when a byte is wrong: never guessed.
 */
import { crc32 } from 'node:zlib';
import { type Disk, DiskError } from '../env/disk.js';

/** A JSON object with known field order. */
export type SealedContent = Readonly<Record<string, unknown>>;

/** A sealed file that does not hold what was written. */
export class SealedFileError extends Error {
  override readonly name = 'SealedFileError';
  readonly code = 'FILE_DAMAGED';
  readonly retryable = false;
  readonly path: string;

  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path} is damaged: ${reason}`, cause === undefined ? undefined : { cause });
    this.path = path;
  }
}

/** Bytes of a sealed file. */
export function seal(content: SealedContent): Uint8Array {
  const line = `${JSON.stringify(content)}\n`;
  return new TextEncoder().encode(`${line}${checksumOf(line)}\n`);
}

/** The object in a sealed file. @throws SealedFileError */
export function unseal(path: string, bytes: Uint8Array): SealedContent {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const end = text.indexOf('\n') + 1;
  const line = text.slice(0, end);
  if (end === 0 || text.slice(end) !== `${checksumOf(line)}\n`)
    throw new SealedFileError(path, 'its checksum is wrong');
  const content: unknown = JSON.parse(line);
  if (!isObject(content)) throw new SealedFileError(path, 'it holds no object');
  return content;
}

/** Reads a sealed file; undefined when it is absent. Fails with {@link SealedFileError} or DiskError. */
export async function readSealed(disk: Disk, path: string): Promise<SealedContent | undefined> {
  try {
    return unseal(path, await disk.readFile(path));
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether `value` is an integer in [min, 2^53). */
export function isCount(value: unknown, min: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min;
}

/** Whether `value` is 8 bytes as 16 lower-case hex digits. */
export function isHexId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
}

/** Whether `value` is an object with fields. */
export function isObject(value: unknown): value is SealedContent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checksumOf(line: string): string {
  return crc32(line).toString(16).padStart(8, '0');
}
