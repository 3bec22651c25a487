/** A log that goes nowhere: the default of an embedded node, since a library never prints. */
import type { Log } from './env.js';

/** Drops every line. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  isDebug: false,
  child: () => silentLog,
};
