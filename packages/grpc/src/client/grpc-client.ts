/**
 * Calls to one endpoint over one connection, which is opened when the first call needs it. Which endpoint, how often to try again and what to repeat is
 * decided above: each error says whether the request can have been processed.
 */
import type { Messages } from '../grpc/message-pump.js';
import { MessageQueue } from '../grpc/message-queue.js';
import { Status, type StatusCode } from '../grpc/status.js';
import { CallError } from './call-error.js';
import { ClientCall, type ClientCallDeps, type ResponseSink } from './client-call.js';
import type { ClientSession, SessionDeps } from './client-session.js';
import { ConnectAttempt } from './connect-attempt.js';
import {
  type CallOptions,
  type ClientState,
  type CompleteClientOptions,
  completeClientOptions,
  type GrpcClientDeps,
  type GrpcClientOptions,
  type RemoteMethod,
} from './options.js';
import { SingleResponse, StreamedResponses } from './responses.js';

const NO_OPTIONS: CallOptions = {};

/** What waits for a session. */
interface WaitingCall {
  readonly isOver: boolean;
  open(session: ClientSession, isWaited: boolean): void;
  fail(error: Error): void;
}

/**
 * A client of one endpoint. Failed calls reject with {@link CallError}; a codec's own error when a request can't be encoded.
 * @example
 * const say = { path: '/echo.Echo/Say', request: bytesCodec, response: bytesCodec };
 * const answer = await client.unary(say, Buffer.from('hello'), { timeoutMs: 1_000 });
 */
export class GrpcClient {
  readonly #deps: GrpcClientDeps;
  readonly #options: CompleteClientOptions;
  readonly #callDeps: ClientCallDeps;
  readonly #sessionDeps: SessionDeps;
  #state: ClientState = 'idle';
  #attempt: ConnectAttempt | undefined;
  /** The session that takes new calls. */
  #session: ClientSession | undefined;
  /** All that are not closed: the current one and those that drain. */
  readonly #sessions = new Set<ClientSession>();
  #waiting: WaitingCall[] = [];
  #closing: Promise<void> | undefined;
  #onLastClosed: (() => void) | undefined;

  /** Throws RangeError that names an option out of its range. */
  constructor(deps: GrpcClientDeps, options: GrpcClientOptions = {}) {
    this.#deps = deps;
    this.#options = completeClientOptions(options);
    this.#callDeps = { runtime: deps.runtime, options: this.#options };
    this.#sessionDeps = {
      runtime: deps.runtime,
      connector: deps.connector,
      options: this.#options,
      onOpened: (session) => this.#sessions.add(session),
      onStreamsAvailable: (session) => this.#onStreamsAvailable(session),
      onDraining: (session) => this.#onDraining(session),
      onClosed: (session, error) => this.#onClosed(session, error),
    };
  }

  get state(): ClientState {
    return this.#state;
  }

  /** One request, one response. */
  unary<Request, Response>(
    method: RemoteMethod<Request, Response>,
    request: Request,
    options: CallOptions = NO_OPTIONS,
  ): Promise<Response> {
    return this.#awaitOne(method, options, request, undefined);
  }

  /** One request, a stream of responses. Ending the loop over them, or `options.signal`, ends the call. */
  serverStream<Request, Response>(
    method: RemoteMethod<Request, Response>,
    request: Request,
    options: CallOptions = NO_OPTIONS,
  ): AsyncIterableIterator<Response> {
    return this.#readMany(method, options, method.request.encode(request), undefined);
  }

  /** A stream of requests, pulled as fast as the server reads, one response. */
  clientStream<Request, Response>(
    method: RemoteMethod<Request, Response>,
    requests: Messages<Request>,
    options: CallOptions = NO_OPTIONS,
  ): Promise<Response> {
    return this.#awaitOne(method, options, undefined, requests);
  }

  /** Streams both ways. */
  bidi<Request, Response>(
    method: RemoteMethod<Request, Response>,
    requests: Messages<Request>,
    options: CallOptions = NO_OPTIONS,
  ): AsyncIterableIterator<Response> {
    return this.#readMany(method, options, undefined, requests);
  }

  /** Opens the connection if there is none, for callers that want it before their first call. */
  connect(): void {
    if (this.#state === 'idle') this.#startConnecting();
  }

  /** Takes no more calls, fails those that wait, lets those under way end, closes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  /** Closes at once; calls under way fail. */
  async destroy(): Promise<void> {
    const closed = this.close();
    for (const session of this.#sessions) session.destroy('the client was closed');
    await closed;
  }

  #awaitOne<Request, Response>(
    method: RemoteMethod<Request, Response>,
    options: CallOptions,
    request: Request | undefined,
    requests: Messages<Request> | undefined,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const payload = requests === undefined ? method.request.encode(request as Request) : undefined;
      this.#submit(method, options, payload, requests, new SingleResponse<Response>(resolve, reject));
    });
  }

  #readMany<Request, Response>(
    method: RemoteMethod<Request, Response>,
    options: CallOptions,
    payload: Uint8Array | undefined,
    requests: Messages<Request> | undefined,
  ): AsyncIterableIterator<Response> {
    const queue = new MessageQueue<Response>(
      (heldBytes) => call.onTaken(heldBytes),
      () => call.fail(new CallError(Status.CANCELLED, 'the caller wants no more responses', 'unknown')),
    );
    const sink = new StreamedResponses(queue);
    const call: ClientCall<Request, Response> = this.#submit(method, options, payload, requests, sink);
    return queue;
  }

  /** Makes a call and sends it, now or when there is a session for it. */
  #submit<Request, Response>(
    method: RemoteMethod<Request, Response>,
    options: CallOptions,
    payload: Uint8Array | undefined,
    requests: Messages<Request> | undefined,
    sink: ResponseSink<Response>,
  ): ClientCall<Request, Response> {
    const { path, request, response } = method;
    const call = new ClientCall(this.#callDeps, { path, request, response, options, payload, requests, sink });
    if (options.signal?.aborted === true) call.abort();
    else if (this.#closing !== undefined) call.fail(notSent(Status.UNAVAILABLE, 'the client is closed'));
    else if (this.#session !== undefined && this.#waiting.length === 0 && this.#session.canOpen) {
      call.open(this.#session, false);
    } else this.#wait(call);
    return call;
  }

  #wait(call: WaitingCall): void {
    if (this.#waiting.length >= this.#options.waitingCallsMax) {
      this.#waiting = this.#waiting.filter(({ isOver }) => !isOver);
      if (this.#waiting.length >= this.#options.waitingCallsMax) {
        call.fail(notSent(Status.RESOURCE_EXHAUSTED, 'too many calls wait: waitingCallsMax'));
        return;
      }
    }
    this.#waiting.push(call);
    this.connect();
  }

  #startConnecting(): void {
    this.#attempt = new ConnectAttempt(this.#sessionDeps, (error) => this.#onAttemptFailed(error));
    this.#attempt.start();
    this.#setState('connecting', undefined);
  }

  #onAttemptFailed(error: Error): void {
    this.#attempt = undefined;
    this.#setState('idle', error);
    this.#failWaiting(`no connection to ${this.#deps.connector.authority}: ${error.message}`, error);
  }

  #onStreamsAvailable(session: ClientSession): void {
    if (this.#attempt?.session === session) {
      this.#attempt.succeed();
      this.#attempt = undefined;
      this.#session = session;
      this.#setState('ready', undefined);
    }
    if (this.#session === session) this.#openWaiting(session);
  }

  #openWaiting(session: ClientSession): void {
    let at = 0;
    while (at < this.#waiting.length && session.canOpen) {
      const call = this.#waiting[at];
      at += 1;
      if (call?.isOver === false) call.open(session, true);
    }
    if (at > 0) this.#waiting = this.#waiting.slice(at);
  }

  #onDraining(session: ClientSession): void {
    if (this.#attempt?.session === session) {
      this.#attempt.fail(new Error('the server is going away'));
      return;
    }
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#setState('idle', undefined);
    if (this.#waiting.length > 0) this.connect();
  }

  #onClosed(session: ClientSession, error: Error | undefined): void {
    this.#sessions.delete(session);
    if (this.#attempt?.session === session) this.#attempt.fail(error ?? new Error('the server closed the connection'));
    if (this.#session === session) {
      this.#session = undefined;
      this.#setState('idle', error);
      // They were held back by the limit of streams alone: another connection may take them.
      if (this.#waiting.length > 0) this.connect();
    }
    if (this.#sessions.size === 0) this.#onLastClosed?.();
  }

  #failWaiting(message: string, cause?: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call.fail(notSent(Status.UNAVAILABLE, message, cause));
  }

  #drain(): Promise<void> {
    this.#attempt?.stop('the client was closed');
    this.#attempt = undefined;
    this.#session = undefined;
    this.#failWaiting('the client is closed');
    this.#setState('closed', undefined);
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onLastClosed = resolve;
      for (const session of this.#sessions) session.drain();
    });
  }

  #setState(state: ClientState, cause: Error | undefined): void {
    if (this.#state === 'closed' || this.#state === state) return;
    this.#state = state;
    this.#deps.onState?.(state, cause);
  }
}

function notSent(code: StatusCode, message: string, cause?: Error): CallError {
  return new CallError(code, message, 'not_sent', { cause });
}
