/** Limits of watches, each with a row in docs/limits.md. */

/** Watches of one node. */
export const watchesMax = 100_000;
/** Watches that count for one connection. */
export const watchesPerConnectionMax = 10_000;
/** Events, and about bytes of them, kept for a watch whose reader is behind; beyond, it keeps a cursor only and reads the history later. */
export const watchEventsKept = 256;
export const watchBytesKept = 65_536;
/** The same for all watches of a node together; an event counts for each watch that keeps it. */
export const watchesBytesKept = 67_108_864;
/** How often a watch that asked for progress is told, while nothing happens. */
export const watchProgressMs = 10_000;
/** A replica that knows no leader for this long, or is no member any more, ends its watches: what happens elsewhere does not come here. */
export const watchLeaderlessMs = 5_000;
