/**
 * What a request to the service must look like. TypeScript checks callers that use it; these checks are for all others, because what passes
 * here is encoded, replicated and kept. Every failure is INVALID_ARGUMENT (or a size error) that names the field; nothing was written.
 */
import { type ErrorCode, KvorumError, keyBytesMax, requestBytesMax } from '@kvorum/protocol';
import { SESSION_WINDOW } from '@kvorum/core/kv/session-codec.js';
import type {
  BatchOperation,
  ListOptions,
  ReadOptions,
  WatchOptions,
  WriteOptions,
  WriteSession,
} from './kv-service.js';

/** Longest time a request may ask for. */
export const requestTimeoutMsMax = 60_000;

/** Highest bound for the age of what a read shows. */
export const maxStalenessMsMax = 2 ** 32 - 1;

/** Operations of one batch. */
export const batchOperationsMax = 1_000;

const consistencies: readonly string[] = ['linearizable', 'serializable', 'maxStaleness'];
const readNames = ['consistency', 'maxStalenessMs', 'revision', 'timeoutMs'];
const writeNames = ['ifModRevision', 'ifAbsent', 'session', 'timeoutMs'];
const operationNames = ['kind', 'key', 'value', 'ifModRevision', 'ifAbsent', 'session'];
const watchNames = [
  'key',
  'prefix',
  'range',
  'fromRevision',
  'prevKv',
  'only',
  'progress',
  'fragment',
  'connection',
  'timeoutMs',
];
const sessionNames = ['id', 'sequence', 'firstUnacknowledged'];
const listNames = [...readNames, 'prefix', 'from', 'limit', 'keysOnly'];

/** Bytes of 1 to `keyBytesMax`. */
export function checkKey(key: unknown): void {
  const { length } = requireBytes(key, 'key');
  if (length > 0 && length <= keyBytesMax) return;
  const code = length === 0 ? 'INVALID_ARGUMENT' : 'KEY_TOO_LARGE';
  refuse(code, `the key has ${length} bytes`, 'key', `1 to ${keyBytesMax} bytes`);
}

/** A prefix, which any key may be. */
function checkPrefix(prefix: unknown): void {
  checkLength(prefix, 'prefix', keyBytesMax);
}

/** Where a range of keys begins or ends: one byte more than a key, so that a range can begin right after any key. */
export function checkBound(bound: unknown, field: string): void {
  checkLength(bound, field, keyBytesMax + 1);
}

/** Bytes that fit a request together with their key, which was checked. */
export function checkValue(key: Uint8Array, value: unknown): void {
  const bytes = key.length + requireBytes(value, 'value').length;
  if (bytes <= requestBytesMax) return;
  refuse('REQUEST_TOO_LARGE', `key and value together have ${bytes} bytes`, 'value', `up to ${requestBytesMax} bytes`);
}

export function checkReadOptions(options: ReadOptions): void {
  checkNames(options, readNames);
  checkRead(options);
}

export function checkWriteOptions(options: WriteOptions): void {
  checkNames(options, writeNames);
  checkTimeout(options.timeoutMs);
  checkConditions(options);
  if (options.session !== undefined) checkSession(options.session);
}

export function checkBatch(operations: unknown): void {
  if (!Array.isArray(operations)) refuse('INVALID_ARGUMENT', 'the batch is no list', 'operations', 'a list of writes');
  if (operations.length > batchOperationsMax) {
    const message = `the batch has ${operations.length} operations`;
    refuse('INVALID_ARGUMENT', message, 'operations', `up to ${batchOperationsMax} operations`);
  }
}

/** One operation of a batch; gives the bytes of its key and value. */
export function checkOperation(operation: BatchOperation): number {
  checkNames(operation, operationNames);
  checkKey(operation.key);
  const { key, ifModRevision, ifAbsent, session } = operation;
  checkWriteOptions({ ifModRevision, ifAbsent, session });
  if (operation.kind === 'delete') return key.length;
  if (operation.kind !== 'put')
    refuse('INVALID_ARGUMENT', 'an operation is neither put nor delete', 'kind', 'put, delete');
  checkValue(key, operation.value);
  return key.length + operation.value.length;
}

/** Bytes of all operations of a batch together. */
export function checkBatchBytes(bytes: number): void {
  if (bytes <= requestBytesMax) return;
  const message = `keys and values of the batch have ${bytes} bytes together`;
  refuse('REQUEST_TOO_LARGE', message, 'operations', `up to ${requestBytesMax} bytes`);
}

function checkSession(session: WriteSession): void {
  checkNames(session, sessionNames);
  const { id, sequence, firstUnacknowledged } = session;
  checkRevision(id, 'session.id');
  checkRevision(sequence, 'session.sequence');
  checkRevision(firstUnacknowledged, 'session.firstUnacknowledged');
  const ahead = sequence - firstUnacknowledged;
  if (ahead >= 0 && ahead < SESSION_WINDOW) return;
  const allowed = `the first unacknowledged one (${firstUnacknowledged}) to ${SESSION_WINDOW - 1} above it`;
  refuse('INVALID_ARGUMENT', `sequence ${sequence} is not allowed`, 'session.sequence', allowed);
}

function checkConditions(options: WriteOptions): void {
  checkBoolean(options.ifAbsent, 'ifAbsent');
  if (options.ifModRevision === undefined) return;
  checkRevision(options.ifModRevision, 'ifModRevision');
  if (options.ifAbsent !== true) return;
  refuse('INVALID_ARGUMENT', 'two conditions exclude each other', 'ifAbsent', 'one of ifModRevision and ifAbsent');
}

export function checkListOptions(options: ListOptions): void {
  checkNames(options, listNames);
  checkRead(options);
  checkBoolean(options.keysOnly, 'keysOnly');
  if (options.prefix !== undefined) checkPrefix(options.prefix);
  if (options.from !== undefined) checkBound(options.from, 'from');
  const { limit } = options;
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return;
  refuse('INVALID_ARGUMENT', `limit ${String(limit)} is not allowed`, 'limit', '0 or more');
}

export function checkWatchOptions(options: WatchOptions): void {
  checkNames(options, watchNames);
  checkTimeout(options.timeoutMs);
  const { key, prefix, range, fromRevision, only } = options;
  if ([key, prefix, range].filter((part) => part !== undefined).length > 1) {
    refuse('INVALID_ARGUMENT', 'a watch has more than one of key, prefix, range', 'key', 'one of key, prefix, range');
  }
  if (key !== undefined) checkKey(key);
  if (prefix !== undefined) checkPrefix(prefix);
  if (range !== undefined) {
    checkNames(range, ['start', 'end']);
    checkBound(range.start, 'range.start');
    if (range.end !== undefined) checkBound(range.end, 'range.end');
  }
  if (fromRevision !== undefined && fromRevision !== 0) checkRevision(fromRevision, 'fromRevision');
  if (only !== undefined && only !== 'put' && only !== 'delete') {
    refuse('INVALID_ARGUMENT', `only is ${show(only)}`, 'only', 'put, delete');
  }
  checkBoolean(options.prevKv, 'prevKv');
  checkBoolean(options.progress, 'progress');
  checkBoolean(options.fragment, 'fragment');
}

export function checkRevision(revision: unknown, field: string): void {
  if (Number.isSafeInteger(revision) && Number(revision) >= 1) return;
  refuse('INVALID_ARGUMENT', `${field} ${String(revision)} is not allowed`, field, `1 to ${Number.MAX_SAFE_INTEGER}`);
}

export function checkTimeout(timeoutMs: unknown): void {
  if (timeoutMs === undefined) return;
  if (typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs <= requestTimeoutMsMax) return;
  const allowed = `1 to ${requestTimeoutMsMax} ms`;
  refuse('INVALID_ARGUMENT', `timeoutMs is ${show(timeoutMs)}`, 'timeoutMs', allowed);
}

function checkRead(options: ReadOptions): void {
  checkTimeout(options.timeoutMs);
  if (options.revision !== undefined) checkRevision(options.revision, 'revision');
  const { consistency = 'linearizable', maxStalenessMs } = options;
  if (!consistencies.includes(consistency)) {
    const message = `consistency ${String(consistency)} is not allowed`;
    refuse('INVALID_ARGUMENT', message, 'consistency', consistencies.join(', '));
  }
  const isBounded = consistency === 'maxStaleness';
  if (isBounded ? isStaleness(maxStalenessMs) : maxStalenessMs === undefined) return;
  const allowed = isBounded ? `1 to ${maxStalenessMsMax} ms` : 'a bound with consistency maxStaleness only';
  refuse('INVALID_ARGUMENT', `maxStalenessMs is ${show(maxStalenessMs)}`, 'maxStalenessMs', allowed);
}

function isStaleness(ms: unknown): boolean {
  return typeof ms === 'number' && ms >= 1 && ms <= maxStalenessMsMax;
}

/** A misspelt condition must not become an unconditional write. */
function checkNames(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    refuse('INVALID_ARGUMENT', 'the options are not an object', 'options', known.join(', '));
  }
  const wrong = Object.keys(options).find((name) => !known.includes(name));
  if (wrong !== undefined) refuse('INVALID_ARGUMENT', `unknown option ${wrong}`, wrong, known.join(', '));
}

function checkBoolean(value: unknown, field: string): void {
  if (value === undefined || typeof value === 'boolean') return;
  refuse('INVALID_ARGUMENT', `${field} is ${show(value)}`, field, 'true, false');
}

function checkLength(bytes: unknown, field: string, most: number): void {
  const { length } = requireBytes(bytes, field);
  if (length <= most) return;
  refuse('KEY_TOO_LARGE', `the ${field} has ${length} bytes`, field, `up to ${most} bytes`);
}

function requireBytes(value: unknown, field: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const found = value === null ? 'null' : typeof value;
  refuse('INVALID_ARGUMENT', `the ${field} is of type ${found}`, field, 'a string or a Uint8Array');
}

function refuse(code: ErrorCode, message: string, field: string, allowed: string): never {
  throw new KvorumError(code, `${message}; allowed: ${allowed}`, { field, allowed, mayHaveHappened: false });
}

function show(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value) : `of type ${typeof value}`;
}
