/** How messages become bytes: functions, so that no schema or reflection is in the way. */

/** Both directions of one message type. */
export interface Codec<T> {
  /** The bytes of a message; they must stay untouched until sent. A throw ends the call with INTERNAL. */
  encode(value: T): Uint8Array;
  /**
   * The message of `bytes`, a view of memory that will be used again: keep copies, not views. For requests of a single message it stays
   * valid until the handler returns (its synchronous part). A throw of GrpcError ends the call with that status, any other with INTERNAL.
   */
  decode(bytes: Uint8Array): T;
}

/** Messages that stay bytes, copied when they come. */
export const bytesCodec: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (bytes) => bytes.slice(),
};

/** Messages that stay bytes, uncopied: what is received may only be read as long as {@link Codec.decode} allows. */
export const viewCodec: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (bytes) => bytes,
};
