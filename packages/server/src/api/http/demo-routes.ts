/**
 * Routes to try a cluster with curl or a browser's address bar. They change data by GET, so they are off unless asked for. They speak
 * plain text, errors included.
 */
import { Buffer } from 'node:buffer';
import { errorTable, KvorumError } from '@kvorum/protocol';
import type { KvService, NodeInfo } from '../../service/kv-service.js';
import type { Exchange } from './exchange.js';
import { decodeKey } from './kv-routes.js';
import { decodePercent } from './percent.js';

export interface DemoDeps {
  readonly kv: KvService;
  readonly info: NodeInfo;
}

/** Answers and returns true when the path is a demo route. `rest` of a path is split at its slashes; a slash in a key is `%2F`. */
export function serveDemo(exchange: Exchange, deps: DemoDeps, path: string, query: string | undefined): boolean {
  const [, verb, ...parts] = path.split('/');
  if (verb !== 'Set' && verb !== 'Get' && verb !== 'Delete' && verb !== 'isLeader' && verb !== 'Health') return false;
  if ((verb === 'isLeader' || verb === 'Health') && parts.length > 0) return false;
  exchange.route = 'demo';
  if (exchange.request.method !== 'GET') {
    exchange.sendText(405, 'Method not allowed. Expected GET', ['Allow', 'GET']);
    return true;
  }
  run(exchange, deps, verb, query === undefined ? parts : []).catch((error: unknown) => failInText(exchange, error));
  return true;
}

type Verb = 'Set' | 'Get' | 'Delete' | 'isLeader' | 'Health';

async function run(exchange: Exchange, deps: DemoDeps, verb: Verb, parts: readonly string[]): Promise<void> {
  switch (verb) {
    case 'Set':
      return await set(exchange, deps.kv, parts);
    case 'Get':
      return await get(exchange, deps.kv, parts);
    case 'Delete':
      return await remove(exchange, deps.kv, parts);
    case 'isLeader':
      exchange.sendText(200, isLeader(deps.info) ? 'I am the leader' : 'I am not the leader');
      return;
    case 'Health':
      exchange.sendText(200, 'OK');
      return;
  }
}

async function set(exchange: Exchange, kv: KvService, parts: readonly string[]): Promise<void> {
  exchange.isWrite = true;
  const [key, value] = decodeParts(parts, 2, 'Set/{key}/{value}');
  await kv.put(key, value);
  exchange.send(200, textHeaders(), Buffer.concat([text("Set key '"), key, text("' to value '"), value, text("'\n")]));
}

async function get(exchange: Exchange, kv: KvService, parts: readonly string[]): Promise<void> {
  const [key] = decodeParts(parts, 1, 'Get/{key}');
  const { kv: found } = await kv.get(key);
  if (found === undefined) exchange.sendText(404, 'Key not found');
  else exchange.send(200, textHeaders(), found.value);
}

async function remove(exchange: Exchange, kv: KvService, parts: readonly string[]): Promise<void> {
  exchange.isWrite = true;
  const [key] = decodeParts(parts, 1, 'Delete/{key}');
  const { deleted } = await kv.delete(key);
  if (deleted === 0) exchange.sendText(404, 'Key not found');
  else exchange.send(200, textHeaders(), Buffer.concat([text("Deleted key '"), key, text("'\n")]));
}

/** Leader of the `default` keyspace. */
function isLeader(info: NodeInfo): boolean {
  return info.status().shards.some((shard) => shard.keyspace === 'default' && shard.role === 'leader');
}

/** Key and, where expected, value. An empty part is malformed. */
function decodeParts(parts: readonly string[], count: number, expected: string): [Uint8Array, Uint8Array] {
  const malformed = () => new KvorumError('INVALID_ARGUMENT', `Invalid URL format. Expected ${expected}`);
  if (parts.length !== count || parts.includes('')) throw malformed();
  const [key = '', value = ''] = parts;
  try {
    return [decodeKey(key), decodePercent(value, 'value')];
  } catch (error) {
    if (error instanceof KvorumError && error.code === 'KEY_TOO_LARGE') throw error;
    throw malformed();
  }
}

function failInText(exchange: Exchange, cause: unknown): void {
  const error = exchange.publicError(cause);
  exchange.sendText(errorTable[error.code].http, `${error.message}${outcome(exchange, error)}`);
}

/** What became of a write that failed, on a line of its own. Bad input needs none: it was never tried. */
function outcome({ isWrite }: Exchange, { details }: KvorumError): string {
  if (!isWrite || details.mayHaveHappened === undefined) return '';
  return details.mayHaveHappened
    ? '\nThe write may have happened: read the key before trying again\n'
    : '\nThe write did not happen\n';
}

function textHeaders(): string[] {
  return ['Content-Type', 'text/plain; charset=utf-8', 'X-Content-Type-Options', 'nosniff'];
}

function text(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}
