/** `GET/HEAD/PUT/DELETE /kv/{key}`: one key, raw bytes. Everything after `/kv/` up to `?` is the key, whatever its bytes. */
import { KvorumError, keyBytesMax, requestBytesMax } from '@kvorum/protocol';
import type { DeleteResult, GetResult, KvService, PutResult, ReadOptions } from '../../service/kv-service.js';
import { collectBody } from './body.js';
import { readCondition } from './conditions.js';
import type { Exchange } from './exchange.js';
import { decodePercent } from './percent.js';
import { parseQuery, type Query, type QueryName } from './query.js';

const readNames: readonly QueryName[] = ['revision', 'serializable', 'timeout', 'maxStaleness'];
const writeNames: readonly QueryName[] = ['timeout'];
const newest: ReadOptions = {};

/** The key that `text` (the target after `/kv/`) names. Fails with INVALID_ARGUMENT or KEY_TOO_LARGE. */
export function decodeKey(text: string): Uint8Array {
  const key = decodePercent(text, 'key');
  if (key.length === 0) {
    const allowed = `1 to ${keyBytesMax} bytes`;
    throw new KvorumError('INVALID_ARGUMENT', `the key is empty; a key must have ${allowed}`, {
      field: 'key',
      allowed,
    });
  }
  if (key.length > keyBytesMax) throw keyTooLarge(key.length, 'key');
  return key;
}

export function keyTooLarge(bytes: number, field: string): KvorumError {
  const allowed = field === 'key' ? `1 to ${keyBytesMax} bytes` : `at most ${keyBytesMax} bytes`;
  return new KvorumError('KEY_TOO_LARGE', `the ${field} has ${bytes} bytes; allowed are ${allowed}`, {
    field,
    allowed,
  });
}

/** The read options of a query; the same for single reads and lists. */
export function readOptions(query: Query): ReadOptions {
  const { serializable: isSerializable, maxStaleness: maxStalenessMs } = query;
  if (isSerializable === true && maxStalenessMs !== undefined) {
    const allowed = 'one of serializable and maxStaleness';
    const message = `a read is serializable or has a bound for its age; allowed is ${allowed}`;
    throw new KvorumError('INVALID_ARGUMENT', message, { field: 'maxStaleness', allowed });
  }
  const { revision, timeout: timeoutMs } = query;
  if (maxStalenessMs !== undefined) return { consistency: 'maxStaleness', maxStalenessMs, revision, timeoutMs };
  return { consistency: isSerializable === true ? 'serializable' : 'linearizable', revision, timeoutMs };
}

export function getKey(exchange: Exchange, kv: KvService, keyText: string, queryText: string | undefined): void {
  exchange.route = 'get';
  const key = decodeKey(keyText);
  const options = queryText === undefined ? newest : readOptions(parseQuery(queryText, readNames));
  kv.get(key, options).then(
    (result) => answerGet(exchange, result),
    (error: unknown) => exchange.fail(error),
  );
}

function answerGet(exchange: Exchange, { kv, revision }: GetResult): void {
  if (kv === undefined) {
    exchange.fail(new KvorumError('KEY_NOT_FOUND', 'the key does not exist'), ['X-Kvorum-Revision', String(revision)]);
    return;
  }
  const modRevision = String(kv.modRevision);
  exchange.send(
    200,
    [
      'Content-Type',
      'application/octet-stream',
      // Stored bytes are nobody's script, and an answer that a cache repeats would not be linearizable.
      'X-Content-Type-Options',
      'nosniff',
      'Cache-Control',
      'no-store',
      'ETag',
      `"${modRevision}"`,
      'X-Kvorum-Revision',
      String(revision),
      'X-Kvorum-Create-Revision',
      String(kv.createRevision),
      'X-Kvorum-Mod-Revision',
      modRevision,
      'X-Kvorum-Version',
      String(kv.version),
    ],
    kv.value,
  );
}

export function putKey(exchange: Exchange, kv: KvService, keyText: string, queryText: string | undefined): void {
  exchange.route = 'put';
  exchange.isWrite = true;
  const key = decodeKey(keyText);
  const timeoutMs = parseQuery(queryText, writeNames).timeout;
  const condition = readCondition(exchange.request.headers, false);
  collectBody(exchange, requestBytesMax - key.length, (value) => {
    kv.put(key, value, { ...condition, timeoutMs }).then(
      (result) => answerPut(exchange, result),
      (error: unknown) => exchange.fail(error),
    );
  });
}

function answerPut(exchange: Exchange, result: PutResult): void {
  const revision = String(result.revision);
  exchange.send(
    200,
    [
      'ETag',
      `"${revision}"`,
      'X-Kvorum-Revision',
      revision,
      'X-Kvorum-Create-Revision',
      String(result.createRevision),
      'X-Kvorum-Version',
      String(result.version),
    ],
    '',
  );
}

export function deleteKey(exchange: Exchange, kv: KvService, keyText: string, queryText: string | undefined): void {
  exchange.route = 'delete';
  exchange.isWrite = true;
  const key = decodeKey(keyText);
  const timeoutMs = parseQuery(queryText, writeNames).timeout;
  const condition = readCondition(exchange.request.headers, true);
  kv.delete(key, { ...condition, timeoutMs }).then(
    (result) => answerDelete(exchange, result),
    (error: unknown) => exchange.fail(error),
  );
}

function answerDelete(exchange: Exchange, result: DeleteResult): void {
  exchange.send(200, ['X-Kvorum-Revision', String(result.revision), 'X-Kvorum-Deleted', String(result.deleted)], '');
}
