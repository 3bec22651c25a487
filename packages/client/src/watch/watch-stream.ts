/** One stream of one server, read one message at a time, and never waited for longer than told. */
import type { ClientClock } from '../base/deps.js';
import type { ClientError } from '../base/errors.js';
import type { ResumeEvent } from './resume-state.js';
import type { WatchEvent } from './watch-types.js';

export type WatchNews = ResumeEvent<WatchEvent, ClientError>;

export interface WatchStreamDeps {
  readonly clock: ClientClock;
  /** Makes news of a message, or throws. */
  readonly read: (message: Uint8Array) => WatchNews;
  /** What a throw of the stream, or of `read`, means. */
  readonly failureOf: (cause: unknown) => ClientError;
}

/** Belongs to one watch; one `next` at a time. */
export class WatchStream {
  readonly #deps: WatchStreamDeps;
  readonly #messages: AsyncIterator<Uint8Array>;
  readonly #abort: AbortController;

  /** @param open begins the call; the signal ends it */
  constructor(deps: WatchStreamDeps, open: (signal: AbortSignal) => AsyncIterable<Uint8Array>) {
    this.#deps = deps;
    this.#abort = new AbortController();
    this.#messages = open(this.#abort.signal)[Symbol.asyncIterator]();
  }

  /** What comes next, or `silent` when nothing has after so long. Nothing is read ahead. Never rejects. */
  next(silenceMs: number): Promise<WatchNews> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.schedule(silenceMs, () => resolve({ kind: 'silent' }));
      void this.#read().then((news) => {
        timer.cancel();
        resolve(news);
      });
    });
  }

  /** Ends the call. Idempotent. */
  close(): void {
    this.#abort.abort();
    this.#messages.return?.().catch(() => undefined);
  }

  async #read(): Promise<WatchNews> {
    try {
      const result = await this.#messages.next();
      return result.done === true ? { kind: 'finished' } : this.#deps.read(result.value);
    } catch (cause) {
      return { kind: 'failed', failure: this.#deps.failureOf(cause) };
    }
  }
}
