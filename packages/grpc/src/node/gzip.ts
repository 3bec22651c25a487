/** gzip for messages, by node:zlib. Small messages are done at once, large ones in the thread pool. */
import { gunzip, gunzipSync, gzip as gzipAsync, gzipSync as zlibGzipSync } from 'node:zlib';
import type { Compression } from '../grpc/encoding.js';
import { GrpcError, Status } from '../grpc/status.js';

/** Up to here the loop does the work itself, well below a millisecond. Counts for input and output. */
const synchronousBytesMax = 64 * 1024;
/** zlib can't be told to allow nothing. */
const OUTPUT_LIMIT_MIN = 1;

/** gzip: at once for up to 64 KiB, above that in the thread pool. */
export const gzip: Compression = {
  name: 'gzip',
  compress: (bytes) => (bytes.length <= synchronousBytesMax ? zlibGzipSync(bytes) : compressLater(bytes)),
  decompress(bytes, bytesMax) {
    if (bytes.length > synchronousBytesMax) return decompressLater(bytes, bytesMax);
    if (bytesMax <= synchronousBytesMax) return decompressNow(bytes, bytesMax);
    try {
      return gunzipSync(bytes, { maxOutputLength: synchronousBytesMax });
    } catch (error) {
      if (isTooLarge(error)) return decompressLater(bytes, bytesMax);
      throw decompressError(error, bytesMax);
    }
  },
};

/** gzip that is always done at once: for simulated time, where a thread pool would add chance. */
export const gzipSync: Compression = {
  name: 'gzip',
  compress: (bytes) => zlibGzipSync(bytes),
  decompress: decompressNow,
};

function decompressNow(bytes: Uint8Array, bytesMax: number): Uint8Array {
  let result: Uint8Array;
  try {
    result = gunzipSync(bytes, { maxOutputLength: Math.max(OUTPUT_LIMIT_MIN, bytesMax) });
  } catch (error) {
    throw decompressError(error, bytesMax);
  }
  return withinLimit(result, bytesMax);
}

async function decompressLater(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  // The pool reads while the loop goes on: the caller's view must not change under it.
  const input = Uint8Array.from(bytes);
  const result = await new Promise<Uint8Array>((resolve, reject) => {
    gunzip(input, { maxOutputLength: Math.max(OUTPUT_LIMIT_MIN, bytesMax) }, (error, output) => {
      if (error === null) resolve(output);
      else reject(decompressError(error, bytesMax));
    });
  });
  return withinLimit(result, bytesMax);
}

function compressLater(bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gzipAsync(bytes, (error, output) => {
      if (error === null) resolve(output);
      else reject(new GrpcError(Status.INTERNAL, 'compressing a message failed', { cause: error }));
    });
  });
}

function withinLimit(result: Uint8Array, bytesMax: number): Uint8Array {
  if (result.length > bytesMax) throw tooLarge(bytesMax);
  return result;
}

function decompressError(cause: unknown, bytesMax: number): GrpcError {
  if (isTooLarge(cause)) return tooLarge(bytesMax);
  return new GrpcError(Status.INTERNAL, 'message is not valid gzip', { cause });
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function tooLarge(bytesMax: number): GrpcError {
  return new GrpcError(Status.RESOURCE_EXHAUSTED, `decompressed message is over the limit of ${bytesMax} bytes`);
}
