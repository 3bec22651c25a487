/** One attempt to get a connection on which the server speaks HTTP/2, bounded in time. */
import { type Expiring, WheelTimer } from '../base/timer-wheel.js';
import { ClientSession, type SessionDeps } from './client-session.js';

export class ConnectAttempt implements Expiring {
  readonly #deps: SessionDeps;
  readonly #onFailed: (error: Error) => void;
  readonly #abort = new AbortController();
  readonly #timer = new WheelTimer(this);
  #session: ClientSession | undefined;
  #isOver = false;

  /** @param onFailed called once, unless the attempt succeeds or is stopped before */
  constructor(deps: SessionDeps, onFailed: (error: Error) => void) {
    this.#deps = deps;
    this.#onFailed = onFailed;
  }

  /** The session whose SETTINGS are awaited. */
  get session(): ClientSession | undefined {
    return this.#session;
  }

  start(): void {
    this.#deps.runtime.timers.start(this.#timer, this.#deps.options.connectTimeoutMs);
    this.#connect().catch((error: unknown) => this.fail(error instanceof Error ? error : new Error(String(error))));
  }

  /** The session is ready: it is no longer this attempt's. */
  succeed(): void {
    this.#isOver = true;
    this.#deps.runtime.timers.cancel(this.#timer);
  }

  /** Ends the attempt and what it has opened. */
  stop(reason: string): void {
    if (this.#isOver) return;
    this.succeed();
    this.#abort.abort(new Error(reason));
    this.#session?.destroy(reason);
  }

  /** Ends the attempt and says why. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.stop(error.message);
    this.#onFailed(error);
  }

  onExpired(): void {
    this.fail(new Error(`no connection within ${this.#deps.options.connectTimeoutMs} ms`));
  }

  async #connect(): Promise<void> {
    const connection = await this.#deps.connector.connect(this.#abort.signal);
    if (this.#isOver) connection.destroy();
    else this.#session = new ClientSession(this.#deps, connection);
  }
}
