/** Values as JSON. */
import { toText } from '../base/bytes.js';
import type { Bytes } from '../base/bytes.js';
import { ClientError } from '../base/errors.js';
import type { CallOptions, ReadOptions, WriteOptions } from './call-options.js';
import type { KeyMeta, KeyValue } from '../base/key-value.js';
import type { SetResult } from './set.js';

export interface JsonValue<T> extends KeyMeta {
  readonly key: Uint8Array;
  readonly value: T;
}

export interface JsonDeps {
  get(key: Bytes, options: ReadOptions): Promise<KeyValue | undefined>;
  set(key: Bytes, value: Bytes, options: WriteOptions): Promise<SetResult>;
}

/** Attempts of {@link JsonView.update}; somebody else was faster each time. */
const updateAttemptsMax = 1_000;

/** The keys of a client, with values that are JSON. What is read is what somebody wrote: `T` is the caller's word, nothing checks it. */
export class JsonView {
  readonly #client: JsonDeps;

  constructor(client: JsonDeps) {
    this.#client = client;
  }

  /** Undefined: there is no such key. Rejects with INVALID_ARGUMENT when the value is no JSON. */
  async get<T = unknown>(key: Bytes, options: ReadOptions = {}): Promise<JsonValue<T> | undefined> {
    const found = await this.#client.get(key, options);
    return found === undefined ? undefined : jsonValueOf<T>(found);
  }

  async set(key: Bytes, value: unknown, options: WriteOptions = {}): Promise<SetResult> {
    return this.#client.set(key, encode(value), options);
  }

  /**
   * Reads, computes, and writes if nobody wrote in between; otherwise again. `change` gets undefined when there is no such key, may be called many times,
   * and must not change what it is given. `options.timeoutMs` is that of each read and write.
   * @example
   * await client.json.update<number>('hits', (count = 0) => count + 1);
   */
  async update<T = unknown>(
    key: Bytes,
    change: (value: T | undefined) => T | Promise<T>,
    options: CallOptions = {},
  ): Promise<SetResult & { readonly value: T }> {
    for (let attempt = 0; attempt < updateAttemptsMax; attempt += 1) {
      const found = await this.get<T>(key, options);
      const value = await change(found?.value);
      const condition = found === undefined ? { ifAbsent: true } : { ifModRevision: found.modRevision };
      try {
        const result = await this.#client.set(key, encode(value), { ...options, ...condition });
        return { ...result, value };
      } catch (error) {
        if (!(error instanceof ClientError) || error.code !== 'CONDITION_FAILED') throw error;
      }
    }
    throw new ClientError('CONDITION_FAILED', `others were faster ${updateAttemptsMax} times`);
  }
}

function encode(value: unknown): string {
  let text: unknown;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (typeof text === 'string') return text;
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  throw new ClientError(
    'INVALID_ARGUMENT',
    `a value of type ${typeof value} has no JSON${why}`,
    { field: 'value' },
    cause,
  );
}

function jsonValueOf<T>(found: KeyValue): JsonValue<T> {
  const { key, createRevision, modRevision, version, revision } = found;
  try {
    const value: T = JSON.parse(toText(found.value));
    return { key, value, createRevision, modRevision, version, revision };
  } catch (cause) {
    throw new ClientError('INVALID_ARGUMENT', 'the value of the key is no JSON', { field: 'value', revision }, cause);
  }
}
