/**
 * Keeps the list of servers fresh: asks one after the other for GetServers until one answers; every `refreshMs`, and soon after a server has failed.
 * One round at a time, and none more often than `gapMs`.
 */
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import { backoffMs } from '../base/backoff.js';
import type { ClientDeps, Scheduled } from '../base/deps.js';
import { ClientError } from '../base/errors.js';
import type { Endpoint } from './endpoint.js';
import { type Failure, failureOf, moreTelling } from './failure.js';
import { serverListOf } from './server-list.js';
import type { Servers } from './servers.js';

/** Shortest time between the starts of two rounds. */
const gapMs = 100;
/** What one server may take to answer. */
const askTimeoutMs = 1_000;
/** Part of `refreshMs` that chance takes off, so that clients don't ask all at once. */
const jitter = 0.2;
const tooLate = failureOf(new Error('there was no time left to ask'));

export interface ResolverOptions {
  readonly refreshMs: number;
  readonly keyspace: string;
}

export class Resolver {
  readonly #deps: ClientDeps;
  readonly #servers: Servers;
  readonly #options: ResolverOptions;
  readonly #request: Uint8Array;
  #timer: Scheduled | undefined = undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #startedMs = Number.NEGATIVE_INFINITY;
  #round: Promise<void> | undefined = undefined;
  #failedRounds = 0;
  #next = 0;
  #isClosed = false;

  constructor(deps: ClientDeps, servers: Servers, options: ResolverOptions) {
    this.#deps = deps;
    this.#servers = servers;
    this.#options = options;
    this.#request = kvMethods.getServers.request.encode({
      keyspace: options.keyspace === 'default' ? '' : options.keyspace,
    });
    servers.onDoubt = () => this.refreshSoon();
  }

  /** Asks for the first time, and again and again from now on. */
  start(): void {
    this.#schedule(0);
  }

  /** The list may be old. */
  refreshSoon(): void {
    if (this.#round === undefined) this.#schedule(this.#startedMs + gapMs - this.#deps.clock.nowMs());
  }

  /** Asks now, until some server answers. Rejects with UNAVAILABLE when none has within `timeoutMs`, and with KEYSPACE_NOT_FOUND. */
  async refresh(timeoutMs: number): Promise<void> {
    const untilMs = this.#deps.clock.nowMs() + timeoutMs;
    let reason: Failure | undefined;
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      const failure = await this.#ask(untilMs);
      if (failure === undefined && !this.#isClosed) return;
      if (failure !== undefined && failure !== tooLate) reason = moreTelling(reason, failure);
      if (reason !== undefined && isNoKeyspace(reason)) {
        const { code, message, details } = reason.error;
        throw new ClientError(code, message, { field: details.field }, reason.error);
      }
      const waitMs = backoffMs(attempt, this.#deps.random);
      if (this.#isClosed || this.#deps.clock.nowMs() + waitMs >= untilMs) break;
      await this.#sleep(waitMs);
    }
    if (this.#isClosed) throw new ClientError('CANCELLED', 'the client is closed');
    const why = reason === undefined ? '' : `: ${reason.error.message}`;
    throw new ClientError('UNAVAILABLE', `no server answered within ${timeoutMs} ms${why}`, {}, reason?.error);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #schedule(delayMs: number): void {
    const { clock } = this.#deps;
    const dueMs = clock.nowMs() + Math.max(0, delayMs);
    if (this.#isClosed || (this.#timer !== undefined && this.#dueMs <= dueMs)) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = clock.schedule(Math.max(0, delayMs), () => {
      this.#timer = undefined;
      this.#startRound();
    });
  }

  #startRound(): void {
    if (this.#round !== undefined || this.#isClosed) return;
    this.#round = this.#ask(Number.POSITIVE_INFINITY).then((failure) => {
      this.#round = undefined;
      this.#failedRounds = failure === undefined ? 0 : this.#failedRounds + 1;
      const { refreshMs } = this.#options;
      const { random } = this.#deps;
      this.#schedule(
        this.#failedRounds === 0
          ? refreshMs * (1 - jitter * random.next())
          : backoffMs(this.#failedRounds, random) + gapMs,
      );
    });
  }

  /** One round: each address once, those first that did well. Returns why nobody answered; never rejects. */
  async #ask(untilMs: number): Promise<Failure | undefined> {
    const { clock } = this.#deps;
    this.#startedMs = clock.nowMs();
    let failure: Failure | undefined;
    for (const endpoint of this.#inTurn()) {
      const timeoutMs = Math.min(askTimeoutMs, Math.ceil(untilMs - clock.nowMs()));
      if (this.#isClosed || timeoutMs <= 0) break;
      const latest = await this.#askOne(endpoint, timeoutMs);
      if (latest === undefined) return undefined;
      failure = moreTelling(failure, latest);
      if (isNoKeyspace(failure)) break;
    }
    return failure ?? tooLate;
  }

  async #askOne(endpoint: Endpoint, timeoutMs: number): Promise<Failure | undefined> {
    const { path, response } = kvMethods.getServers;
    try {
      const bytes = await endpoint.channel.unary(path, this.#request, { timeoutMs });
      if (this.#servers.update(serverListOf(response.decode(bytes)), endpoint)) return undefined;
      return failureOf(new Error(`${endpoint.address} belongs to another cluster`));
    } catch (cause) {
      const failure = failureOf(cause);
      if (!this.#isClosed) endpoint.failed(this.#deps.clock.nowMs());
      return failure;
    }
  }

  /** All addresses, beginning with another one each time; those that are avoided come last. */
  #inTurn(): readonly Endpoint[] {
    const { endpoints } = this.#servers;
    this.#next = (this.#next + 1) % Math.max(1, endpoints.length);
    const turned = [...endpoints.slice(this.#next), ...endpoints.slice(0, this.#next)];
    const nowMs = this.#deps.clock.nowMs();
    return turned.sort((a, b) => Number(nowMs < a.avoidUntilMs) - Number(nowMs < b.avoidUntilMs));
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#deps.clock.schedule(delayMs, resolve);
    });
  }
}

/** All servers of a cluster say the same about that. */
function isNoKeyspace({ error, isAnswer }: Failure): boolean {
  return isAnswer && error.code === 'KEYSPACE_NOT_FOUND';
}
