/**
 * From calls to messages and back. What was called in one turn shares messages, each to the server that is best just then; a server has few messages of
 * a kind under way, so that under load messages grow instead of getting more. Whatever fails and may be made again waits and goes the same way; a
 * call's promise is settled in the turn in which its answer arrives. Must never make a write twice that the servers could carry out twice (R20).
 */
import { AbortListeners } from '../base/abort-listeners.js';
import type { AttemptOptions, ClientDeps } from '../base/deps.js';
import { backoffMs } from '../base/backoff.js';
import type { ClientError } from '../base/errors.js';
import { type Endpoint, Lane, type LaneIndex } from '../servers/endpoint.js';
import { type Failure, failureOf, isTooLarge, isTooStale, moreTelling } from '../servers/failure.js';
import type { Servers } from '../servers/servers.js';
import { SessionKeeper } from '../session/session-keeper.js';
import { deliver, deliverResult, resultsOf } from './answers.js';
import { cancelledError, errorOf, timeoutError } from './call-errors.js';
import { attemptTimes, hasTimeForAnother } from './attempt-times.js';
import { Deadlines } from './deadlines.js';
import { CallQueue } from './call-queue.js';
import { messageOf } from './messages.js';
import type { Operation } from './operation.js';
import { decideRetry } from './retry.js';

/** Microtasks that a message waits for further calls of the turn, as long as there are some. */
const hopsMax = 8;
/** Messages under way per server and kind when each call goes by itself. */
const singlesInFlightMax = 1_000;

export interface DispatcherOptions {
  readonly session: boolean;
  readonly keyspace: string;
  readonly attemptTimeoutMs: number;
  readonly maxBatchOperations: number;
  readonly maxBatchesInFlight: number;
}

export class Dispatcher {
  readonly #deps: ClientDeps;
  readonly #servers: Servers;
  readonly #options: DispatcherOptions;
  readonly #keyspace: string;
  readonly #inFlightMax: number;
  readonly #deadlines: Deadlines;
  readonly #aborts = new AbortListeners();
  readonly #sessions: SessionKeeper | undefined;
  readonly #queues: readonly [CallQueue, CallQueue, CallQueue, CallQueue];
  readonly #hop = (): void => this.#flushOrWait();
  #isFlushing = false;
  #hops = 0;
  #submitted = 0;
  #submittedBefore = 0;
  #isClosed = false;
  /** Attempts that followed a failed one. */
  retries = 0;

  constructor(deps: ClientDeps, servers: Servers, options: DispatcherOptions) {
    this.#deps = deps;
    this.#servers = servers;
    this.#options = options;
    this.#keyspace = options.keyspace === 'default' ? '' : options.keyspace;
    this.#inFlightMax = options.maxBatchOperations === 1 ? singlesInFlightMax : options.maxBatchesInFlight;
    this.#deadlines = new Deadlines(deps.clock, (operation) => this.#expire(operation));
    const waiter = { onSession: () => this.#flushSoon(), onNoSession: (failure: Failure) => this.#failWrites(failure) };
    this.#sessions = options.session ? new SessionKeeper(deps, servers, options, waiter) : undefined;
    const queue = (): CallQueue => new CallQueue(options.maxBatchOperations, this.#sessions);
    this.#queues = [queue(), queue(), queue(), queue()];
  }

  /** Takes a call; its promise is settled by its deadline at the latest. */
  submit(operation: Operation, signal: AbortSignal | undefined): void {
    if (this.#isClosed || signal?.aborted === true) {
      operation.reject(cancelledError(operation, signal));
      return;
    }
    this.#deadlines.add(operation);
    if (signal !== undefined) this.#listen(operation, signal);
    this.#queues[operation.lane].push(operation);
    this.#submitted += 1;
    this.#flushSoon();
  }

  /** All calls end now; the session is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const operation of this.#deadlines.all()) this.#reject(operation, cancelledError(operation, undefined));
    this.#deadlines.close();
    await this.#sessions?.close();
  }

  #listen(operation: Operation, signal: AbortSignal): void {
    operation.stopListening = this.#aborts.listen(signal, () => {
      this.#reject(operation, cancelledError(operation, signal));
      this.#flushSoon();
    });
  }

  #flushSoon(): void {
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    this.#hops = 0;
    this.#submittedBefore = -1;
    queueMicrotask(this.#hop);
  }

  /** Callers that were answered together make their next calls within a few microtasks: as long as calls come, they are waited for. */
  #flushOrWait(): void {
    if (this.#submitted !== this.#submittedBefore && this.#hops < hopsMax) {
      this.#submittedBefore = this.#submitted;
      this.#hops += 1;
      queueMicrotask(this.#hop);
      return;
    }
    this.#isFlushing = false;
    if (this.#isClosed) return;
    this.#pump(Lane.write);
    this.#pump(Lane.read);
    this.#pump(Lane.localRead);
    this.#pump(Lane.leaderRead);
  }

  #pump(lane: LaneIndex): void {
    const queue = this.#queues[lane];
    if (queue.length === 0) return;
    const share = queue.share(lane === Lane.write ? 1 : this.#servers.equals(lane));
    while (queue.length > 0) {
      const endpoint = this.#servers.pick(lane, this.#inFlightMax);
      if (endpoint === undefined) return;
      const operations = queue.take(share);
      if (operations.length === 0) return;
      this.#send(endpoint, lane, operations);
    }
  }

  #send(endpoint: Endpoint, lane: LaneIndex, operations: readonly Operation[]): void {
    let deadlineMs = 0;
    for (const operation of operations) {
      operation.isInFlight = true;
      operation.attempts += 1;
      if (operation.attempts > 1) this.retries += 1;
      if (operation.deadlineMs > deadlineMs) deadlineMs = operation.deadlineMs;
    }
    endpoint.sent(lane, operations.length);
    const { path, bytes } = messageOf(operations, this.#keyspace);
    endpoint.channel.unary(path, bytes, this.#attemptTimes(lane, deadlineMs)).then(
      (response) => this.#answered(endpoint, lane, operations, response),
      (cause: unknown) => this.#failed(endpoint, lane, operations, cause),
    );
  }

  /** A write that can't be made again has all the time there is for its one attempt. */
  #attemptTimes(lane: LaneIndex, deadlineMs: number): AttemptOptions {
    const isOnly = lane === Lane.write && this.#sessions === undefined;
    return attemptTimes(deadlineMs - this.#deps.clock.nowMs(), isOnly ? undefined : this.#options.attemptTimeoutMs);
  }

  #answered(endpoint: Endpoint, lane: LaneIndex, operations: readonly Operation[], response: Uint8Array): void {
    let fault: Failure | undefined;
    let again: Operation[] | undefined;
    try {
      const [only] = operations;
      const results = operations.length === 1 ? undefined : resultsOf(response, operations.length);
      if (results === undefined && only?.isSettled === false) {
        deliver(only, response);
        this.#settle(only);
      }
      for (let at = 0; results !== undefined && at < results.length; at += 1) {
        const operation = operations[at];
        const result = results[at];
        if (operation === undefined || result === undefined || operation.isSettled) continue;
        operation.isInFlight = false;
        const failure = deliverResult(operation, result);
        if (failure === undefined) this.#settle(operation);
        else if (this.#fail(operation, failure, endpoint)) (again ??= []).push(operation);
        fault ??= failure;
      }
    } catch (cause) {
      this.#failed(endpoint, lane, operations, cause);
      return;
    }
    endpoint.inFlight[lane] -= 1;
    this.#queues[lane].answerSeen(operations.length, response.length);
    if (fault === undefined) endpoint.succeeded();
    else this.#servers.failed(endpoint, fault);
    if (again !== undefined) this.#later(again);
    this.#flushSoon();
  }

  #failed(endpoint: Endpoint, lane: LaneIndex, operations: readonly Operation[], cause: unknown): void {
    endpoint.inFlight[lane] -= 1;
    if (this.#isClosed) return;
    const isSplit = operations.length > 1 && lane !== Lane.write && isTooLarge(cause);
    const failure = failureOf(cause);
    if (!isSplit) this.#servers.failed(endpoint, failure);
    const again: Operation[] = [];
    for (const operation of operations) {
      operation.isInFlight = false;
      if (operation.isSettled) continue;
      if (isSplit) {
        operation.isAlone = true;
        this.#queues[lane].pushAgain(operation);
      } else if (this.#fail(operation, failure, endpoint)) again.push(operation);
    }
    if (again.length > 0) this.#later(again);
    this.#flushSoon();
  }

  /** An attempt failed. True: it is to be made again after a pause; otherwise all is done. */
  #fail(operation: Operation, failure: Failure, endpoint: Endpoint): boolean {
    if (operation.kind === 'get' && failure.isAnswer && failure.error.code === 'KEY_NOT_FOUND') {
      operation.resolve(undefined);
      this.#settle(operation);
      return false;
    }
    const { session, isMaybeDone, attempts } = operation;
    const call = { isWrite: operation.kind !== 'get', isInSession: session !== undefined, isMaybeDone };
    const decision = decideRetry(call, failure);
    operation.lastFailure = moreTelling(operation.lastFailure, failure);
    if (!failure.isNotDone) operation.isMaybeDone = true;
    if (failure.error.code === 'SESSION_EXPIRED' && session !== undefined) this.#sessions?.expired(session);
    switch (decision) {
      case 'fail':
        this.#reject(operation, errorOf(call, failure, endpoint.address));
        return false;
      case 'newSession':
        operation.session = undefined;
        this.#queues[operation.lane].pushAgain(operation);
        return false;
      case 'elsewhere':
        if (isTooStale(failure) ? !nextForStale(operation) : attempts > 1) return true;
        this.#again(operation);
        return false;
      case 'again':
        return true;
    }
  }

  /** One pause, and one timer, for all calls that failed together. */
  #later(operations: readonly Operation[]): void {
    const failures = Math.max(...operations.map(({ attempts }) => attempts));
    this.#deps.clock.schedule(backoffMs(failures, this.#deps.random), () => {
      for (const operation of operations) if (!operation.isSettled) this.#again(operation);
      this.#flushSoon();
    });
  }

  /** A write that would be cut off on its way, and then be in doubt, rather waits for its end: what is known of it stays known. */
  #again(operation: Operation): void {
    const { kind, lane, deadlineMs, timeoutMs } = operation;
    if (kind === 'get' || hasTimeForAnother(deadlineMs - this.#deps.clock.nowMs(), timeoutMs)) {
      this.#queues[lane].pushAgain(operation);
    }
  }

  #failWrites(failure: Failure): void {
    for (const operation of this.#deadlines.all()) {
      if (operation.lane !== Lane.write || operation.session !== undefined) continue;
      this.#reject(operation, errorOf({ isWrite: true, isInSession: false, isMaybeDone: false }, failure, undefined));
    }
  }

  #expire(operation: Operation): void {
    const waitedFor = operation.lane === Lane.write ? this.#sessions?.lastFailure : undefined;
    this.#reject(operation, timeoutError(operation, (operation.lastFailure ?? waitedFor)?.error));
    this.#flushSoon();
  }

  #reject(operation: Operation, error: ClientError): void {
    this.#settle(operation);
    operation.reject(error);
  }

  /** The end of a call; its sequence number is never sent again from here on. */
  #settle(operation: Operation): void {
    operation.isSettled = true;
    this.#deadlines.remove(operation);
    operation.stopListening?.();
    operation.session?.window.release(operation.sequence);
  }
}

/** Another follower may be ahead of the first; after that the leader is asked at once, and again after pauses. False: it was the leader that refused. */
function nextForStale(operation: Operation): boolean {
  if (operation.lane === Lane.leaderRead) return false;
  operation.staleAnswers += 1;
  if (operation.staleAnswers > 1) operation.lane = Lane.leaderRead;
  return true;
}
