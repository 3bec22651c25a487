/**
 * The key-value operations over HTTP. Several endpoints are tried in order; a write goes on to the next one only when it certainly did
 * not happen at the one before.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { requestBytesMax } from '@kvorum/protocol';
import { CommandError } from '../command-error.js';
import { type EndpointFailure, lostAnswer, noEndpoint, readAnswerError, readErrorLine } from './answer-error.js';
import type { Endpoint } from './endpoint.js';
import { encodeKey } from './key-text.js';
import { type HttpAnswer, type HttpRequest, NoAnswerError, readBody, sendRequest, whileAlive } from './request.js';

export interface KvClientOptions {
  readonly endpoints: readonly Endpoint[];
  /** Sent to the node as the request's own time limit; absent: the node's default. */
  readonly timeoutMs?: number | undefined;
  /** A list or backup on which nothing came for this long is given up; absent: a minute. */
  readonly silenceMs?: number | undefined;
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

export interface BackupAnswer {
  readonly bytesEstimate: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

const silenceMsDefault = 60_000;
/** How long the command waits beyond the node's own time limit. */
const graceMs = 1000;
/** The wait when neither is told: the node's largest request timeout, and some. */
const answerTimeoutMs = 65_000;
/** Statuses after which another endpoint may do better. */
const retryStatuses = [429, 503];

export class KvClient {
  readonly #endpoints: readonly Endpoint[];
  readonly #timeoutMs: number | undefined;
  readonly #silenceMs: number;

  constructor({ endpoints, timeoutMs, silenceMs = silenceMsDefault }: KvClientOptions) {
    this.#endpoints = endpoints;
    this.#timeoutMs = timeoutMs;
    this.#silenceMs = silenceMs;
  }

  /** The key's value; fails with KEY_NOT_FOUND. */
  async get(key: Uint8Array, flags: ReadFlags): Promise<StoredValue> {
    const target = this.#target(`/kv/${encodeKey(key)}`, readQuery(flags));
    const { headers, value } = await this.#send({ method: 'GET', target }, async (answer) => ({
      headers: answer.headers,
      value: await readBody(answer, requestBytesMax),
    }));
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
    const headers = await this.#write({ method: 'PUT', target, headers: conditionHeaders(condition), body: value });
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
    const headers = await this.#write({ method: 'DELETE', target, headers: conditionHeaders(condition) });
    return { revision: header(headers['x-kvorum-revision']), deleted: header(headers['x-kvorum-deleted']) };
  }

  /** The lines of a list as the node sends them: JSON objects, the last perhaps `{cursor}`. Fails when the list breaks off. */
  async *list(flags: ListFlags): AsyncGenerator<string> {
    const query = readQuery(flags);
    if (flags.prefix.length > 0) query.push(`prefix=${encodeKey(flags.prefix)}`);
    if (flags.limit !== undefined) query.push(`limit=${flags.limit}`);
    if (flags.cursor !== undefined) query.push(`cursor=${encodeURIComponent(flags.cursor)}`);
    if (flags.isKeysOnly === true) query.push('keys');
    const { body } = await this.#send({ method: 'GET', target: this.#target('/kv/', query) }, (answer) => answer);
    try {
      const lines = createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
      for await (const line of whileAlive(lines, body, this.#silenceMs)) {
        const told = readErrorLine(line);
        if (told !== undefined) throw listIncomplete(told.message, { reason: told.code });
        if (line !== '') yield line;
      }
    } catch (error) {
      throw error instanceof CommandError ? error : listIncomplete(lossOf(body), {});
    }
    if (!body.complete) throw listIncomplete(lossOf(body), {});
  }

  /** A backup as a stream; `chunks` fails when it breaks off. */
  async backup(flags: { readonly isSerializable?: boolean | undefined }): Promise<BackupAnswer> {
    const query = flags.isSerializable === true ? ['serializable'] : [];
    const request = { method: 'GET', target: this.#target('/backup', query) } as const;
    const { headers, body } = await this.#send(request, (answer) => answer);
    const estimate = header(headers['x-kvorum-bytes-estimate']);
    return { bytesEstimate: estimate === 0 ? undefined : estimate, chunks: wholeBody(body, this.#silenceMs) };
  }

  #target(path: string, query: readonly string[]): string {
    const all = this.#timeoutMs === undefined ? query : [...query, `timeout=${this.#timeoutMs}`];
    return all.length === 0 ? path : `${path}?${all.join('&')}`;
  }

  /** A write's answer is whole with its head: whatever becomes of its body, it happened. */
  #write(request: HttpRequest): Promise<IncomingHttpHeaders> {
    return this.#send(request, (answer) => {
      answer.body.resume();
      return answer.headers;
    });
  }

  /** Tries the endpoints in order until one does the request or refuses it for good; `take` reads what a good answer holds. */
  async #send<T>(request: HttpRequest, take: (answer: HttpAnswer) => T | Promise<T>): Promise<T> {
    const isWrite = request.method !== 'GET';
    const timeoutMs = this.#timeoutMs === undefined ? answerTimeoutMs : this.#timeoutMs + graceMs;
    const failures: EndpointFailure[] = [];
    for (const endpoint of this.#endpoints) {
      const { url } = endpoint;
      try {
        const answer = await sendRequest(endpoint, request, timeoutMs);
        if (answer.status >= 200 && answer.status < 300) return await take(answer);
        const error = await readAnswerError(answer, isWrite);
        if (error.exit === 'outcomeUnknown' || !retryStatuses.includes(answer.status)) throw error;
        failures.push({ url, reason: error.message, error });
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        if (isWrite && error.wasSent) throw lostAnswer(url, error.message, error);
        failures.push({ url, reason: error.message });
      }
    }
    throw noEndpoint(failures);
  }
}

function listIncomplete(cause: string, fields: Readonly<Record<string, string>>): CommandError {
  return new CommandError('failed', `the list broke off before its end: ${cause}; what was printed is incomplete`, {
    code: 'LIST_INCOMPLETE',
    fields,
  });
}

/** Why a body ended early, in words. */
function lossOf({ errored }: IncomingMessage): string {
  const reason = errored?.message ?? '';
  return reason.startsWith('nothing came') ? reason : 'the connection was lost';
}

async function* wholeBody(body: IncomingMessage, silenceMs: number): AsyncGenerator<Uint8Array> {
  const broken = new CommandError('failed', 'the backup broke off before its end; nothing was written', {
    code: 'BACKUP_INCOMPLETE',
    hint: 'The log of the node tells why. Try again.',
  });
  try {
    for await (const chunk of whileAlive(body, body, silenceMs))
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
  } catch {
    throw broken;
  }
  if (!body.complete) throw broken;
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
