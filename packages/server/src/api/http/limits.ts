/** Fixed limits of the HTTP face; each has a row in docs/limits.md. */
import { maxStalenessMsMax as serviceStalenessMsMax, requestTimeoutMsMax } from '../../service/request-checks.js';

/** Request line and headers together; a percent-encoded 64 KiB key takes 192 KiB of it. */
export const headerBytesMax = 256 * 1024;
/** Requests of one connection that may wait behind its running one; one more ends the connection. */
export const pipelinedRequestsMax = 256;
/** `?timeout=` in milliseconds. */
export const timeoutMsMin = 1;
export const timeoutMsMax = requestTimeoutMsMax;
/** `?maxStaleness=` in milliseconds. */
export const maxStalenessMsMax = serviceStalenessMsMax;
/** `?limit=` of a list. */
export const listLimitMax = 2_147_483_647;
/** `?revision=` and `If-Match`. */
export const revisionMax = Number.MAX_SAFE_INTEGER;
/** Lines of a list are handed to the socket in pieces of about this many characters. */
export const listChunkChars = 64 * 1024;
/** A list gives the loop back after this long (N11). */
export const listSliceMs = 5;
/** After a refused body or header: how much more of it is read and thrown away, so that the client gets to see the answer. */
export const lingerBytesMax = 16 * 1024 * 1024;
export const lingerMs = 1_000;
/** A watch that was told nothing for this long gets a comment, at the latest after twice this, so that nothing between takes its connection for dead. */
export const watchHeartbeatMs = 15_000;
/** After this long an EventSource whose stream ended connects again. */
export const watchRetryMs = 1_000;
/** At a stop: how long a watch's reader has to take what was sent before its connection is cut. */
export const watchStopMs = 1_000;
