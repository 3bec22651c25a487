/** All watches of a client. */
import { KvorumError } from '@kvorum/protocol';
import type { ClientDeps } from '../base/deps.js';
import { ClientError } from '../base/errors.js';
import { Lane } from '../servers/endpoint.js';
import { failureOf } from '../servers/failure.js';
import type { Servers } from '../servers/servers.js';
import { Watch, type WatchServer } from './watch.js';
import type { WatchOptions } from './watch-types.js';

export interface WatchesOptions {
  readonly keyspace: string;
}

/** Opens watches and ends them with the client. */
export class Watches {
  readonly #deps: Pick<ClientDeps, 'clock' | 'random'>;
  readonly #servers: Servers;
  readonly #keyspace: string;
  readonly #open = new Set<Watch>();
  #isClosed = false;

  constructor(deps: Pick<ClientDeps, 'clock' | 'random'>, servers: Servers, { keyspace }: WatchesOptions) {
    this.#deps = deps;
    this.#servers = servers;
    this.#keyspace = keyspace;
  }

  /** Throws ClientError INVALID_ARGUMENT or KEY_TOO_LARGE that names the option. */
  open(options: WatchOptions): Watch {
    const { clock, random } = this.#deps;
    const onEnded = (ended: Watch): boolean => this.#open.delete(ended);
    const watch = new Watch({ clock, random, pick: () => this.#pick(), onEnded }, options, this.#keyspace);
    if (!watch.hasEnded) this.#open.add(watch);
    return watch;
  }

  /** Ends all with CANCELLED, and those that are opened later. */
  close(): void {
    this.#isClosed = true;
    for (const watch of [...this.#open]) watch.cancel('the client was closed');
  }

  /** Throws after the end of the client: asking a server again would connect with it again, for good. */
  #pick(): WatchServer {
    if (this.#isClosed) throw new ClientError('CANCELLED', 'the client is closed');
    const servers = this.#servers;
    const endpoint = servers.pickAny(Lane.localRead);
    const { address } = endpoint;
    return {
      channel: endpoint.channel,
      succeeded: () => endpoint.succeeded(),
      failed: (cause) => {
        const failure = failureOf(cause);
        servers.failed(endpoint, failure);
        const { code, message, details } = failure.error;
        const { compactRevision, field } = details;
        return new ClientError(code, message, { compactRevision, field, server: address }, failure.error);
      },
      fellSilent: () => {
        const error = new KvorumError('UNAVAILABLE', `${address} stopped telling about a watch`);
        servers.failed(endpoint, { error, isAnswer: false, isNotDone: true });
      },
    };
  }
}
