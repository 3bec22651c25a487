/** Limits of watches, each with a row in docs/limits.md. All times in milliseconds. */

/** From asking a server for a watch to its first response. */
export const watchOpenTimeoutMs = 6_000;
/** A server that says nothing for so long, while its watch is read, is left. Servers tell progress at least every 20 s. */
export const watchSilenceMs = 30_000;
/** Events of one revision that are held until all of them have come, in bytes as they travel. */
export const watchHeldBytesMax = 67_108_864;
/** So many streams in a row may fail in a way that does not just say that a server is away; then the watch fails so, too. */
export const watchOddFailuresMax = 8;
