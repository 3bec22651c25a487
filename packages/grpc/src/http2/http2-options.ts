/** Options of a connection and every limit it keeps, with defaults for both roles. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Numbers that bound what a peer can cost. All are checked against the ranges in {@link limitRanges} once. */
export interface Http2Limits {
  /** SETTINGS_MAX_CONCURRENT_STREAMS that we announce; a stream beyond it is refused with REFUSED_STREAM. */
  readonly concurrentStreamsMax: number;
  /** SETTINGS_MAX_FRAME_SIZE that we announce; a larger frame ends the connection with FRAME_SIZE_ERROR. */
  readonly frameBytesMax: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE that we announce; a stream with more is reset with ENHANCE_YOUR_CALM. */
  readonly headerListBytesMax: number;
  /** Bytes of one header block as it travels, over all its frames; more ends the connection with ENHANCE_YOUR_CALM. */
  readonly headerBlockBytesMax: number;
  /** Frames of one header block; more end the connection with ENHANCE_YOUR_CALM. */
  readonly continuationFramesMax: number;
  /** SETTINGS_HEADER_TABLE_SIZE that we announce. */
  readonly headerTableBytesMax: number;
  /** Most memory spent on compressing what we send, whatever the peer allows. */
  readonly encoderTableBytesMax: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE that we announce. */
  readonly streamWindowBytes: number;
  /** How far the window of one stream may grow. */
  readonly streamWindowBytesMax: number;
  /** The connection's window at its start. */
  readonly connectionWindowBytes: number;
  /** How far the connection's window may grow: what a peer can make us hold unread. */
  readonly connectionWindowBytesMax: number;
  /** `sendData` answers false above this many queued bytes of the stream. */
  readonly streamSendBytesHigh: number;
  /** `sendData` answers false above this many queued bytes of all streams. */
  readonly connectionSendBytesHigh: number;
  /** A stream whose data would bring all streams' queued bytes above this is reset, unless it is the only one with queued bytes. */
  readonly connectionSendBytesMax: number;
  /** Control frames and headers that wait because the peer does not read; more end the connection with ENHANCE_YOUR_CALM. */
  readonly controlBytesMax: number;
  /** RST_STREAM frames, and our own for its errors, that a peer may cause at once; see `resetsPerSecond`. */
  readonly resetBurstMax: number;
  /** Resets a peer may cause per second in the long run; more end the connection with ENHANCE_YOUR_CALM. */
  readonly resetsPerSecond: number;
  /** PING, SETTINGS, PRIORITY, unknown, empty and unneeded WINDOW_UPDATE frames that may come at once. */
  readonly controlBurstMax: number;
  /** The same per second in the long run; more end the connection with ENHANCE_YOUR_CALM. */
  readonly controlFramesPerSecond: number;
  /** Time from the connection's start to the peer's preface and first SETTINGS. */
  readonly prefaceTimeoutMs: number;
  /** Time for the peer to acknowledge our SETTINGS; SETTINGS_TIMEOUT ends the connection. */
  readonly settingsTimeoutMs: number;
  /** Time from a HEADERS frame to the end of its block, and from the start of any frame to its end. */
  readonly frameTimeoutMs: number;
  /** Time in which a connection must take queued bytes (else it is destroyed) and, of a server, a stream with queued data get window (else CANCEL). */
  readonly stallTimeoutMs: number;
  /** Time for streams to end after `drain`, then what is left is closed. */
  readonly drainTimeoutMs: number;
  /** Time for a PING to be answered before `ping()` rejects. */
  readonly pingTimeoutMs: number;
}

/** Defaults of {@link Http2Limits}. */
export const defaultLimits: Http2Limits = {
  concurrentStreamsMax: 256,
  frameBytesMax: 16_384,
  headerListBytesMax: 16_384,
  headerBlockBytesMax: 32_768,
  continuationFramesMax: 16,
  headerTableBytesMax: 4096,
  encoderTableBytesMax: 4096,
  streamWindowBytes: 262_144,
  streamWindowBytesMax: 4 * MIB,
  connectionWindowBytes: 1 * MIB,
  connectionWindowBytesMax: 16 * MIB,
  streamSendBytesHigh: 64096,
  connectionSendBytesHigh: 1 * MIB,
  connectionSendBytesMax: 128 * MIB,
  controlBytesMax: 1 * MIB,
  resetBurstMax: 1000,
  resetsPerSecond: 100,
  controlBurstMax: 1000,
  controlFramesPerSecond: 100,
  prefaceTimeoutMs: 10_000,
  settingsTimeoutMs: 10_000,
  frameTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  drainTimeoutMs: 30_000,
  pingTimeoutMs: 20_000,
};

/** How a connection behaves. */
export interface Http2Options {
  readonly role: 'client' | 'server';
  readonly limits?: Partial<Http2Limits>;
}

/** Smallest and largest value of each limit. */
export const limitRanges: Readonly<Record<keyof Http2Limits, readonly [number, number]>> = {
  concurrentStreamsMax: [1, 1_000_000],
  frameBytesMax: [16 * KIB, 16 * MIB - 1],
  headerListBytesMax: [1 * KIB, 16 * MIB],
  headerBlockBytesMax: [1 * KIB, 16 * MIB],
  continuationFramesMax: [0, 10_000],
  headerTableBytesMax: [0, 1 * MIB],
  encoderTableBytesMax: [0, 1 * MIB],
  streamWindowBytes: [65_535, 2 ** 31 - 1],
  streamWindowBytesMax: [65_535, 2 ** 31 - 1],
  connectionWindowBytes: [65_535, 2 ** 31 - 1],
  connectionWindowBytesMax: [65_535, 2 ** 31 - 1],
  streamSendBytesHigh: [1, 2 ** 31 - 1],
  connectionSendBytesHigh: [1, 2 ** 31 - 1],
  connectionSendBytesMax: [1, 2 ** 40],
  controlBytesMax: [16 * KIB, 2 ** 31 - 1],
  resetBurstMax: [1, 1_000_000],
  resetsPerSecond: [1, 1_000_000],
  controlBurstMax: [10, 1_000_000],
  controlFramesPerSecond: [1, 1_000_000],
  prefaceTimeoutMs: [10, 600_000],
  settingsTimeoutMs: [10, 600_000],
  frameTimeoutMs: [10, 600_000],
  stallTimeoutMs: [10, 3_600_000],
  drainTimeoutMs: [0, 3_600_000],
  pingTimeoutMs: [10, 600_000],
};

/** All limits, those not given with their defaults. Throws RangeError that names the option, the value and the range. */
export function completeLimits(limits: Partial<Http2Limits> = {}): Http2Limits {
  const complete: Http2Limits = { ...defaultLimits, ...limits };
  const values: Readonly<Record<string, number>> = { ...complete };
  for (const [name, [min, max]] of Object.entries(limitRanges)) {
    const value = values[name] ?? Number.NaN;
    if (!(value >= min && value <= max)) throw new RangeError(`${name} is ${value}, not from ${min} to ${max}`);
  }
  return complete;
}
