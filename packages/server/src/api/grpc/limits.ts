/** Limits of the gRPC face. Each has a row in docs/limits.md. */

/** One request message, after decompression: a batch, since single requests have `requestBytesMax`. */
export const messageBytesMax = 4 * 1024 * 1024;
/** How often health looks whether the node is ready. */
export const healthPollMs = 1_000;
/** Keys and values of the changes in one response of a watch; of one revision there may be more. */
export const watchResponseBytes = 1_048_576;
