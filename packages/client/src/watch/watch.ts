/**
 * A watch that survives the loss of servers: what it does when is decided by the table in `resume-state`, here it is done. One stream at a time, on any
 * server; a message is read only when the reader wants more, so that a slow reader costs nobody memory.
 */
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import { backoffMs } from '../base/backoff.js';
import type { Channel, ClientClock, ClientRandom, Scheduled } from '../base/deps.js';
import { ClientError } from '../base/errors.js';
import { watchHeldBytesMax, watchOpenTimeoutMs, watchSilenceMs } from './limits.js';
import {
  type ResumeOptions,
  type ResumeOutput,
  type ResumeState,
  startWatch,
  stepWatch,
  type Trouble,
} from './resume-state.js';
import { readResponse, type RequestFrom, watchRequest } from './watch-messages.js';
import { type WatchNews, WatchStream } from './watch-stream.js';
import type { WatchBatch, WatchEvent, WatchOptions } from './watch-types.js';

/** A server that a watch reads from. */
export interface WatchServer {
  readonly channel: Pick<Channel, 'stream'>;
  /** It serves the watch. */
  succeeded(): void;
  /** The stream failed. Returns what that means, and sees to it that others are preferred. */
  failed(cause: unknown): ClientError;
  /** It said nothing for too long, or ended the stream without a reason: as if it were away. */
  fellSilent(): void;
}

export interface WatchDeps {
  readonly clock: ClientClock;
  readonly random: ClientRandom;
  /** The server for the next stream. */
  readonly pick: () => WatchServer;
  /** `hasEnded` has become true. May be called again, and before the watch's constructor returns. */
  readonly onEnded: (watch: Watch) => void;
}

type Output = ResumeOutput<WatchEvent, ClientError>;

/**
 * Changes, each exactly once and in the order of revisions, for one reader. It begins at once, and reads ahead one batch at most. Lost servers are
 * replaced for as long as the watch lives; reading fails with COMPACTED, and `compactRevision`, when what comes next is gone, and with CANCELLED after
 * the signal or the client's end. Leaving the loop ends it.
 * @example
 * for await (const { revision, events } of client.watch({ prefix: 'jobs/' })) {
 *   for (const { type, key } of events) console.log(revision, type, key);
 * }
 */
export class Watch implements AsyncIterableIterator<WatchBatch, undefined, undefined> {
  readonly #deps: WatchDeps;
  readonly #options: ResumeOptions;
  readonly #requestFrom: RequestFrom;
  readonly #signal: AbortSignal | undefined;
  readonly #batches: AsyncGenerator<WatchBatch, undefined, undefined>;
  readonly #started: Promise<number>;
  #onStarted: (fromRevision: number) => void = () => undefined;
  #onNotStarted: (error: ClientError) => void = () => undefined;
  /** Read when the watch was made; the reader's first. */
  #first: Promise<IteratorResult<WatchBatch, undefined>> | undefined;
  #server: WatchServer | undefined = undefined;
  #stream: WatchStream | undefined = undefined;
  #cancelled: ClientError | undefined = undefined;
  #isClosed = false;
  #hasEnded = false;
  /** Wakes what waits, once the watch is to end. */
  #wake: (() => void) | undefined = undefined;

  /** Throws ClientError INVALID_ARGUMENT or KEY_TOO_LARGE that names the option. */
  constructor(deps: WatchDeps, options: WatchOptions, keyspace: string) {
    this.#deps = deps;
    this.#requestFrom = watchRequest(options, keyspace);
    this.#options = {
      mayFragment: options.fragment ?? false,
      wantsProgress: options.progress ?? false,
      heldBytesMax: watchHeldBytesMax,
    };
    this.#signal = options.signal;
    this.#started = new Promise((resolve, reject) => {
      this.#onStarted = resolve;
      this.#onNotStarted = reject;
    });
    // Whoever wants to know asks; the reader is told in any case.
    this.#started.catch(() => undefined);
    if (this.#signal?.aborted === true) this.#onAbort();
    else this.#signal?.addEventListener('abort', this.#onAbort);
    this.#batches = this.#run(options.fromRevision ?? 0);
    this.#first = this.#batches.next();
    this.#first.catch(() => undefined);
  }

  /** Nothing more comes, unless it was read before. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when a server has begun the watch: with the first revision whose changes are delivered. Rejects as reading does. */
  started(): Promise<number> {
    return this.#started;
  }

  next(): Promise<IteratorResult<WatchBatch, undefined>> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.#batches.next();
  }

  /** Ends the watch; a reader that waits finds the end. Idempotent. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#isClosed = true;
    this.cancel('the watch was closed');
    this.#first = undefined;
    await this.#batches.return(undefined).catch(() => undefined);
    return { done: true, value: undefined };
  }

  /** As {@link Watch.return}. */
  async close(): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The same changes one by one. Instead of reading batches, not beside it. */
  async *events(): AsyncGenerator<WatchEvent, undefined, undefined> {
    for await (const { events } of this) yield* events;
    return undefined;
  }

  /** Ends the watch with CANCELLED. For the client, not for its users. */
  cancel(reason: string, cause?: unknown): void {
    if (this.#cancelled !== undefined) return;
    this.#cancelled = new ClientError('CANCELLED', reason, {}, cause);
    this.#wake?.();
    this.#release();
  }

  readonly #onAbort = (): void => this.cancel('the watch was ended by its signal', this.#signal?.reason);

  async *#run(fromRevision: number): AsyncGenerator<WatchBatch, undefined, undefined> {
    try {
      let { state, outputs } = startWatch<WatchEvent, ClientError>(fromRevision);
      for (;;) {
        let pauseMs = 0;
        for (const output of outputs) {
          if (output.kind === 'deliver') yield output.batch;
          else if (output.kind === 'pause') pauseMs = backoffMs(output.failures, this.#deps.random);
          else this.#perform(output);
        }
        const news = await this.#news(state, pauseMs);
        if (this.#isClosed) return undefined;
        if (news.kind === 'response') this.#server?.succeeded();
        else if (news.kind === 'silent' || news.kind === 'finished') this.#server?.fellSilent();
        ({ state, outputs } = stepWatch(state, news, this.#options));
      }
    } catch (error) {
      if (error instanceof ClientError) this.#onNotStarted(error);
      throw error;
    } finally {
      this.#release();
      this.#onNotStarted(new ClientError('CANCELLED', 'the watch was closed'));
    }
  }

  #perform(output: Exclude<Output, { kind: 'deliver' | 'pause' }>): void {
    switch (output.kind) {
      case 'open':
        this.#open(output.fromRevision);
        return;
      case 'started':
        this.#onStarted(output.fromRevision);
        return;
      case 'leave':
        this.#leave();
        return;
      case 'end':
        throw output.failure;
      case 'endBy':
        throw troubleError(output.trouble);
    }
  }

  /** What the state waits for, or the end. Never rejects. */
  async #news(state: ResumeState<WatchEvent>, pauseMs: number): Promise<WatchNews> {
    let timer: Scheduled | undefined;
    const news = await new Promise<WatchNews>((resolve) => {
      this.#wake = () => resolve({ kind: 'finished' });
      if (this.#cancelled !== undefined) this.#wake();
      else if (state.name === 'pausing') timer = this.#deps.clock.schedule(pauseMs, () => resolve({ kind: 'paused' }));
      else void this.#stream?.next(state.name === 'opening' ? watchOpenTimeoutMs : watchSilenceMs).then(resolve);
    });
    timer?.cancel();
    this.#wake = undefined;
    return this.#cancelled === undefined ? news : { kind: 'cancelled', failure: this.#cancelled };
  }

  #open(fromRevision: number): void {
    const server = this.#deps.pick();
    const request = this.#requestFrom(fromRevision);
    const failureOf = (cause: unknown): ClientError => (cause instanceof ClientError ? cause : server.failed(cause));
    this.#server = server;
    this.#stream = new WatchStream({ clock: this.#deps.clock, read: readResponse, failureOf }, (signal) =>
      server.channel.stream(kvMethods.watch.path, request, { signal }),
    );
  }

  #leave(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#server = undefined;
  }

  /** Nothing is held any more, also when nobody reads on. */
  #release(): void {
    this.#hasEnded = true;
    this.#leave();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#deps.onEnded(this);
  }
}

function troubleError(trouble: Trouble): ClientError {
  if (trouble === 'outOfOrder') return new ClientError('INTERNAL', 'servers send the changes of a watch out of order');
  const message = `one revision has more than ${watchHeldBytesMax} bytes of changes; ask for them in parts`;
  return new ClientError('REQUEST_TOO_LARGE', message, { field: 'fragment' });
}
