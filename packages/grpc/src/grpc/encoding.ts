/** Message encodings: what a compression is, and the headers that name them (gRPC over HTTP/2, "Message-Encoding"). */

/** The name of "not compressed". */
export const identityEncoding = 'identity';

/**
 * One way to compress messages. Small messages are answered at once, large ones may be left to another thread (a promise), so that
 * the loop never stalls on one.
 */
export interface Compression {
  /** As in `grpc-encoding`. */
  readonly name: string;
  compress(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * Throws or rejects with GrpcError RESOURCE_EXHAUSTED if the result were larger than `bytesMax`, which no more is allocated for,
   * and INTERNAL if the bytes are damaged.
   */
  decompress(bytes: Uint8Array, bytesMax: number): Uint8Array | Promise<Uint8Array>;
}

/** The value of `grpc-accept-encoding` that offers the given compressions beside identity. */
export function acceptedEncodings(compressions: Iterable<Compression>): string {
  return [identityEncoding, ...Array.from(compressions, (each) => each.name)].join(',');
}

/** The names in a `grpc-accept-encoding`, in the order of the sender. */
export function parseAcceptEncoding(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}
