/** A client of one cluster: the calls that users make, and the parts that carry them out. */
import { AbortListeners } from './base/abort-listeners.js';
import type { Bytes } from './base/bytes.js';
import type { ClientDeps } from './base/deps.js';
import { checkTimeout, type ClientOptions, type ResolvedClientOptions, resolveClientOptions } from './base/options.js';
import { parseTarget } from './base/target.js';
import { Dispatcher } from './calls/dispatcher.js';
import type { CallOptions, ReadOptions, WriteOptions } from './kv/call-options.js';
import { type DeleteResult, deleteKey } from './kv/delete.js';
import { getKey } from './kv/get.js';
import { JsonView } from './kv/json.js';
import type { KeyValue } from './base/key-value.js';
import { type ListOptions, listKeys } from './kv/list.js';
import { type SetResult, setKey } from './kv/set.js';
import type { VerbDeps } from './kv/verb-deps.js';
import type { ServerInfo, ServerStats } from './servers/endpoint.js';
import { Resolver } from './servers/resolver.js';
import { Servers } from './servers/servers.js';
import type { Watch } from './watch/watch.js';
import type { WatchOptions } from './watch/watch-types.js';
import { Watches } from './watch/watches.js';

/** What a client has done so far. */
export interface ClientStats {
  /** Servers that the client knows now. */
  readonly servers: readonly ServerStats[];
  /** Attempts that followed a failed one. */
  readonly retries: number;
}

const none = {};

/**
 * A client of one cluster. All methods reject with {@link ClientError} when they fail. Writes to the same key that don't wait for each other may be carried
 * out in another order than they were called in, if one of them has to be sent again.
 */
export class Client {
  readonly #deps: ClientDeps;
  readonly #options: ResolvedClientOptions;
  readonly #servers: Servers;
  readonly #resolver: Resolver;
  readonly #dispatcher: Dispatcher;
  readonly #verbs: VerbDeps;
  readonly #watches: Watches;
  readonly #closed = new AbortController();
  readonly #aborts = new AbortListeners();
  #closing: Promise<void> | undefined = undefined;
  /** Values as JSON. */
  readonly json: JsonView;

  /** Use {@link connect}, or `createClient` with a clock, chance and connections of your own. */
  constructor(deps: ClientDeps, seeds: readonly string[], options: ResolvedClientOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#servers = new Servers(deps, { seeds, zone: options.zone });
    this.#resolver = new Resolver(deps, this.#servers, options);
    this.#dispatcher = new Dispatcher(deps, this.#servers, options);
    this.#verbs = { dispatcher: this.#dispatcher, timeoutMs: options.timeoutMs };
    this.#watches = new Watches(deps, this.#servers, options);
    this.json = new JsonView(this);
    this.#resolver.start();
  }

  /** One key; undefined when it does not exist. */
  get(key: Bytes, options: ReadOptions = none): Promise<KeyValue | undefined> {
    return getKey(this.#verbs, key, options);
  }

  /** Writes one key; resolves once a majority of servers has it on disk. */
  set(key: Bytes, value: Bytes, options: WriteOptions = none): Promise<SetResult> {
    return setKey(this.#verbs, key, value, options);
  }

  /** Deletes one key; one that does not exist is no error. */
  delete(key: Bytes, options: WriteOptions = none): Promise<DeleteResult> {
    return deleteKey(this.#verbs, key, options);
  }

  /** Keys in order, all as of one revision, however many servers it takes. Nothing is asked before the first row is. */
  list(options: ListOptions = none): AsyncIterableIterator<KeyValue> {
    const { timeoutMs, attemptTimeoutMs, keyspace } = this.#options;
    const { signal: closed } = this.#closed;
    return listKeys(
      { deps: this.#deps, servers: this.#servers, timeoutMs, attemptTimeoutMs, keyspace, closed, aborts: this.#aborts },
      options,
    );
  }

  /**
   * Follows changes of one key, a prefix, a range or all keys: each exactly once and in order, whichever servers are lost meanwhile. Begins at once.
   * Throws INVALID_ARGUMENT or KEY_TOO_LARGE that names the option; all else rejects the reading, see {@link Watch}.
   */
  watch(options: WatchOptions = none): Watch {
    return this.#watches.open(options);
  }

  /** The servers, asked for now. */
  async servers({
    timeoutMs = this.#options.timeoutMs,
  }: Pick<CallOptions, 'timeoutMs'> = none): Promise<readonly ServerInfo[]> {
    await this.#resolver.refresh(checkTimeout(timeoutMs));
    return this.#servers.list;
  }

  stats(): ClientStats {
    return { servers: this.#servers.stats, retries: this.#dispatcher.retries };
  }

  /** Ends what is under way with CANCELLED, then the session and the connections. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#resolver.close();
    this.#closed.abort();
    this.#watches.close();
    await this.#dispatcher.close();
    await this.#servers.close();
  }
}

/** A client on a clock, chance and connections of the caller's. Nothing is waited for: calls wait for the first server by themselves. */
export function createClient(target: string | readonly string[], options: ClientOptions, deps: ClientDeps): Client {
  return new Client(deps, parseTarget(target), resolveClientOptions(options));
}
