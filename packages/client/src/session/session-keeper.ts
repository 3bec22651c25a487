/**
 * The session of a client: opened when the first write asks for it, kept alive, replaced after it expired, closed in the end. Opening is not repeated
 * safely: one whose answer was lost stays open on the servers until it has been idle for long enough, and holds nothing.
 */
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import { backoffMs } from '../base/backoff.js';
import type { ClientDeps, Scheduled } from '../base/deps.js';
import { Lane } from '../servers/endpoint.js';
import { type Failure, failureOf, moreTelling } from '../servers/failure.js';
import type { Servers } from '../servers/servers.js';
import { Session } from './session.js';

/** What `close` gives the servers to forget the session. */
const closeTimeoutMs = 1_000;
/** A session is kept alive when this part of its time has passed. */
const keepAlivePart = 1 / 3;

export interface SessionKeeperOptions {
  readonly keyspace: string;
  readonly attemptTimeoutMs: number;
}

/** Who waits for a session. */
export interface SessionWaiter {
  /** There is a session, or it is time to ask for one again. */
  onSession(): void;
  /** There won't be one: those that wait fail. */
  onNoSession(failure: Failure): void;
}

export class SessionKeeper {
  readonly #deps: ClientDeps;
  readonly #servers: Servers;
  readonly #options: SessionKeeperOptions;
  readonly #waiter: SessionWaiter;
  readonly #keyspace: string;
  #session: Session | undefined = undefined;
  #isOpening = false;
  #failures = 0;
  #timer: Scheduled | undefined = undefined;
  #isClosed = false;
  /** Why the last attempt to open one failed. */
  lastFailure: Failure | undefined = undefined;

  constructor(deps: ClientDeps, servers: Servers, options: SessionKeeperOptions, waiter: SessionWaiter) {
    this.#deps = deps;
    this.#servers = servers;
    this.#options = options;
    this.#waiter = waiter;
    this.#keyspace = options.keyspace === 'default' ? '' : options.keyspace;
  }

  /** The session that new writes use. When there is none, one is being opened from now on, and the waiter is told. */
  current(): Session | undefined {
    if (this.#session === undefined) this.#startOpening();
    return this.#session;
  }

  /** The servers don't know `session` any more. */
  expired(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Ends the session; its numbers must not be used any more. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    const { path, request } = kvMethods.closeSession;
    const bytes = request.encode({ keyspace: this.#keyspace, session: session.id });
    await this.#ask(path, bytes, closeTimeoutMs).catch(() => undefined);
  }

  #startOpening(): void {
    if (this.#isOpening || this.#timer !== undefined || this.#isClosed) return;
    this.#isOpening = true;
    this.#open().then(
      (session) => this.#opened(session),
      (cause: unknown) => this.#openFailed(failureOf(cause)),
    );
  }

  async #open(): Promise<Session> {
    const { path, request, response } = kvMethods.openSession;
    const bytes = await this.#ask(path, request.encode({ keyspace: this.#keyspace }), this.#options.attemptTimeoutMs);
    const { session, idleMs, window } = response.decode(bytes);
    if (session === 0 || idleMs === 0 || window === 0) throw new Error('the server opened no session');
    return new Session(session, idleMs, window);
  }

  #opened(session: Session): void {
    this.#isOpening = false;
    if (this.#isClosed) return;
    this.#failures = 0;
    this.lastFailure = undefined;
    this.#session = session;
    this.#scheduleKeepAlive(session);
    this.#waiter.onSession();
  }

  #openFailed(failure: Failure): void {
    this.#isOpening = false;
    if (this.#isClosed) return;
    this.#failures += 1;
    this.lastFailure = moreTelling(this.lastFailure, failure);
    if (failure.isAnswer && !failure.error.retryable) {
      this.#waiter.onNoSession(failure);
      return;
    }
    this.#timer = this.#deps.clock.schedule(backoffMs(this.#failures, this.#deps.random), () => {
      this.#timer = undefined;
      this.#waiter.onSession();
    });
  }

  #scheduleKeepAlive(session: Session): void {
    this.#timer = this.#deps.clock.schedule(session.idleMs * keepAlivePart, () => {
      this.#keepAlive(session).catch(() => undefined);
    });
  }

  /** Once per interval, whether there were writes or not: it is too rare to be worth counting them. */
  async #keepAlive(session: Session): Promise<void> {
    this.#scheduleKeepAlive(session);
    const { path, request } = kvMethods.keepAliveSession;
    const bytes = request.encode({ keyspace: this.#keyspace, session: session.id });
    try {
      await this.#ask(path, bytes, this.#options.attemptTimeoutMs);
    } catch (cause) {
      if (failureOf(cause).error.code === 'SESSION_EXPIRED') this.expired(session);
    }
  }

  async #ask(path: string, request: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const endpoint = this.#servers.pickAny(Lane.write);
    try {
      const response = await endpoint.channel.unary(path, request, { timeoutMs });
      endpoint.succeeded();
      return response;
    } catch (cause) {
      this.#servers.failed(endpoint, failureOf(cause));
      throw cause;
    }
  }
}
