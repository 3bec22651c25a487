/**
 * The key-value operations over HTTP. Several endpoints are tried in order; a write goes on to the next one only when it certainly did
 * not happen at the one before.
 */
import { createInterface } from 'node:readline';
import { requestBytesMax } from '@kvorum/protocol';
import { CommandError } from '../command-error.js';
import { lostAnswer, noEndpoint, readAnswerError } from './answer-error.js';
import type { Endpoint } from './endpoint.js';
import { encodeKey } from './key-text.js';
import { type HttpAnswer, type HttpRequest, NoAnswerError, readBody, sendRequest } from './request.js';

export interface KvClientOptions {
  readonly endpoints: readonly Endpoint[];
  /** Sent to the node as the request's own time limit; absent: the node's default. */
  readonly timeoutMs?: number | undefined;
}

export interface ReadFlags {
  readonly revision?: number | undefined;
  readonly isSerializable?: boolean | undefined;
}

export interface WriteCondition {
  readonly ifRevision?: number | undefined;
  readonly ifAbsent?: boolean | undefined;
}

export interface StoredValue {
  readonly value: Buffer;
  readonly modRevision: number;
  readonly createRevision: number;
  readonly version: number;
  /** The revision that the answer reflects. */
  readonly revision: number;
}

export interface ListFlags extends ReadFlags {
  readonly prefix: Uint8Array;
  readonly limit?: number | undefined;
  /** Where an earlier list with a limit ended. */
  readonly cursor?: string | undefined;
  readonly isKeysOnly?: boolean | undefined;
}

/** How long the command waits beyond the node's own time limit. */
const graceMs = 1000;
/** The wait when neither is told: the node's largest request timeout, and some. */
const answerTimeoutMs = 65_000;
/** Statuses after which another endpoint may do better. */
const retryStatuses = [429, 503];

export class KvClient {
  readonly #endpoints: readonly Endpoint[];
  readonly #timeoutMs: number | undefined;

  constructor({ endpoints, timeoutMs }: KvClientOptions) {
    this.#endpoints = endpoints;
    this.#timeoutMs = timeoutMs;
  }

  /** The key's value; fails with KEY_NOT_FOUND. */
  async get(key: Uint8Array, flags: ReadFlags): Promise<StoredValue> {
    const target = this.#target(`/kv/${encodeKey(key)}`, readQuery(flags));
    const answer = await this.#send({ method: 'GET', target });
    const value = await readBody(answer, requestBytesMax);
    const { headers } = answer;
    const modRevision = header(headers['x-kvorum-mod-revision'] ?? headers.etag?.replaceAll('"', ''));
    return {
      value,
      modRevision,
      createRevision: header(headers['x-kvorum-create-revision']),
      version: header(headers['x-kvorum-version']),
      revision: header(headers['x-kvorum-revision']),
    };
  }

  /** Stores the value. */
  async put(
    key: Uint8Array,
    value: Uint8Array,
    condition: WriteCondition,
  ): Promise<Omit<StoredValue, 'value' | 'modRevision'>> {
    const target = this.#target(`/kv/${encodeKey(key)}`, []);
    const answer = await this.#send({ method: 'PUT', target, headers: conditionHeaders(condition), body: value });
    await readBody(answer, requestBytesMax);
    const { headers } = answer;
    return {
      revision: header(headers['x-kvorum-revision']),
      createRevision: header(headers['x-kvorum-create-revision']),
      version: header(headers['x-kvorum-version']),
    };
  }

  /** Deletes the key; `deleted` is 0 when it was absent. */
  async delete(
    key: Uint8Array,
    condition: WriteCondition,
  ): Promise<{ readonly revision: number; readonly deleted: number }> {
    const target = this.#target(`/kv/${encodeKey(key)}`, []);
    const answer = await this.#send({ method: 'DELETE', target, headers: conditionHeaders(condition) });
    await readBody(answer, requestBytesMax);
    const { headers } = answer;
    return { revision: header(headers['x-kvorum-revision']), deleted: header(headers['x-kvorum-deleted']) };
  }

  /** The lines of a list as the node sends them: JSON objects, the last perhaps `{cursor}`. Fails when the list breaks off. */
  async *list(flags: ListFlags): AsyncGenerator<string> {
    const query = readQuery(flags);
    if (flags.prefix.length > 0) query.push(`prefix=${encodeKey(flags.prefix)}`);
    if (flags.limit !== undefined) query.push(`limit=${flags.limit}`);
    if (flags.cursor !== undefined) query.push(`cursor=${encodeURIComponent(flags.cursor)}`);
    if (flags.isKeysOnly === true) query.push('keys');
    const answer = await this.#send({ method: 'GET', target: this.#target('/kv/', query) });
    const broken = new CommandError('failed', 'the list broke off before its end; what was printed is incomplete', {
      code: 'LIST_INCOMPLETE',
    });
    try {
      for await (const line of createInterface({ input: answer.body, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (line.startsWith('{"error":')) throw broken;
        if (line !== '') yield line;
      }
    } catch (error) {
      throw error instanceof CommandError ? error : broken;
    }
    if (!answer.body.complete) throw broken;
  }

  #target(path: string, query: readonly string[]): string {
    const all = this.#timeoutMs === undefined ? query : [...query, `timeout=${this.#timeoutMs}`];
    return all.length === 0 ? path : `${path}?${all.join('&')}`;
  }

  /** Tries the endpoints in order until one does the request or refuses it for good. */
  async #send(request: HttpRequest): Promise<HttpAnswer> {
    const isWrite = request.method !== 'GET';
    const timeoutMs = this.#timeoutMs === undefined ? answerTimeoutMs : this.#timeoutMs + graceMs;
    const failures: { url: string; reason: string; error?: CommandError }[] = [];
    for (const endpoint of this.#endpoints) {
      const { url } = endpoint;
      try {
        const answer = await sendRequest(endpoint, request, timeoutMs);
        if (answer.status >= 200 && answer.status < 300) return answer;
        const error = await readAnswerError(answer, isWrite);
        if (error.exit === 'outcomeUnknown' || !retryStatuses.includes(answer.status)) throw error;
        failures.push({ url, reason: error.message, error });
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        if (isWrite && error.wasSent) throw lostAnswer(url, error.message, error);
        failures.push({ url, reason: error.message });
      }
    }
    const [only] = failures;
    throw failures.length === 1 && only?.error !== undefined ? only.error : noEndpoint(failures);
  }
}

function readQuery({ revision, isSerializable }: ReadFlags): string[] {
  const query = revision === undefined ? [] : [`revision=${revision}`];
  return isSerializable === true ? [...query, 'serializable'] : query;
}

function conditionHeaders({ ifRevision, ifAbsent }: WriteCondition): Record<string, string> {
  if (ifRevision !== undefined) return { 'if-match': `"${ifRevision}"` };
  return ifAbsent === true ? { 'if-none-match': '*' } : {};
}

function header(value: string | string[] | undefined): number {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : 0;
}
