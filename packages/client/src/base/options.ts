/** What a client can be told: one interface, one table of defaults and ranges, checked once (S4). */
import { ClientError } from './errors.js';

/** All times in milliseconds. */
export interface ClientOptions {
  /**
   * Writes carry a session's sequence number, so that one that was sent again, whatever was lost, happens once (R20). Without it, a write is sent again
   * only when the first was certainly not. Default true.
   */
  readonly session?: boolean;
  /** A call with all its attempts, unless the call says otherwise. Default 10,000. */
  readonly timeoutMs?: number;
  /** One attempt, where another can follow it. Default 3,000. */
  readonly attemptTimeoutMs?: number;
  /** Reads go to followers of this zone, while there is one. */
  readonly zone?: string;
  /** What {@link connect} takes to reach a first server. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** One attempt to dial a server. Default 1,000. */
  readonly dialTimeoutMs?: number;
  /** While calls are open a server is asked this often whether it is there. Default 5,000. */
  readonly keepaliveMs?: number;
  /** Calls that may share a message; 1: each goes by itself. Default 256. */
  readonly maxBatchOperations?: number;
  /** Messages under way to one server, for each kind of call; further calls wait and share the next one. Default 4. */
  readonly maxBatchesInFlight?: number;
  /** Default 1. */
  readonly connectionsPerServer?: number;
  /** How often the list of servers is fetched when nothing happens. Default 5,000. */
  readonly refreshMs?: number;
  /** Default `default`. */
  readonly keyspace?: string;
}

/** Options with their defaults. */
export type ResolvedClientOptions = Required<Omit<ClientOptions, 'zone'>> & { readonly zone: string | undefined };

const defaults: ResolvedClientOptions = {
  session: true,
  timeoutMs: 10_000,
  attemptTimeoutMs: 3_000,
  zone: undefined,
  connectTimeoutMs: 5_000,
  dialTimeoutMs: 1_000,
  keepaliveMs: 5_000,
  maxBatchOperations: 256,
  maxBatchesInFlight: 4,
  connectionsPerServer: 1,
  refreshMs: 5_000,
  keyspace: 'default',
};

const hourMs = 3_600_000;
const timeoutRange = [1, hourMs] as const;
/** Numbers are integers in these ranges, both ends included. */
const ranges = [
  ['timeoutMs', ...timeoutRange],
  ['attemptTimeoutMs', 1, 60_000],
  ['connectTimeoutMs', 1, hourMs],
  ['dialTimeoutMs', 1, 60_000],
  ['keepaliveMs', 1_000, hourMs],
  ['maxBatchOperations', 1, 1_000],
  ['maxBatchesInFlight', 1, 1_000],
  ['connectionsPerServer', 1, 16],
  ['refreshMs', 100, hourMs],
] as const;

/** Fills the defaults in. Throws {@link ClientError} INVALID_ARGUMENT that names the option, its value and what is allowed. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(defaults, name)) throw refused(name, `there is no option ${name}`);
  }
  const resolved = { ...defaults, ...definedOf(options) };
  for (const [name, min, max] of ranges) checkInteger(name, resolved[name], min, max);
  if (typeof resolved.session !== 'boolean') {
    throw refused('session', `session is ${String(resolved.session)}; allowed is true or false`);
  }
  for (const name of ['keyspace', 'zone'] as const) {
    const value: unknown = resolved[name];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw refused(name, `${name} is ${JSON.stringify(value)}; allowed is a name`);
    }
  }
  return resolved;
}

/** The time of one call. Throws as {@link resolveClientOptions} does. */
export function checkTimeout(timeoutMs: number): number {
  checkInteger('timeoutMs', timeoutMs, ...timeoutRange);
  return timeoutMs;
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw refused(name, `${name} is ${String(value)}; allowed are integers from ${min} to ${max}`);
}

/** An option that is given as undefined is not given. */
function definedOf(options: ClientOptions): ClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function refused(field: string, message: string): ClientError {
  return new ClientError('INVALID_ARGUMENT', message, { field });
}
