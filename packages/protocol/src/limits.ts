/** Limits that client and server agree on. Each has a row in docs/limits.md. */

/** A key holds 1 to this many bytes. */
export const keyBytesMax = 64 * 1024;
/** One request (key, value and framing) holds at most this many bytes; as etcd's default (1.5 MiB). */
export const requestBytesMax = 1536 * 1024;
/** The default client port. */
export const clientPortDefault = 2379;
/** The default peer port. */
export const peerPortDefault = 2380;
