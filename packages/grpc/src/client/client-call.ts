/**
 * One call of a client on its way: waits for a session, sends the request or pumps the requests, takes the response apart, and ends once: by the
 * status, the deadline, the caller's signal, or the loss of stream or connection.
 */
import type { HeaderList } from '../base/header-list.js';
import type { Runtime } from '../base/runtime.js';
import { type Expiring, WheelTimer } from '../base/timer-wheel.js';
import type { Codec } from '../grpc/codec.js';
import { findCompression, MessageInput, type MessageInputOwner } from '../grpc/message-input.js';
import { MessageOutput, type MessageOutputOwner, sendMessage } from '../grpc/message-output.js';
import { MessagePump, type Messages, type PumpSink } from '../grpc/message-pump.js';
import { wholeMessage } from '../grpc/message-reader.js';
import { GrpcError, Status, statusName } from '../grpc/status.js';
import { ErrorCode, StreamClosed } from '../http2/error-code.js';
import type { Http2Stream, StreamHandler } from '../http2/http2-stream.js';
import { CallError, type Delivery, lostCall } from './call-error.js';
import type { ClientSession } from './client-session.js';
import type { CallOptions, CompleteClientOptions } from './options.js';
import { detailsOf, metadataOf, type ResponseHead } from './response-head.js';

const NOTHING = new Uint8Array(0);

/** Who takes window back. */
export interface WindowHolder {
  onTaken(heldBytes: number): void;
}

/** Where responses and the end of the call go. */
export interface ResponseSink<Response> {
  /** One response. The sink gives `heldBytes` back to `call` when its reader is done with it. */
  onResponse(response: Response, heldBytes: number, call: WindowHolder): void;
  /** Responses wait for their reader. */
  readonly isReaderBehind: boolean;
  /** Once, and last. */
  onDone(error: Error | undefined): void;
}

export interface ClientCallDeps {
  readonly runtime: Runtime;
  readonly options: CompleteClientOptions;
}

/** What a call is made of. */
export interface CallSpec<Request, Response> {
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  readonly options: CallOptions;
  /** The one request, encoded; undefined when `requests` are streamed. */
  readonly payload: Uint8Array | undefined;
  readonly requests: Messages<Request> | undefined;
  readonly sink: ResponseSink<Response>;
}

type Owned<Request> = MessageInputOwner & MessageOutputOwner & PumpSink<Request>;

export class ClientCall<Request, Response> implements StreamHandler, Expiring, Owned<Request> {
  readonly #deps: ClientCallDeps;
  readonly #spec: CallSpec<Request, Response>;
  readonly #deadlineMs: number | undefined;
  #session: ClientSession | undefined = undefined;
  #stream: Http2Stream | undefined = undefined;
  #head: ResponseHead | undefined = undefined;
  /** Trailers, or the headers of a response without messages, once they came. */
  #status: ResponseHead | undefined = undefined;
  #statusHeaders: HeaderList = [];
  #input: MessageInput | undefined = undefined;
  #output: MessageOutput | undefined = undefined;
  #pump: MessagePump<Request> | undefined = undefined;
  #timer: WheelTimer | undefined = undefined;
  readonly #onAbort = (): void => this.abort();
  #isAllSent = false;
  #isOver = false;

  constructor(deps: ClientCallDeps, spec: CallSpec<Request, Response>) {
    const { timeoutMs, signal } = spec.options;
    this.#deps = deps;
    this.#spec = spec;
    this.#deadlineMs = timeoutMs === undefined ? undefined : deps.runtime.clock.now() + timeoutMs;
    if (timeoutMs !== undefined) {
      this.#timer = new WheelTimer(this);
      deps.runtime.timers.start(this.#timer, timeoutMs);
    }
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** Over: answered, failed or given up. One that waits for a session may be dropped then. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isReaderBehind(): boolean {
    return this.#spec.sink.isReaderBehind;
  }

  /** A response was taken by its reader. */
  onTaken(heldBytes: number): void {
    this.onConsumed(heldBytes);
    this.#input?.release();
  }

  /** Sends the call on `session`, which can open a stream. */
  open(session: ClientSession, isWaited: boolean): void {
    const { path, options, payload, requests } = this.#spec;
    this.#session = session;
    try {
      const stream = session.open(path, this.#serverTimeout(isWaited), options, this);
      this.#stream = stream;
      if (options.compression !== undefined) {
        this.#output = new MessageOutput(stream, this, { compression: options.compression, bytesMin: 0 });
      }
    } catch (error) {
      this.fail(lostCall(error instanceof StreamClosed ? error : undefined));
      return;
    }
    if (payload !== undefined) {
      this.#isAllSent = true;
      this.#sendPayload(payload, true);
    } else if (requests !== undefined) {
      this.#pump = new MessagePump(requests, this);
      this.#pump.start();
    }
  }

  /** Ends the call from this side. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.#stream?.reset(ErrorCode.cancel);
    this.#finish(error);
  }

  /** The caller's signal says so. */
  abort(): void {
    const cause: unknown = this.#spec.options.signal?.reason;
    this.fail(new CallError(Status.CANCELLED, 'the call was cancelled', this.#deliverySoFar(), { cause }));
  }

  onHeaders(headers: HeaderList, isEnd: boolean): void {
    if (this.#isOver) return;
    if (this.#head === undefined && !isEnd) this.#takeHead(headers);
    else this.#takeStatus(headers);
  }

  onData(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#isOver) {
      this.onConsumed(bytes.length);
      return;
    }
    const payload = this.#input === undefined ? wholeMessage(bytes) : undefined;
    if (payload !== undefined && payload.length <= this.#deps.options.messageBytesMax) {
      this.onMessage(payload, bytes.length, false);
      if (isEnd) this.onEnd();
      return;
    }
    try {
      this.#input ??= this.#createInput();
    } catch (error) {
      this.onConsumed(bytes.length);
      this.onError(error);
      return;
    }
    this.#input.push(bytes, isEnd);
  }

  onWritable(): void {
    if (this.#output?.isBusy !== true) this.#pump?.onWritable();
  }

  onClose(error: StreamClosed | undefined): void {
    // Reset after the status came, but before it could be told: a decompression is still running.
    if (!this.#isOver && this.#status === undefined) this.#finish(lostCall(error));
  }

  onExpired(): void {
    this.fail(new CallError(Status.DEADLINE_EXCEEDED, 'the deadline of the call has passed', this.#deliverySoFar()));
  }

  onConsumed(byteCount: number): void {
    this.#stream?.consumed(byteCount);
  }

  onMessage(payload: Uint8Array, heldBytes: number, isOwned: boolean): void {
    let response: Response;
    try {
      response = this.#spec.response.decode(payload, isOwned);
    } catch (error) {
      this.onConsumed(heldBytes);
      this.onError(error);
      return;
    }
    this.#spec.sink.onResponse(response, heldBytes, this);
  }

  /** All messages were told; the status follows, or came already. */
  onEnd(): void {
    if (this.#isOver) return;
    const head = this.#status;
    if (head === undefined) {
      this.fail(lostCall(undefined));
      return;
    }
    this.#spec.options.onTrailer?.(metadataOf(this.#statusHeaders));
    // A server may answer before it has read all requests: the rest needn't be sent.
    if (!this.#isAllSent) this.#stream?.reset(ErrorCode.cancel);
    this.#finish(statusError(head, this.#statusHeaders));
  }

  /** A response that this side can't take, or a request that it can't make. */
  onError(error: unknown): void {
    const known = error instanceof GrpcError ? error : undefined;
    const message = known?.message ?? 'a response could not be decoded';
    this.fail(new CallError(known?.code ?? Status.INTERNAL, message, this.#deliverySoFar(), { cause: error }));
  }

  onSourceError(error: unknown): void {
    this.fail(
      new CallError(Status.CANCELLED, 'the requests could not be made', this.#deliverySoFar(), { cause: error }),
    );
  }

  send(request: Request): boolean {
    return this.#sendPayload(this.#spec.request.encode(request), false);
  }

  onAllSent(): void {
    this.#isAllSent = true;
    if (this.#output === undefined) this.#stream?.sendData(NOTHING, true);
    else this.#output.afterMessages(() => this.#stream?.sendData(NOTHING, true));
  }

  #sendPayload(payload: Uint8Array, isEnd: boolean): boolean {
    if (this.#stream === undefined) return false;
    if (this.#output !== undefined) return this.#output.send(payload, isEnd);
    return sendMessage(this.#stream, payload, false, isEnd);
  }

  #createInput(): MessageInput {
    const { compressions, messageBytesMax } = this.#deps.options;
    return new MessageInput(this, {
      messageBytesMax,
      compression: findCompression(compressions, this.#head?.encoding),
    });
  }

  #takeHead(headers: HeaderList): void {
    const head = this.#session?.readHead(headers);
    if (head?.foreign !== undefined) {
      this.fail(new CallError(head.foreign.code, head.foreign.message, 'unknown'));
      return;
    }
    this.#head = head;
    this.#spec.options.onMetadata?.(metadataOf(headers));
  }

  #takeStatus(headers: HeaderList): void {
    const head = this.#head === undefined ? this.#session?.readHead(headers) : this.#session?.readTrailers(headers);
    this.#status = head;
    this.#statusHeaders = headers;
    if (this.#input === undefined) this.onEnd();
    else this.#input.push(NOTHING, true);
  }

  #serverTimeout(isWaited: boolean): number | undefined {
    const { timeoutMs, answerMarginMs } = this.#spec.options;
    const leftMs = isWaited ? this.#timeLeft() : timeoutMs;
    if (leftMs === undefined || answerMarginMs === undefined) return leftMs;
    return Math.max(leftMs - answerMarginMs, Math.min(leftMs, 1));
  }

  #timeLeft(): number | undefined {
    return this.#deadlineMs === undefined ? undefined : Math.ceil(this.#deadlineMs - this.#deps.runtime.clock.now());
  }

  #deliverySoFar(): Delivery {
    return this.#stream === undefined ? 'not_sent' : 'unknown';
  }

  #finish(error: Error | undefined): void {
    this.#isOver = true;
    if (this.#timer !== undefined) this.#deps.runtime.timers.cancel(this.#timer);
    this.#spec.options.signal?.removeEventListener('abort', this.#onAbort);
    this.#input?.stop();
    this.#pump?.stop();
    this.#spec.sink.onDone(error);
  }
}

function statusError(head: ResponseHead, headers: HeaderList): CallError | undefined {
  if (head.code === Status.OK) return undefined;
  if (head.code !== undefined) {
    const options = { details: detailsOf(head), metadata: metadataOf(headers) };
    return new CallError(head.code, head.message === '' ? statusName(head.code) : head.message, 'answered', options);
  }
  const { code, message } = head.foreign ?? { code: Status.UNKNOWN, message: 'the server sent no status' };
  return new CallError(code, message, 'unknown');
}
