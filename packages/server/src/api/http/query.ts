/** The query string of a request, parsed by hand and strictly: each route names what it allows, everything else is an error. */
import { Buffer } from 'node:buffer';
import { KvorumError } from '@kvorum/protocol';
import { listLimitMax, maxStalenessMsMax, revisionMax, timeoutMsMax, timeoutMsMin } from './limits.js';
import { decodePercent } from './percent.js';

/** Parameters with a value, as bytes, and flags. */
export interface Query {
  readonly prefix?: Uint8Array;
  readonly cursor?: string;
  readonly limit?: number;
  readonly revision?: number;
  readonly timeout?: number;
  readonly serializable?: boolean;
  readonly maxStaleness?: number;
  readonly keys?: boolean;
  readonly count?: boolean;
  readonly keyspace?: string;
  readonly watch?: boolean;
  readonly from?: number;
  readonly prev?: boolean;
}

export type QueryName = keyof Query;
type MutableQuery = { -readonly [name in QueryName]?: Query[name] };

const noQuery: Query = {};

/** Parses what follows `?` (undefined: there was none). Fails with INVALID_ARGUMENT naming the parameter and what is allowed. */
export function parseQuery(text: string | undefined, allowed: readonly QueryName[]): Query {
  if (text === undefined || text === '') return noQuery;
  const query: MutableQuery = {};
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const given = asText(equals < 0 ? part : part.slice(0, equals), 'the query');
    const value = equals < 0 ? undefined : part.slice(equals + 1);
    const name = allowed.find((each) => each === given);
    if (name === undefined) throw unknownParameter(given, allowed);
    if (query[name] !== undefined) throw new KvorumError('INVALID_ARGUMENT', `${name} is given twice`, { field: name });
    setParameter(query, name, value);
  }
  return query;
}

function setParameter(query: MutableQuery, name: QueryName, value: string | undefined) {
  switch (name) {
    case 'prefix':
      query.prefix = decodePercent(value ?? '', name);
      return;
    case 'cursor':
      query.cursor = asText(value ?? '', name);
      return;
    case 'keyspace':
      query.keyspace = asText(value ?? '', name);
      return;
    case 'limit':
      query.limit = parseInteger(value, name, 1, listLimitMax);
      return;
    case 'revision':
    case 'from':
      query[name] = parseInteger(value, name, 1, revisionMax);
      return;
    case 'maxStaleness':
      query.maxStaleness = parseInteger(value, name, 1, maxStalenessMsMax);
      return;
    case 'timeout':
      query.timeout = parseInteger(value, name, timeoutMsMin, timeoutMsMax);
      return;
    case 'serializable':
    case 'keys':
    case 'count':
    case 'watch':
    case 'prev':
      query[name] = parseFlag(value, name);
      return;
  }
}

/** A decimal integer within the range, with digits only. */
export function parseInteger(text: string | undefined, field: string, min: number, max: number): number {
  const value = text !== undefined && /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const allowed = `an integer from ${min} to ${max}`;
  throw new KvorumError('INVALID_ARGUMENT', `${field} is ${JSON.stringify(text ?? '')}; allowed is ${allowed}`, {
    field,
    allowed,
  });
}

function parseFlag(value: string | undefined, field: string): boolean {
  if (value === undefined || value === '' || value === 'true') return true;
  if (value === 'false') return false;
  const allowed = `${field}, ${field}=true or ${field}=false`;
  throw new KvorumError('INVALID_ARGUMENT', `${field} is ${JSON.stringify(value)}; allowed is ${allowed}`, {
    field,
    allowed,
  });
}

function asText(text: string, field: string): string {
  return Buffer.from(decodePercent(text, field)).toString('utf8');
}

function unknownParameter(name: string, allowed: readonly QueryName[]): KvorumError {
  const list = allowed.length === 0 ? 'none' : allowed.join(', ');
  const shown = JSON.stringify(name.slice(0, 64));
  return new KvorumError('INVALID_ARGUMENT', `unknown query parameter ${shown}; allowed here: ${list}`, {
    field: name.slice(0, 64),
    allowed: list,
  });
}
