/**
 * Where the core's log lines go. An absent method costs one test and builds no text: call sites use `sink.info?.(...)`,
 * which doesn't evaluate its argument then.
 */

/** A line of text without a line feed. */
export type WriteLine = (text: string) => void;

/** Leave out or set to undefined what is below the level. The fields are read anew for each line. */
export interface LogSink {
  readonly debug?: WriteLine | undefined;
  readonly info?: WriteLine | undefined;
  readonly warn?: WriteLine | undefined;
  readonly error?: WriteLine | undefined;
}

/** A sink that takes nothing. */
export const SILENT_SINK: LogSink = { debug: undefined, info: undefined, warn: undefined, error: undefined };
