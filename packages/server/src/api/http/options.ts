/** What can be set on the HTTP face: defaults filled once, ranges checked once (S4). */
import { clientPortDefault, KvorumError } from '@kvorum/protocol';

/** A numeric option: default and inclusive range. */
export interface OptionRange {
  readonly standard: number;
  readonly min: number;
  readonly max: number;
}

/** The numeric options; each has a row in docs/limits.md. */
export const httpOptionRanges = {
  /** Port to listen on; 0 takes a free one. */
  port: { standard: clientPortDefault, min: 0, max: 65535 },
  /** Open connections; one more is closed at once. */
  connectionsMax: { standard: 10_000, min: 1, max: 1_000_000 },
  /** Watches by HTTP; each takes a connection, of which some must be left for others. */
  watchStreamsMax: { standard: 5_000, min: 1, max: 1_000_000 },
  /** The header of a request must have arrived after this long. */
  headersTimeoutMs: { standard: 10_000, min: 100, max: 600_000 },
  /** A whole request must have arrived after this long. */
  receiveTimeoutMs: { standard: 60_000, min: 100, max: 3_600_000 },
  /** A connection without a request is closed after this long. */
  keepAliveTimeoutMs: { standard: 65_000, min: 100, max: 3_600_000 },
  /** A connection on which no byte moved for this long is destroyed: a reader that stopped reading. Must exceed the longest `?timeout`. */
  stallTimeoutMs: { standard: 120_000, min: 61_000, max: 3_600_000 },
  /** How long `close` waits for running requests. */
  drainTimeoutMs: { standard: 5_000, min: 0, max: 600_000 },
  /** How long the outcome of a readiness check is given to further probes. */
  readyCacheMs: { standard: 500, min: 0, max: 60_000 },
  /** How long a readiness check may take. */
  readyTimeoutMs: { standard: 1_000, min: 1, max: 60_000 },
} as const satisfies Record<string, OptionRange>;

export type HttpNumericOption = keyof typeof httpOptionRanges;

/** Options of the HTTP face as a caller gives them. */
export interface HttpFaceOptions extends Partial<Readonly<Record<HttpNumericOption, number>>> {
  /** Address to listen on; default loopback. */
  readonly host?: string;
  /** Serves `/Set /Get /Delete /isLeader /Health`, which change data by GET; default off. */
  readonly demoRoutes?: boolean;
}

/** All options with defaults filled. */
export type CompleteHttpOptions = Readonly<Record<HttpNumericOption, number>> & {
  readonly host: string;
  readonly demoRoutes: boolean;
};

/** Fills defaults; fails with INVALID_ARGUMENT naming the option, its value and the range. */
export function completeHttpOptions(options: HttpFaceOptions): CompleteHttpOptions {
  const number = (name: HttpNumericOption): number => {
    const range = httpOptionRanges[name];
    const value = options[name] ?? range.standard;
    if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
    const allowed = `${range.min} to ${range.max}`;
    throw new KvorumError('INVALID_ARGUMENT', `${name} is ${value}; allowed is an integer from ${allowed}`, {
      field: name,
      allowed,
    });
  };
  checkTimeouts(number('headersTimeoutMs'), number('receiveTimeoutMs'));
  return {
    host: options.host ?? '127.0.0.1',
    demoRoutes: options.demoRoutes ?? false,
    port: number('port'),
    connectionsMax: number('connectionsMax'),
    watchStreamsMax: number('watchStreamsMax'),
    headersTimeoutMs: number('headersTimeoutMs'),
    receiveTimeoutMs: number('receiveTimeoutMs'),
    keepAliveTimeoutMs: number('keepAliveTimeoutMs'),
    stallTimeoutMs: number('stallTimeoutMs'),
    drainTimeoutMs: number('drainTimeoutMs'),
    readyCacheMs: number('readyCacheMs'),
    readyTimeoutMs: number('readyTimeoutMs'),
  };
}

/** A header is part of its request. */
function checkTimeouts(headersTimeoutMs: number, receiveTimeoutMs: number): void {
  if (headersTimeoutMs <= receiveTimeoutMs) return;
  const allowed = `at most receiveTimeoutMs, ${receiveTimeoutMs}`;
  throw new KvorumError('INVALID_ARGUMENT', `headersTimeoutMs is ${headersTimeoutMs}; allowed is ${allowed}`, {
    field: 'headersTimeoutMs',
    allowed,
  });
}
