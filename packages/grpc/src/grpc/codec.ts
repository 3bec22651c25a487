/** How messages become bytes: functions, so that no schema or reflection is in the way. */

/** Both directions of one message type. */
export interface Codec<T> {
  /** The bytes of a message; they must stay untouched until sent. A throw ends the call with INTERNAL. */
  encode(value: T): Uint8Array;
  /**
   * The message of `bytes`. Unless `isOwned` this is a view of memory that will be used again: keep copies, not views. A throw of GrpcError
   * ends the call with that status, any other with INTERNAL.
   * @param isOwned nobody else uses the memory: large messages are assembled for their receiver
   */
  decode(bytes: Uint8Array, isOwned?: boolean): T;
}

/** Messages that stay bytes, copied where they come as a view. */
export const bytesCodec: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (bytes, isOwned) => (isOwned === true ? bytes : bytes.slice()),
};
