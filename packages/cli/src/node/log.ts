/** The log of a node process: pino to stderr, as JSON lines or readable text. */
import type { Writable } from 'node:stream';
import type { Log, LogFields } from '@kvorum/server';
import { type Logger, pino } from 'pino';
import { build as prettyStream } from 'pino-pretty';
import type { LogFormat, LogLevelName } from '../config/process-options.js';

export interface LogOptions {
  readonly level: LogLevelName;
  readonly format: LogFormat;
  /** True when a person looks at the stream. */
  readonly isTty: boolean;
}

/** A log that writes to `stream`. Lines are written at once, so that nothing is lost when the process ends. */
export function createLog(stream: Writable, { level, format, isTty }: LogOptions): Log {
  const isPretty = format === 'pretty' || (format === 'auto' && isTty);
  const options = { level, base: null, serializers: {}, timestamp: pino.stdTimeFunctions.isoTime };
  if (!isPretty) return wrap(pino(options, stream));
  const pretty = prettyStream({
    destination: stream,
    sync: true,
    colorize: isTty,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return wrap(pino(options, pretty));
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(plain(fields), message),
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
    get isDebug() {
      return logger.isLevelEnabled('debug');
    },
    child: (fields) => wrap(logger.child(plain(fields))),
  };
}

/** JSON has no 64-bit integers, so they are written as text. */
function plain(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]),
  );
}
