/** What a single call can be told. */
import { Consistency } from '@kvorum/protocol/kvorum/v1/read.js';
import { checkRevision } from '../base/bytes.js';
import { checkOptions } from '../base/call-options-check.js';
import { invalidArgument } from '../base/errors.js';
import { checkTimeout } from '../base/options.js';
import type { ReadFields, WriteFields } from '../calls/operation.js';
import { Lane, type LaneIndex } from '../servers/endpoint.js';

export interface CallOptions {
  /** Ends the call: it rejects with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
  /** The whole call with all its attempts, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

export interface ReadOptions extends CallOptions {
  /**
   * What the read may miss. `linearizable` (default): sees every write that was acknowledged before, wherever it is served. `serializable`: what some server
   * has applied, answered without a quorum. `maxStalenessMs`: what is no older than this.
   */
  readonly consistency?: 'linearizable' | 'serializable' | { readonly maxStalenessMs: number } | undefined;
  /** Read as of this revision instead of the newest. */
  readonly revision?: number | undefined;
}

/** At most one of the conditions. One that doesn't hold rejects with CONDITION_FAILED and the key's `revision`. */
export interface WriteOptions extends CallOptions {
  /** Only if this is the key's modRevision. Undefined is refused: what was to be a condition would be none. */
  readonly ifModRevision?: number;
  /** Only if the key does not exist. */
  readonly ifAbsent?: boolean | undefined;
}

const callNames = ['signal', 'timeoutMs'];
const readNames: ReadonlySet<string> = new Set([...callNames, 'consistency', 'revision']);
const writeNames: ReadonlySet<string> = new Set([...callNames, 'ifModRevision', 'ifAbsent']);
export const listNames: ReadonlySet<string> = new Set([...readNames, 'prefix', 'start', 'end', 'limit', 'keysOnly']);

const newest: ReadFields = { consistency: Consistency.LINEARIZABLE, maxStalenessMs: 0, revision: 0 };
const unconditional: WriteFields = { ifModRevision: 0, ifAbsent: false };
const stalenessMsMax = 0xffff_ffff;

/**
 * Throws ClientError INVALID_ARGUMENT, as all here do.
 * @param names what there may be: a misspelt option would silently do nothing
 */
export function readFields(options: ReadOptions, names = readNames): ReadFields {
  checkOptions(options, names);
  const { consistency = 'linearizable', revision } = options;
  if (revision === undefined && consistency === 'linearizable') return newest;
  const asOf = checkRevision('revision', revision ?? 0);
  if (consistency === 'linearizable') return { ...newest, revision: asOf };
  if (consistency === 'serializable') return { ...newest, consistency: Consistency.SERIALIZABLE, revision: asOf };
  if (typeof consistency !== 'object' || consistency === null) {
    const allowed = "'linearizable', 'serializable' and { maxStalenessMs }";
    throw invalidArgument('consistency', `consistency is ${String(consistency)}; allowed are ${allowed}`);
  }
  const { maxStalenessMs } = consistency;
  if (Number.isInteger(maxStalenessMs) && maxStalenessMs >= 1 && maxStalenessMs <= stalenessMsMax) {
    return { consistency: Consistency.MAX_STALENESS, maxStalenessMs, revision: asOf };
  }
  const message = `maxStalenessMs is ${String(maxStalenessMs)}; allowed are integers from 1 to ${stalenessMsMax}`;
  throw invalidArgument('consistency', message);
}

export function laneOf({ consistency }: ReadFields): LaneIndex {
  return consistency === Consistency.LINEARIZABLE ? Lane.read : Lane.localRead;
}

export function writeFields(options: WriteOptions): WriteFields {
  checkOptions(options, writeNames);
  const { ifModRevision, ifAbsent } = options;
  if (ifModRevision === undefined && 'ifModRevision' in options) {
    throw invalidArgument('ifModRevision', 'ifModRevision is undefined; leave it out, or use ifAbsent for a new key');
  }
  if (ifModRevision === undefined && ifAbsent === undefined) return unconditional;
  const condition = { ifModRevision: checkRevision('ifModRevision', ifModRevision ?? 0), ifAbsent: ifAbsent === true };
  if (ifModRevision === 0) throw invalidArgument('ifModRevision', 'no key has modRevision 0; ifAbsent asks for none');
  if (!condition.ifAbsent || ifModRevision === undefined) return condition;
  throw invalidArgument('ifAbsent', 'ifAbsent and ifModRevision exclude each other');
}

export function timeoutOf({ timeoutMs }: CallOptions, otherwise: number): number {
  return timeoutMs === undefined ? otherwise : checkTimeout(timeoutMs);
}
