/**
 * The node's log on pino: one JSON object per line, written at once, so that nothing is lost when the process ends. What makes lines
 * pretty, or sends them elsewhere, is the caller's: it passes the stream.
 */
import { type Logger, pino } from 'pino';
import type { Log, LogFields, LogLevel } from '../env/env.js';

/** Where lines go; standard output, a file or a formatter. */
export interface LogDestination {
  write(line: string): void;
  /** Writes what it still holds; a destination that holds nothing back needs none. */
  flushSync?(): void;
}

export interface PinoLogOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default: standard output, synchronously. */
  readonly destination?: LogDestination;
  /** Added to each line, for example the node's id. Must hold no secret (S3). */
  readonly fields?: LogFields;
}

export interface PinoLog extends Log {
  /** Call before the process ends. */
  flush(): void;
}

/** Makes a log. Never prints unless it is called. */
export function createPinoLog(options: PinoLogOptions = {}): PinoLog {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: { ...options.fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return { ...wrap(logger), flush: () => destination.flushSync?.() };
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    isDebug: logger.isLevelEnabled('debug'),
    child: (fields) => wrap(logger.child({ ...fields })),
  };
}
