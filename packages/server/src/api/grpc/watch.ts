/** Watch: the changes that a service delivers, as a stream of responses. A client that reads slowly costs a cursor, since nothing is read ahead. */
import type { ServerCall } from '@kvorum/grpc';
import { type Init, KvorumError } from '@kvorum/protocol';
import type { WatchRequest, WatchResponse } from '@kvorum/protocol/kvorum/v1/watch.js';
import type { KvService, Watch, WatchOptions } from '../../service/kv-service.js';
import { checkKeyspace } from './requests.js';
import { responsesOf } from './watch-responses.js';

/** The watches of all connections. */
export class WatchStreams {
  readonly #kv: Pick<KvService, 'watch'>;
  readonly #open = new Set<() => void>();
  #isStopping = false;

  constructor(kv: Pick<KvService, 'watch'>) {
    this.#kv = kv;
  }

  /**
   * Opens the watch that a request asks for. The first response tells that it has begun.
   * @param call its signal ends the watch, also while nothing happens
   */
  open(
    request: WatchRequest,
    timeoutMs: number | undefined,
    { signal, connection }: Pick<ServerCall, 'signal' | 'connection'>,
  ): AsyncGenerator<Init<WatchResponse>> {
    checkKeyspace(request.keyspace, false);
    const opened = this.#kv.watch({ ...keysOf(request), ...wishesOf(request), timeoutMs, connection });
    // Who cancels before the stream is read leaves nobody to hear of a failure.
    opened.catch(() => undefined);
    return this.#stream(opened, signal);
  }

  /** Ends all watches with STOPPED, so that their clients go on elsewhere. */
  stop(): void {
    this.#isStopping = true;
    for (const close of this.#open) close();
  }

  async *#stream(opened: Promise<Watch>, signal: AbortSignal): AsyncGenerator<Init<WatchResponse>> {
    const watch = await opened;
    const close = (): void => watch.close();
    this.#open.add(close);
    signal.addEventListener('abort', close);
    if (signal.aborted || this.#isStopping) close();
    try {
      yield { revision: watch.fromRevision - 1 };
      for await (const batch of watch.batches) yield* responsesOf(batch);
      if (this.#isStopping) throw new KvorumError('STOPPED', 'the node is stopping; go on at another one');
    } finally {
      signal.removeEventListener('abort', close);
      this.#open.delete(close);
      close();
    }
  }
}

function keysOf({ key, prefix, start, end }: WatchRequest): WatchOptions {
  const hasRange = start.length > 0 || end.length > 0;
  return {
    key: key.length === 0 ? undefined : key.slice(),
    prefix: prefix.length === 0 ? undefined : prefix.slice(),
    range: hasRange ? { start: start.slice(), end: end.length === 0 ? undefined : end.slice() } : undefined,
  };
}

function wishesOf({ fromRevision, prevKv, progress, fragment }: WatchRequest): WatchOptions {
  return { fromRevision, prevKv, progress, fragment };
}
